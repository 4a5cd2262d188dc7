/// Quantised forms of operators (QLinear…): the operator on dequantised inputs, quantised again.
/// ONNX Runtime rounds some of them by multiplying with a rounded ratio of scales, so its answers
/// may be one quantum from these, which are the standard's.
enum QuantizedForms {
  static func register(in registry: inout OperatorRegistry) {
    for name in ["Add", "Mul"] {
      registry.register("QLinear\(name)", domain: contributed) { e throws(GraphError) in
        let (a, b) = (try e.dequantizedInput(0), try e.dequantizedInput(3))
        e.give(try e.quantized(e.value(name, [a, b]), scale: 6, zero: 7))
      }
    }
    unary("Sigmoid", in: &registry)
    unary("LeakyRelu", in: &registry) { e in e.attributes("alpha") }
    unary("AveragePool", in: &registry) { e in
      e.attributes(
        "auto_pad", "ceil_mode", "count_include_pad", "kernel_shape", "pads", "strides")
    }
    unary("GlobalAveragePool", in: &registry)
    registry.register("QLinearSoftmax", domain: contributed) { e throws(GraphError) in
      let opset = try e.context.int("opset", default: 13)
      let result = e.value(
        "Softmax", [try e.dequantizedInput(0)], e.attributes("axis"), opset: opset)
      e.give(try e.quantized(result, scale: 3, zero: 4))
    }
    registry.register("QLinearReduceMean", domain: contributed) { e throws(GraphError) in
      let axes = try e.context.ints("axes").map { e.integers($0) }
      let result = e.value(
        "ReduceMean", [try e.dequantizedInput(0), axes], e.attributes("keepdims"))
      e.give(try e.quantized(result, scale: 3, zero: 4))
    }
    registry.register("QLinearWhere", domain: contributed) { e throws(GraphError) in
      let (x, y) = (try e.dequantizedInput(1), try e.dequantizedInput(4))
      e.give(try e.quantized(e.value("Where", [try e.input(0), x, y]), scale: 7, zero: 8))
    }
    registry.register("QLinearConcat", domain: contributed) { e throws(GraphError) in
      var parts: [String] = []
      for index in stride(from: 2, to: e.context.node.inputs.count, by: 3) {
        parts.append(try e.dequantizedInput(index))
      }
      let result = e.value("Concat", parts, e.attributes("axis"))
      e.give(try e.quantized(result, scale: 0, zero: 1, like: 2))
    }
    registry.register("QLinearConv", domain: contributed) { e throws(GraphError) in
      let attributes = e.attributes(
        "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
      var inputs = (0..<9).map { e.optional($0) }
      try imagesFirst(&e) { e, x in
        inputs[0] = x
        return e.value("QLinearConv", inputs, attributes)
      }
    }
    registry.register("NhwcMaxPool", domain: contributed) { e throws(GraphError) in
      let attributes = e.attributes(
        "auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "strides")
      let (x, rank) = (try e.input(0), try e.shape(0, ranks: 3...5).count)
      let pooled = e.value("MaxPool", [e.channelsFirst(x, rank)], attributes)
      e.give(e.channelsLast(pooled, rank))
    }
  }

  /// X, its scale and zero point, the result's scale and zero point.
  private static func unary(
    _ name: String, in registry: inout OperatorRegistry,
    _ attributes: @escaping @Sendable (Expansion) -> [String: Attribute] = { _ in [:] }
  ) {
    registry.register("QLinear\(name)", domain: contributed) { e throws(GraphError) in
      let read = try e.dequantizedInput(0)
      let isLast = try e.context.bool("channels_last", default: false)
      let rank = isLast ? try e.shape(0, ranks: 3...5).count : 0
      var result = e.value(
        name, [isLast ? e.channelsFirst(read, rank) : read], attributes(e))
      if isLast { result = e.channelsLast(result, rank) }
      e.give(try e.quantized(result, scale: 3, zero: 4))
    }
  }

  /// Runs an operator on images whose channels may come last.
  private static func imagesFirst(
    _ e: inout Expansion, _ body: (inout Expansion, String) throws(GraphError) -> String
  ) throws(GraphError) {
    let x = try e.input(0)
    guard try e.context.bool("channels_last", default: false) else {
      return e.give(try body(&e, x))
    }
    let rank = try e.shape(0, ranks: 3...5).count
    e.give(e.channelsLast(try body(&e, e.channelsFirst(x, rank)), rank))
  }
}

extension Expansion {
  mutating func dequantized(_ value: String, _ scale: String, _ zero: String?) -> String {
    self.value("DequantizeLinear", [value, scale, zero])
  }

  /// An input that is followed by its scale and its zero point.
  mutating func dequantizedInput(_ index: Int) throws(GraphError) -> String {
    dequantized(try input(index), try input(index + 1), optional(index + 2))
  }

  /// A value on the scale of an input. Without a zero point it has the type of input `like`.
  mutating func quantized(
    _ value: String, scale: Int, zero: Int, like: Int = 0
  ) throws(GraphError) -> String {
    var origin = optional(zero)
    if origin == nil { origin = try number(0, type(like).dataType) }
    return self.value("QuantizeLinear", [value, try input(scale), origin])
  }

  /// An image of `rank` dimensions with its channels behind the batch, not last.
  mutating func channelsFirst(_ image: String, _ rank: Int) -> String {
    let axes = [0, rank - 1] + (1..<rank - 1)
    return value("Transpose", [image], ["perm": .ints(axes.map { Int64($0) })])
  }

  /// The way back.
  mutating func channelsLast(_ image: String, _ rank: Int) -> String {
    let axes = [0] + (2..<rank) + [1]
    return value("Transpose", [image], ["perm": .ints(axes.map { Int64($0) })])
  }
}
