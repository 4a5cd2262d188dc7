/// Drops nodes whose results nobody reads, and initialisers no node is left to read.
enum DeadCodeElimination {
  static let pass = GraphPass(option: .deadCodeElimination) { graph, _, _ throws(GraphError) in
    var live = Set(graph.outputs.map(\.name))
    var kept: [Node] = []
    for node in graph.nodes.reversed() where node.outputs.contains(where: live.contains) {
      kept.append(node)
      live.formUnion(node.inputs)
    }
    graph.nodes = kept.reversed()
    graph.initializers = graph.initializers.filter { live.contains($0.key) }
  }
}
