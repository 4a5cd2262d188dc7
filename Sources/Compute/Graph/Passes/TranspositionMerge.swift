/// Two transpositions one behind the other become one, or none: those that a file has and those
/// that turn images for the kernels. What moves only axes of size 1 moves nothing in memory. Two fast
/// ones do not become one that is slow.
enum TranspositionMerge {
  static let pass = GraphPass(option: .layout) { graph, registry, options throws(GraphError) in
    guard graph.nodes.contains(where: { $0.opType == "Transpose" && $0.domain.isEmpty }) else {
      return
    }
    let types = try GraphTypes(graph, registry: registry, options: options, packs: false).types
    var producer: [String: Int] = [:]
    for (index, node) in graph.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producer[output] = index }
    }
    for (index, node) in graph.nodes.enumerated() {
      guard let outer = order(of: node, types), let before = producer[node.inputs[0]],
        let inner = order(of: graph.nodes[before], types), outer.count == inner.count
      else { continue }
      let source = types[graph.nodes[before].inputs[0]]?.shape ?? outer.map { _ in -1 }
      guard source.count == outer.count else { continue }
      let both = outer.map { inner[$0] }
      // A size that is not known may be any.
      guard MatrixTurn.sizes(source.map { $0 < 0 ? 2 : $0 }, both) != nil else { continue }
      // Later transpositions in a chain see this one as it is now.
      graph.nodes[index].inputs = [graph.nodes[before].inputs[0]]
      graph.nodes[index].opType = "Transpose"
      graph.nodes[index].domain = ""
      graph.nodes[index].attributes = ["perm": .ints(both.map { Int64($0) })]
    }
  }

  /// The axes' order that a node makes, if it is a transposition.
  private static func order(of node: Node, _ types: [String: TensorType]) -> [Int]? {
    switch (node.domain, node.opType) {
    case (FusedAttribute.domain, "ToNHWC"): return [0, 2, 3, 1]
    case (FusedAttribute.domain, "ToNCHW"): return [0, 3, 1, 2]
    case ("", "Transpose"):
      guard case .ints(let order) = node.attributes["perm"] else {
        return types[node.inputs[0]]?.shape.map { $0.indices.reversed() }
      }
      let axes = order.map { Int($0) }
      return axes.sorted() == Array(axes.indices) ? axes : nil
    default: return nil
    }
  }
}
