/// DequantizeLinear, an operator, QuantizeLinear: one operator on bytes. Sums of products stay
/// integers, and are rounded once; what only moves elements moves bytes, and a function of one number is
/// a table. A Relu or Clip in between goes where the result's range makes it needless.
enum QuantizedChains {
  static let pass = GraphPass(option: .quantization) {
    graph, registry, options throws(GraphError) in
    guard graph.nodes.contains(where: { $0.opType == "QuantizeLinear" }),
      graph.nodes.contains(where: { $0.opType == "DequantizeLinear" })
    else { return }
    // Nothing may be rewritten that would have been refused.
    let types = try GraphTypes(graph, registry: registry, options: options, packs: false).types
    let match = QuantizedMatch(graph, types)
    var nodes: [Node] = []
    for (index, node) in graph.nodes.enumerated() {
      if node.opType == "QuantizeLinear", let output = match.quantized(node),
        let replacement = match.replace(node, output, number: index)
      {
        nodes += replacement
      } else {
        nodes.append(node)
      }
    }
    graph.nodes = nodes
    // What dequantised the weights is read by nobody any more, and must not be folded.
    if options.passes.contains(.deadCodeElimination) {
      try DeadCodeElimination.pass.run(&graph, registry, options)
    }
  }
}

/// Finds what is between dequantised and quantised values.
struct QuantizedMatch {
  let graph: Graph
  let types: [String: TensorType]
  let uses: GraphUses
  let pattern: GraphPattern

  init(_ graph: Graph, _ types: [String: TensorType]) {
    self.graph = graph
    self.types = types
    uses = GraphUses(graph)
    pattern = GraphPattern(graph)
  }

  /// Bytes with the names of their scale and zero point, and the values of these.
  struct Quantized {
    var names: [String]
    var type: DataType
    var scale: Float
    var zero: Int32
  }

  func constant(_ name: String) -> Tensor? {
    if let tensor = graph.initializers[name] { return tensor }
    guard let node = pattern.node("Constant", writing: name),
      case .tensor(let tensor) = node.attributes["value"]
    else { return nil }
    return tensor
  }

  /// A node with its scale and zero point, if they are one known number each, of 8 bits.
  func quantized(_ node: Node) -> Quantized? {
    guard node.domain.isEmpty, node.inputs.count == 3, let zero = constant(node.inputs[2]),
      let scale = QuantizedConstants.number(constant(node.inputs[1])),
      // So that no product of a byte and a scale overflows or loses digits.
      scale > 1e-30, scale < 1e30, QuantizedConstants.bytes.contains(zero.dataType),
      let zeros = QuantizedConstants.integers(zero, zero.dataType), zeros.count == 1
    else { return nil }
    return Quantized(names: node.inputs, type: zero.dataType, scale: scale, zero: zeros[0])
  }

  /// Bytes that a value was dequantised from.
  func source(_ name: String) -> Quantized? {
    pattern.node("DequantizeLinear", writing: name).flatMap(quantized)
  }

  /// The node that writes what only `reader` reads.
  func producer(_ name: String) -> Node? {
    guard uses.onlyReader(name) != nil, let index = uses.producer[name] else { return nil }
    let node = graph.nodes[index]
    return node.domain.isEmpty && node.outputs[0] == name
      && node.outputs.dropFirst().allSatisfy(\.isEmpty) ? node : nil
  }

  /// What does a QuantizeLinear's work and that of the nodes before it; the `number` makes names.
  func replace(_ node: Node, _ output: Quantized, number: Int) -> [Node]? {
    guard var nodes = compute(node, output, number: number) ?? table(node, output).map({ [$0] })
    else { return nil }
    nodes[nodes.count - 1].outputs = [node.outputs[0]]
    if nodes[nodes.count - 1].name.isEmpty { nodes[nodes.count - 1].name = node.name }
    return nodes
  }

  private func compute(_ node: Node, _ output: Quantized, number: Int) -> [Node]? {
    guard var inner = producer(node.inputs[0]) else { return nil }
    while inner.opType == "Relu" || inner.opType == "Clip" {
      guard isNeedless(inner, output), let next = producer(inner.inputs[0]) else { return nil }
      inner = next
    }
    if inner.opType == "Concat" { return concatenation(inner, output, number: number) }
    let replacement: Node? =
      switch inner.opType {
      case "Conv": convolution(inner, output)
      case "Gemm": gemm(inner, output)
      case "MatMul": matrices(inner, output)
      case "Add": sum(inner, output)
      case "GlobalAveragePool": mean(inner, output)
      default: movement(inner, output)
      }
    guard var replacement else { return nil }
    replacement.name = inner.name
    return [replacement]
  }

