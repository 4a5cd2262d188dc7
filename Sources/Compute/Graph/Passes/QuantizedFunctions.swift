/// Functions of one number between dequantised and quantised values, as tables of bytes; and Concat of values
/// on different scales, each brought to the result's by a table.
extension QuantizedMatch {
  /// Operators that look at one number at a time.
  private static let functions: Set<String> = [
    "Relu", "LeakyRelu", "Sigmoid", "Tanh", "Clip", "HardSwish", "HardSigmoid", "Elu", "Selu",
    "Celu", "Softplus", "Softsign", "Mish", "Exp", "Log", "Sqrt", "Abs", "Neg", "Erf", "Gelu",
    "Floor", "Ceil", "Round", "Sign", "Reciprocal", "ThresholdedRelu", "Identity", "Sin", "Cos",
  ]

  /// Longer chains are not what quantisers write.
  private static let functionCountMax = 4

  /// A table from one scale to another, through functions that only this result is computed by; nil where
  /// there is something else between.
  func table(_ node: Node, _ output: Quantized) -> Node? {
    var (chain, value) = ([Node](), node.inputs[0])
    while source(value) == nil {
      guard chain.count < Self.functionCountMax, let inner = producer(value),
        Self.functions.contains(inner.opType), inner.inputs.count >= 1,
        inner.inputs.dropFirst().allSatisfy({ $0.isEmpty || constant($0) != nil })
      else { return nil }
      chain.insert(inner, at: 0)
      value = inner.inputs[0]
    }
    guard let input = source(value) else { return nil }
    return table(input, chain, output)
  }

  private func table(_ input: Quantized, _ chain: [Node], _ output: Quantized) -> Node? {
    var part = Graph(opsets: graph.opsets)
    part.inputs = [.init(name: "in", dataType: input.type, shape: [256])]
    part.outputs = [.init(name: "out", dataType: output.type, shape: [256])]
    part.nodes = [
      Node(opType: "DequantizeLinear", inputs: ["in"] + input.names[1...], outputs: ["value0"])
    ]
    for (index, node) in chain.enumerated() {
      var node = node
      node.inputs[0] = "value\(index)"
      node.outputs = ["value\(index + 1)"]
      part.nodes.append(node)
    }
    part.nodes.append(
      Node(
        opType: "QuantizeLinear", inputs: ["value\(chain.count)"] + output.names[1...],
        outputs: ["out"]))
    for name in part.nodes.flatMap(\.inputs) {
      if let tensor = constant(name) { part.initializers[name] = tensor }
    }
    let bytes = (0...255).map { UInt8($0) }
    let every = bytes.withUnsafeBytes { Tensor(dataType: input.type, shape: [256], copying: $0) }
    guard let every, let model = try? Model(part, options: ModelOptions(passes: [])),
      case .tensor(let table)? = try? model.evaluate([.tensor(every)]).first
    else { return nil }
    return Node(
      opType: ByteTableOperator.opType, domain: FusedAttribute.domain, inputs: [input.names[0]],
      outputs: [], attributes: ["table": .tensor(table)])
  }

  /// Concat on bytes, behind a table for each input that is not on the result's scale.
  func concatenation(_ node: Node, _ output: Quantized, number: Int) -> [Node]? {
    var (nodes, joined) = ([Node](), node)
    for (index, name) in node.inputs.enumerated() {
      guard let input = source(name) else { return nil }
      if input.type == output.type, input.scale == output.scale, input.zero == output.zero {
        joined.inputs[index] = input.names[0]
        continue
      }
      guard var table = table(input, [], output) else { return nil }
      // NUL cannot be part of a name that was read from a file.
      table.outputs = ["\0bytes\(number).\(index)"]
      joined.inputs[index] = table.outputs[0]
      nodes.append(table)
    }
    return nodes + [joined]
  }
}
