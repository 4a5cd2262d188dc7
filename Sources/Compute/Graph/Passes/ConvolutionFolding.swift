/// BatchNormalization, and products and sums with one constant per channel, behind a convolution
/// with known weights become part of its weights and bias.
enum ConvolutionFolding {
  static let pass = GraphPass(option: .fusion) { graph, _, _ throws(GraphError) in
    let uses = GraphUses(graph)
    var removed = Set<Int>()
    // Nodes are sorted, so what was folded into a reader's place is met again there.
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      guard node.domain.isEmpty, node.opType == "Conv", node.outputs.count == 1,
        let weight = graph.initializers[node.inputs[1]], weight.dataType == .fp32,
        weight.shape.count >= 3, weight.elementCount > 0,
        node.inputs.count < 3
          || node.inputs[2].isEmpty || graph.initializers[node.inputs[2]]?.dataType == .fp32,
        let reader = uses.onlyReader(node.outputs[0]),
        let affine = affine(graph.nodes[reader], of: node.outputs[0], weight.shape, graph)
      else { continue }
      var bias = [Float](repeating: 0, count: weight.shape[0])
      if node.inputs.count > 2, let old = graph.initializers[node.inputs[2]] {
        guard old.shape == [weight.shape[0]] else { continue }
        bias = old.elements(as: Float.self)
      }
      var folded = node
      folded.inputs = [node.inputs[0], "\(node.outputs[0])\0weight", "\(node.outputs[0])\0bias"]
      folded.outputs = [graph.nodes[reader].outputs[0]]
      graph.initializers[folded.inputs[1]] = scaled(weight, affine.factors)
      graph.initializers[folded.inputs[2]] = Tensor(
        fp32: bias.indices.map { bias[$0] * affine.factors[$0] + affine.terms[$0] },
        shape: [bias.count])
      graph.nodes[reader] = folded
      removed.insert(index)
    }
    graph.nodes = graph.nodes.indices.filter { !removed.contains($0) }.map { graph.nodes[$0] }
  }

  /// What a node does to each channel: x · factor + term.
  private struct Affine {
    var factors: [Float]
    var terms: [Float]
  }

  private static func affine(
    _ node: Node, of input: String, _ filters: [Int], _ graph: Graph
  ) -> Affine? {
    guard node.domain.isEmpty, node.outputs.count == 1 else { return nil }
    switch node.opType {
    case "BatchNormalization": return normalization(node, filters[0], graph)
    case "Mul", "Add":
      guard node.inputs.count == 2, let other = node.inputs.first(where: { $0 != input }),
        let values = perChannel(other, filters, graph)
      else { return nil }
      return node.opType == "Mul"
        ? Affine(factors: values, terms: values.map { _ in 0 })
        : Affine(factors: values.map { _ in 1 }, terms: values)
    default: return nil
    }
  }

  private static func normalization(_ node: Node, _ channels: Int, _ graph: Graph) -> Affine? {
    if case .int(let trains) = node.attributes["training_mode"], trains != 0 { return nil }
    let rows = node.inputs.dropFirst().compactMap { name -> [Float]? in
      guard let tensor = graph.initializers[name], tensor.dataType == .fp32,
        tensor.shape == [channels]
      else { return nil }
      return tensor.elements(as: Float.self)
    }
    guard rows.count == 4 else { return nil }
    var epsilon: Float = 1e-5
    if case .float(let value) = node.attributes["epsilon"] { epsilon = value }
    let factors = (0..<channels).map { rows[0][$0] / (rows[3][$0] + epsilon).squareRoot() }
    return Affine(
      factors: factors, terms: (0..<channels).map { rows[1][$0] - rows[2][$0] * factors[$0] })
  }

  /// The values of a constant that is the same all over a channel.
  private static func perChannel(_ name: String, _ filters: [Int], _ graph: Graph) -> [Float]? {
    guard let tensor = graph.initializers[name], tensor.dataType == .fp32,
      tensor.shape.count <= filters.count
    else { return nil }
    let values = tensor.elements(as: Float.self)
    if values.count == 1 { return [Float](repeating: values[0], count: filters[0]) }
    let spatial = filters.count - 2
    guard values.count == filters[0], tensor.shape.count > spatial,
      tensor.shape[tensor.shape.count - spatial - 1] == filters[0]
    else { return nil }
    return values
  }

  private static func scaled(_ weight: Tensor, _ factors: [Float]) -> Tensor {
    var values = weight.elements(as: Float.self)
    let size = values.count / factors.count
    for index in values.indices { values[index] *= factors[index / size] }
    return Tensor(fp32: values, shape: weight.shape)
  }
}