  /// Whether a clamp changes nothing: its bounds are those of the bytes that follow, or lie beyond.
  private func isNeedless(_ node: Node, _ output: Quantized) -> Bool {
    let range = ByteRange(zero: output.zero, isSigned: output.type == .int8)
    let (low, high) = (
      Float(range.low - range.zero) * output.scale, Float(range.high - range.zero) * output.scale
    )
    if node.opType == "Relu" { return low >= 0 }
    guard let bounds = bounds(node) else { return false }
    // Bounds round as values do: half a quantum beyond the bytes' own bound is that bound.
    let (least, most) = (bounds.low / output.scale, bounds.high / output.scale)
    return bounds.low <= bounds.high
      && least.rounded(.toNearestOrEven) <= Float(range.low - range.zero)
      && most.rounded(.toNearestOrEven) >= Float(range.high - range.zero)
      && low.isFinite && high.isFinite
  }

  private func bounds(_ node: Node) -> (low: Float, high: Float)? {
    var (low, high) = (-Float.infinity, Float.infinity)
    if case .float(let given) = node.attributes["min"] { low = given }
    if case .float(let given) = node.attributes["max"] { high = given }
    for (index, name) in node.inputs.enumerated() where index > 0 && !name.isEmpty {
      guard let bound = QuantizedConstants.number(constant(name)) else { return nil }
      if index == 1 { low = bound } else { high = bound }
    }
    return (low, high)
  }

  // MARK: - Products

  /// A product with constant weights, whose scales may be one per index of an axis.
  private func product(
    _ node: Node, _ output: Quantized, _ opType: String, axis: Int
  ) -> Node? {
    guard node.inputs.count >= 2, let x = source(node.inputs[0]),
      let turned = pattern.node("DequantizeLinear", writing: node.inputs[1]),
      turned.inputs.count == 3, let weight = constant(turned.inputs[0]),
      let zeros = constant(turned.inputs[2]), weight.shape.count > axis,
      QuantizedConstants.bytes.contains(weight.dataType), zeros.dataType == weight.dataType,
      let scales = constant(turned.inputs[1]), scales.dataType == .fp32,
      zeros.elementCount == scales.elementCount, self.axis(turned, scales, weight) == axis
    else { return nil }
    let values = scales.elements(as: Float.self)
    guard values.allSatisfy({ (x.scale * $0 / output.scale).isFinite }) else { return nil }
    var inputs = x.names + turned.inputs + [output.names[1], output.names[2]]
    if node.inputs.count > 2, !node.inputs[2].isEmpty {
      guard let bias = self.bias(node.inputs[2], x.scale, values) else { return nil }
      inputs.append(bias)
    }
    return Node(
      opType: opType, inputs: inputs, outputs: node.outputs, attributes: node.attributes)
  }

  /// The axis that scales belong to; 0 or whatever is asked for if there is one for all.
  private func axis(_ node: Node, _ scales: Tensor, _ weight: Tensor) -> Int? {
    var axis = 1
    if case .int(let given) = node.attributes["axis"] { axis = Int(given) }
    if case .int(let size) = node.attributes["block_size"], size != 0 { return nil }
    if axis < 0 { axis += weight.shape.count }
    guard scales.elementCount > 1 else { return scales.shape.count <= 1 ? weightAxis(weight) : nil }
    guard scales.shape.count == 1, weight.shape.indices.contains(axis),
      scales.elementCount == weight.shape[axis]
    else { return nil }
    return axis
  }

  /// Convolutions have their filters first, matrices their columns last.
  private func weightAxis(_ weight: Tensor) -> Int { weight.shape.count > 2 ? 0 : 1 }

