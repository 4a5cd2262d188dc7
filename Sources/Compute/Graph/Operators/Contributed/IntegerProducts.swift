/// Products of quantised numbers that are answered as floats, and dense layers of 8-bit integers.
enum IntegerProducts {
  static func register(in registry: inout OperatorRegistry) {
    registry.register("MatMulIntegerToFloat", domain: contributed) { e throws(GraphError) in
      e.give(
        try product(
          &e, (try e.input(0), e.optional(4), try e.input(2)),
          (try e.input(1), e.optional(5), try e.input(3)), bias: e.optional(6)))
    }
    registry.register("DynamicQuantizeMatMul", domain: contributed) { e throws(GraphError) in
      let left = e.values(3, "DynamicQuantizeLinear", [try e.input(0)])
      e.give(
        try product(
          &e, (left[0], left[2], left[1]), (try e.input(1), e.optional(3), try e.input(2)),
          bias: e.optional(4)))
    }
    registry.register("QGemm", domain: contributed, expansion: gemm)
    registry.register("DynamicQuantizeLSTM", domain: contributed, expansion: lstm)
  }

  /// A quantised factor: its integers, their zero point and their scale.
  private typealias Factor = (value: String, zero: String?, scale: String)

  /// The product in FP32, from exact sums of integers.
  private static func product(
    _ e: inout Expansion, _ left: Factor, _ right: Factor, bias: String?
  ) throws(GraphError) -> String {
    let sums = e.value("MatMulInteger", [left.value, right.value, left.zero, right.zero])
    let scale = e.value("Mul", [left.scale, right.scale])
    let numbers = e.value("Cast", [sums], ["to": .int(1)])
    let scaled = e.value("Mul", [numbers, scale])
    return bias.map { e.value("Add", [scaled, $0]) } ?? scaled
  }

  /// QGemm: alpha · A' · B' + C, where ' may transpose and C is on the product's scale; quantised
  /// again if the result has a scale.
  private static func gemm(_ e: inout Expansion) throws(GraphError) {
    var factors: [String] = []
    for (index, attribute) in [(0, "transA"), (3, "transB")] {
      let turns = try e.context.bool(attribute, default: false)
      let factor = try e.input(index)
      factors.append(turns ? e.value("Transpose", [factor], ["perm": .ints([1, 0])]) : factor)
    }
    var sums = e.value("MatMulInteger", factors + [try e.input(2), try e.input(5)])
    if let bias = e.optional(6) { sums = e.value("Add", [sums, bias]) }
    var scale = e.value("Mul", [try e.input(1), try e.input(4)])
    let alpha = try e.context.float("alpha", default: 1)
    if alpha != 1 { scale = e.value("Mul", [scale, try e.number(Double(alpha), .fp32)]) }
    let result = e.value("Mul", [e.value("Cast", [sums], ["to": .int(1)]), scale])
    e.give(e.optional(7) == nil ? result : try e.quantized(result, scale: 7, zero: 8))
  }

  /// LSTM on weights of 8 bits, which are [directions, input, gates]. ONNX Runtime quantises
  /// what they are multiplied with too; here it keeps its digits.
  private static func lstm(_ e: inout Expansion) throws(GraphError) {
    var weights: [String] = []
    for (weight, scale, zero) in [(1, 8, 9), (2, 10, 11)] {
      // One number a direction, or one a gate of each.
      let axes = e.integers(try e.shape(scale, ranks: 1...2).count == 1 ? [1, 2] : [1])
      var numbers = e.value("Cast", [try e.input(weight)], ["to": .int(1)])
      if let zero = e.optional(zero) {
        let origin = e.value("Cast", [zero], ["to": .int(1)])
        numbers = e.value("Sub", [numbers, e.value("Unsqueeze", [origin, axes])])
      }
      numbers = e.value("Mul", [numbers, e.value("Unsqueeze", [try e.input(scale), axes])])
      weights.append(e.value("Transpose", [numbers], ["perm": .ints([0, 2, 1])]))
    }
    let attributes = e.attributes(
      "activation_alpha", "activation_beta", "activations", "clip", "direction", "hidden_size",
      "input_forget")
    let others = (3...7).map { e.optional($0) }
    let outputs = e.values(3, "LSTM", [try e.input(0)] + weights + others, attributes)
    for (index, output) in outputs.enumerated() { e.give(output, as: index) }
  }
}
