/// MatMul by a constant matrix, then Add of a constant row: one Gemm, or for a stack of matrices
/// one MatMul with a bias. While training both change, and are said by their types.
enum GemmFusion {
  static let pass = GraphPass(option: .fusion) { graph, registry, options throws(GraphError) in
    let types = try GraphTypes(graph, registry: registry, options: options, packs: false)
    let uses = GraphUses(graph)
    var removed = Set<Int>()
    for (index, node) in graph.nodes.enumerated() {
      guard node.domain.isEmpty, node.opType == "MatMul",
        let weight = types.types[node.inputs[1]], let size = weight.shape, size.count == 2,
        Shape.product(size[...]) > 0, size.allSatisfy({ $0 > 0 }),
        let rank = types.types[node.inputs[0]]?.shape?.count, rank >= 2,
        let reader = uses.onlyReader(node.outputs[0])
      else { continue }
      let add = graph.nodes[reader]
      guard add.domain.isEmpty, add.opType == "Add",
        let other = add.inputs.first(where: { $0 != node.outputs[0] }),
        let bias = types.types[other], bias.dataType == weight.dataType,
        bias.shape == [size[1]] || bias.shape == [1, size[1]],
        rank == 2 || weight.dataType == .fp32
      else { continue }
      let isConstant = graph.initializers[node.inputs[1]] != nil && graph.initializers[other] != nil
      guard isConstant || options.allowsTraining else { continue }
      // In the reader's place: everything it reads is written by then.
      graph.nodes[reader] = Node(
        name: node.name.isEmpty ? add.name : node.name, opType: rank == 2 ? "Gemm" : "MatMul",
        domain: rank == 2 ? "" : FusedAttribute.domain,
        inputs: [node.inputs[0], node.inputs[1], other], outputs: add.outputs)
      removed.insert(index)
    }
    graph.nodes = graph.nodes.indices.filter { !removed.contains($0) }.map { graph.nodes[$0] }
  }
}
