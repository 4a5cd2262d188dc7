/// MatMulInteger by a constant matrix, Cast to FP32, Mul by a scale, and Add of a constant row if
/// there is one: one operator.
enum DynamicProducts {
  static let pass = GraphPass(option: .quantization) {
    graph, registry, options throws(GraphError) in
    guard graph.nodes.contains(where: { $0.opType == "MatMulInteger" }) else { return }
    let types = try GraphTypes(graph, registry: registry, options: options, packs: false).types
    let uses = GraphUses(graph)
    var removed = Set<Int>()
    for (index, node) in graph.nodes.enumerated() {
      guard let weight = weight(node, graph, types),
        let cast = reader(node, "Cast", graph, uses),
        case .int(1) = graph.nodes[cast].attributes["to"],
        let multiplication = reader(graph.nodes[cast], "Mul", graph, uses),
        let scale = other(graph.nodes[multiplication], graph.nodes[cast].outputs[0]),
        isScale(types[scale], columns: weight.shape[1])
      else { continue }
      var (last, inputs) = (multiplication, node.inputs)
      while inputs.count < 4 { inputs.append("") }
      inputs.append(scale)
      if let add = reader(graph.nodes[multiplication], "Add", graph, uses),
        let name = other(graph.nodes[add], graph.nodes[multiplication].outputs[0]),
        let row = graph.initializers[name], row.dataType == .fp32,
        row.shape == [weight.shape[1]]
      {
        inputs.append(name)
        removed.insert(last)
        last = add
      }
      removed.formUnion([index, cast])
      // In the last one's place: everything it reads is written by then.
      graph.nodes[last] = Node(
        name: node.name, opType: DynamicProductOperator.opType, domain: FusedAttribute.domain,
        inputs: inputs, outputs: graph.nodes[last].outputs)
    }
    graph.nodes = graph.nodes.indices.filter { !removed.contains($0) }.map { graph.nodes[$0] }
  }

  /// The matrix of a product that the kernel suits.
  private static func weight(
    _ node: Node, _ graph: Graph, _ types: [String: TensorType]
  ) -> Tensor? {
    guard node.domain.isEmpty, node.opType == "MatMulInteger", node.inputs.count >= 2,
      let rank = types[node.inputs[0]]?.shape?.count, rank >= 2
    else { return nil }
    if node.inputs.count > 2, !node.inputs[2].isEmpty {
      guard types[node.inputs[2]]?.shape.flatMap({ Shape.elementCount($0) }) == 1 else {
        return nil
      }
    }
    let zero = node.inputs.count > 3 ? node.inputs[3] : ""
    let weight = graph.initializers[node.inputs[1]]
    guard zero.isEmpty || graph.initializers[zero] != nil,
      DynamicProductOperator.suits(weight, zero: graph.initializers[zero])
    else { return nil }
    return weight
  }

  private static func reader(
    _ node: Node, _ opType: String, _ graph: Graph, _ uses: GraphUses
  ) -> Int? {
    guard let index = uses.onlyReader(node.outputs[0]), graph.nodes[index].domain.isEmpty,
      graph.nodes[index].opType == opType
    else { return nil }
    return index
  }

  /// The other operand of a node with two.
  private static func other(_ node: Node, _ name: String) -> String? {
    guard node.inputs.count == 2 else { return nil }
    return node.inputs[0] == name ? node.inputs[1] : node.inputs[0]
  }

  /// One number, or one per column, that adds no dimension to the product.
  private static func isScale(_ type: TensorType?, columns: Int) -> Bool {
    guard let type, type.form == .tensor, type.dataType == .fp32, let shape = type.shape,
      shape.count <= 1
    else { return false }
    return shape.isEmpty || shape[0] == 1 || shape[0] == columns
  }
}
