/// Removes Identity, and Dropout whose mask nobody reads: readers take the input instead.
enum IdentityRemoval {
  static let pass = GraphPass(option: .identityRemoval) { graph, _, _ throws(GraphError) in
    let uses = GraphUses(graph)
    var replacement: [String: String] = [:]
    graph.nodes = graph.nodes.compactMap { node in
      var node = node
      node.inputs = node.inputs.map { replacement[$0] ?? $0 }
      guard isIdentity(node, uses), let input = node.inputs.first, !input.isEmpty,
        !uses.isOutput(node.outputs[0])
      else { return node }
      replacement[node.outputs[0]] = input
      return nil
    }
  }

  private static func isIdentity(_ node: Node, _ uses: GraphUses) -> Bool {
    guard node.domain.isEmpty, let output = node.outputs.first, !output.isEmpty else {
      return false
    }
    if node.opType == "Identity" { return true }
    // With a third input Dropout may be told to train; its operator decides.
    guard node.opType == "Dropout", node.inputs.count < 3 else { return false }
    return node.outputs.dropFirst().allSatisfy {
      uses.readers[$0] == nil && !uses.isOutput($0)
    }
  }
}