  /// The integers of a bias on the product's own scale.
  private func bias(_ name: String, _ input: Float, _ weights: [Float]) -> String? {
    guard let node = pattern.node("DequantizeLinear", writing: name), node.inputs.count >= 2,
      let integers = constant(node.inputs[0]), integers.dataType == .int32,
      integers.shape.count == 1, let scales = constant(node.inputs[1]), scales.dataType == .fp32
    else { return nil }
    if node.inputs.count > 2, !node.inputs[2].isEmpty {
      guard let zeros = constant(node.inputs[2]), zeros.dataType == .int32,
        zeros.elements(as: Int32.self).allSatisfy({ $0 == 0 })
      else { return nil }
    }
    let given = scales.elements(as: Float.self)
    for index in 0..<max(given.count, weights.count) {
      guard given.count == 1 || index < given.count, weights.count == 1 || index < weights.count
      else { return nil }
      let expected = input * weights[weights.count == 1 ? 0 : index]
      guard abs(given[given.count == 1 ? 0 : index] - expected) <= 1e-6 * abs(expected) else {
        return nil
      }
    }
    return node.inputs[0]
  }

  private func convolution(_ node: Node, _ output: Quantized) -> Node? {
    guard let replacement = product(node, output, "QLinearConv", axis: 0),
      let x = types[replacement.inputs[0]], x.shape?.count == 4,
      // Elsewhere than in the kernel, floats are faster.
      QuantizedConvKernel.constants(
        replacement, inputType: x.dataType, { constant(replacement.inputs[$0]) }) != nil
    else { return nil }
    return replacement
  }

  private func matrices(_ node: Node, _ output: Quantized) -> Node? {
    guard let replacement = product(node, output, "QLinearMatMul", axis: 1),
      constant(replacement.inputs[3])?.shape.count == 2
    else { return nil }
    return replacement
  }

  private func gemm(_ node: Node, _ output: Quantized) -> Node? {
    func number(_ name: String, _ fallback: Float) -> Float {
      if case .float(let value) = node.attributes[name] { return value }
      return fallback
    }
    func flag(_ name: String) -> Bool {
      if case .int(let value) = node.attributes[name] { return value != 0 }
      return false
    }
    guard number("alpha", 1) == 1, number("beta", 1) == 1, !flag("transA") else { return nil }
    let turns = flag("transB")
    guard let turned = pattern.node("DequantizeLinear", writing: node.inputs[1]) else { return nil }
    // With one scale for all, either order will do.
    let isSingle = constant(turned.inputs[1])?.elementCount == 1
    guard
      var replacement = product(
        node, output, QuantizedGemmKernel.opType, axis: turns && !isSingle ? 0 : 1)
    else { return nil }
    replacement.domain = FusedAttribute.domain
    replacement.attributes = ["transB": .int(turns ? 1 : 0)]
    guard let type = types[replacement.inputs[0]]?.dataType,
      types[replacement.inputs[0]]?.shape?.count == 2,
      QuantizedGemmKernel.constants(
        replacement, inputType: type, { constant(replacement.inputs[$0]) })
        != nil
    else { return nil }
    return replacement
  }

  // MARK: - The rest

  private func sum(_ node: Node, _ output: Quantized) -> Node? {
    guard let a = source(node.inputs[0]), let b = source(node.inputs[1]), a.type == output.type,
      b.type == output.type
    else { return nil }
    return Node(
      opType: QuantizedAddOperator.opType, domain: FusedAttribute.domain,
      inputs: a.names + b.names + output.names[1...], outputs: node.outputs)
  }

  private func mean(_ node: Node, _ output: Quantized) -> Node? {
    guard let x = source(node.inputs[0]), x.type == output.type,
      let shape = types[node.inputs[0]]?.shape, shape.count == 4,
      let plane = Shape.elementCount(Array(shape[2...])), plane > 0, plane < 1 << 23,
      (x.scale / output.scale).isFinite
    else { return nil }
    return Node(
      opType: QuantizedMeanOperator.opType, domain: FusedAttribute.domain,
      inputs: x.names + output.names[1...], outputs: node.outputs)
  }

  /// Operators that choose among elements, or put them elsewhere.
  private static let movements: Set<String> = [
    "MaxPool", "Flatten", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "DepthToSpace",
    "SpaceToDepth", "Slice", "Gather", "Expand", "Tile",
  ]

  private func movement(_ node: Node, _ output: Quantized) -> Node? {
    guard Self.movements.contains(node.opType), let x = source(node.inputs[0]),
      x.type == output.type, x.scale == output.scale, x.zero == output.zero
    else { return nil }
    var moved = node
    moved.inputs[0] = x.names[0]
    return moved
  }
}
