/// Relu, or Clip with constant bounds, behind Conv, ConvTranspose or Gemm becomes part of it.
enum ActivationFusion {
  static let pass = GraphPass(option: .fusion) { graph, _, _ throws(GraphError) in
    let uses = GraphUses(graph)
    var removed = Set<Int>()
    for (index, node) in graph.nodes.enumerated() {
      guard node.domain.isEmpty, ["Conv", "ConvTranspose", "Gemm"].contains(node.opType),
        node.outputs.count == 1, let reader = uses.onlyReader(node.outputs[0]),
        graph.nodes[reader].inputs[0] == node.outputs[0],
        let activation = activation(graph.nodes[reader], graph)
      else { continue }
      var fused = node
      fused.domain = FusedAttribute.domain
      fused.outputs = graph.nodes[reader].outputs
      fused.attributes[FusedAttribute.low] = .float(activation.low)
      fused.attributes[FusedAttribute.high] = .float(activation.high)
      graph.nodes[reader] = fused
      removed.insert(index)
    }
    graph.nodes = graph.nodes.indices.filter { !removed.contains($0) }.map { graph.nodes[$0] }
  }

  private static func activation(_ node: Node, _ graph: Graph) -> FusedActivation? {
    guard node.domain.isEmpty, node.outputs.count == 1 else { return nil }
    if node.opType == "Relu" { return FusedActivation(low: 0) }
    guard node.opType == "Clip" else { return nil }
    var activation = FusedActivation()
    if case .float(let low) = node.attributes["min"] { activation.low = low }
    if case .float(let high) = node.attributes["max"] { activation.high = high }
    for (index, name) in node.inputs.enumerated() where index > 0 && !name.isEmpty {
      guard let bound = graph.initializers[name], bound.dataType == .fp32,
        bound.elementCount == 1
      else { return nil }
      let value = bound.elements(as: Float.self)[0]
      if index == 1 { activation.low = value } else { activation.high = value }
    }
    // Clip takes the upper bound when they cross; a clamp need not.
    return activation.low <= activation.high ? activation : nil
  }
}
