/// The operators that exporters write for layer normalisation before operator set 17, from
/// (x - mean) / sqrt(mean((x - mean)²) + ε) · scale + bias, become one LayerNormalization.
enum LayerNormComposition {
  static let pass = GraphPass(option: .composition) { graph, registry, options throws(GraphError) in
    guard graph.nodes.contains(where: { $0.opType == "Sqrt" }) else { return }
    let pattern = GraphPattern(graph)
    let types = try GraphTypes(graph, registry: registry, options: options, packs: false).types
    for (index, node) in graph.nodes.enumerated()
    where node.domain.isEmpty && node.opType == "Add" && node.outputs.count == 1 {
      guard let found = match(node, pattern, types) else { continue }
      graph.nodes[index] = Node(
        name: node.name, opType: "LayerNormalization",
        inputs: [found.input, found.scale, found.bias], outputs: node.outputs,
        attributes: ["axis": .int(-1), "epsilon": .float(found.epsilon)])
    }
  }

  private struct Match {
    var input: String
    var scale: String
    var bias: String
    var epsilon: Float
  }

  private static func match(
    _ add: Node, _ pattern: GraphPattern, _ types: [String: TensorType]
  ) -> Match? {
    for (bias, scaled) in pattern.orders(add) {
      guard let offsets = pattern.row(bias), let product = pattern.node("Mul", writing: scaled)
      else { continue }
      for (scale, normalized) in pattern.orders(product) {
        guard pattern.row(scale)?.shape == offsets.shape,
          let division = pattern.node("Div", writing: normalized),
          let input = centred(division.inputs[0], pattern, types),
          types[input]?.shape?.last == offsets.shape[0],
          // A constant of one number may still have more dimensions than the value.
          types[input] == types[add.outputs[0]],
          let epsilon = deviation(division.inputs[1], of: input, pattern, types)
        else { continue }
        return Match(input: input, scale: scale, bias: bias, epsilon: epsilon)
      }
    }
    return nil
  }

  /// The value whose mean is taken away from it.
  private static func centred(
    _ name: String, _ pattern: GraphPattern, _ types: [String: TensorType]
  ) -> String? {
    guard let difference = pattern.node("Sub", writing: name),
      mean(difference.inputs[1], pattern, types) == difference.inputs[0]
    else { return nil }
    return difference.inputs[0]
  }

  /// What a value is the mean of, over the last axis, which stays with size 1.
  private static func mean(
    _ name: String, _ pattern: GraphPattern, _ types: [String: TensorType]
  ) -> String? {
    guard let node = pattern.node("ReduceMean", writing: name), let axes = pattern.axes(node),
      axes.count == 1, let rank = types[node.inputs[0]]?.shape?.count,
      axes[0] == -1 || axes[0] == rank - 1
    else { return nil }
    if case .int(0) = node.attributes["keepdims"] { return nil }
    return node.inputs[0]
  }

  /// The ε of sqrt(mean((x - mean)²) + ε).
  private static func deviation(
    _ name: String, of input: String, _ pattern: GraphPattern, _ types: [String: TensorType]
  ) -> Float? {
    guard let root = pattern.node("Sqrt", writing: name),
      let sum = pattern.node("Add", writing: root.inputs[0])
    else { return nil }
    for (constant, variance) in pattern.orders(sum) {
      guard let epsilon = pattern.number(constant), let squares = mean(variance, pattern, types),
        let base = squared(squares, pattern), centred(base, pattern, types) == input
      else { continue }
      return epsilon
    }
    return nil
  }

  private static func squared(_ name: String, _ pattern: GraphPattern) -> String? {
    if let power = pattern.node("Pow", writing: name), pattern.number(power.inputs[1]) == 2 {
      return power.inputs[0]
    }
    guard let product = pattern.node("Mul", writing: name), product.inputs[0] == product.inputs[1]
    else { return nil }
    return product.inputs[0]
  }
}
