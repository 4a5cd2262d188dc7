/// softmax(scale · Q·K + mask) · V, with the transpositions around it, becomes one operator that
/// reads and writes the heads where they lie and never holds all scores at once.
enum AttentionFusion {
  static let pass = GraphPass(option: .attention) { graph, registry, options throws(GraphError) in
    guard graph.nodes.contains(where: { $0.opType == "Softmax" }) else { return }
    let pattern = GraphPattern(graph)
    let types = try GraphTypes(graph, registry: registry, options: options, packs: false).types
    for node in graph.nodes where node.domain.isEmpty && node.opType == "Softmax" {
      guard let found = match(node, pattern, types) else { continue }
      graph.nodes[found.place] = found.node
    }
  }

  private static func match(
    _ softmax: Node, _ pattern: GraphPattern, _ types: [String: TensorType]
  ) -> (place: Int, node: Node)? {
    let heads = { (name: String) in
      types[name]?.dataType == .fp32 && types[name]?.shape?.count == 4
    }
    // Before operator set 13 the axis of the last dimension meant the same, but was not the default.
    let isOld = softmax.opset ?? pattern.graph.opsets[""] ?? 1 < 13
    guard case .int(let axis) = softmax.attributes["axis"] ?? .int(isOld ? 1 : -1),
      axis == -1 || axis == 3,
      heads(softmax.inputs[0]), let second = pattern.onlyReader(softmax.outputs[0])
    else { return nil }
    let mix = pattern.graph.nodes[second]
    guard mix.opType == "MatMul", mix.domain.isEmpty, mix.inputs[0] == softmax.outputs[0],
      mix.inputs[1] != softmax.outputs[0], heads(mix.inputs[1]),
      let scores = scores(softmax.inputs[0], pattern), heads(scores.product.inputs[0]),
      heads(scores.product.inputs[1])
    else { return nil }
    if let mask = scores.mask {
      guard types[mask]?.dataType == .fp32, let rank = types[mask]?.shape?.count, rank <= 4 else {
        return nil
      }
    }
    var operands: [String] = []
    var axes: [Int64] = []
    for name in scores.product.inputs[..<2] + [mix.inputs[1]] {
      let (source, permutation) = untransposed(name, pattern)
      operands.append(source)
      axes += permutation
    }
    var (place, outputs, turns) = (second, mix.outputs, Int64(0))
    if let reader = pattern.onlyReader(mix.outputs[0]) {
      let node = pattern.graph.nodes[reader]
      if node.opType == "Transpose", node.domain.isEmpty,
        case .ints([0, 2, 1, 3]) = node.attributes["perm"]
      {
        (place, outputs, turns) = (reader, node.outputs, 1)
      }
    }
    return (
      place,
      Node(
        name: mix.name, opType: FusedAttribute.attention, domain: FusedAttribute.domain,
        inputs: operands + [scores.mask ?? ""], outputs: outputs,
        attributes: [
          "axes": .ints(axes), "scale": .float(scores.scale), "turns": .int(turns),
        ])
    )
  }

  /// The product behind a mask and a scale.
  private static func scores(
    _ name: String, _ pattern: GraphPattern
  ) -> (product: Node, mask: String?, scale: Float)? {
    if let found = scaled(name, pattern) { return (found.product, nil, found.scale) }
    guard let add = pattern.node("Add", writing: name) else { return nil }
    for (left, mask) in pattern.orders(add) {
      if let found = scaled(left, pattern) { return (found.product, mask, found.scale) }
    }
    return nil
  }

  private static func scaled(
    _ name: String, _ pattern: GraphPattern
  ) -> (product: Node, scale: Float)? {
    if let product = pattern.node("MatMul", writing: name) { return (product, 1) }
    if let node = pattern.node("Div", writing: name), let divisor = pattern.number(node.inputs[1]),
      let product = pattern.node("MatMul", writing: node.inputs[0])
    {
      return (product, 1 / divisor)
    }
    guard let node = pattern.node("Mul", writing: name) else { return nil }
    for (left, factor) in pattern.orders(node) {
      if let number = pattern.number(factor), let product = pattern.node("MatMul", writing: left) {
        return (product, number)
      }
    }
    return nil
  }

  /// What a value is a transposition of, and how; itself if it is none.
  private static func untransposed(
    _ name: String, _ pattern: GraphPattern
  ) -> (source: String, axes: [Int64]) {
    if let node = pattern.node("Transpose", writing: name),
      case .ints(let axes) = node.attributes["perm"], axes.count == 4
    {
      return (node.inputs[0], axes)
    }
    return (name, [0, 1, 2, 3])
  }
}
