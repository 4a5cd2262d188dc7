extension DropoutOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Dropout") { nodes throws(GraphError) in
      guard let dy = nodes.gradient(), nodes.wants(0) else { return }
      guard nodes.optional(2) != nil else { return nodes.give(dy, to: 0) }
      // Kept elements were scaled by the same factor in every place; where the node was told not to
      // train, its mask is ones and its answer the input.
      let (mask, type) = (nodes.output(1), try nodes.dataType(0))
      let (one, zero) = (try nodes.number(1, type), try nodes.number(0, type))
      var ratio = try nodes.number(0.5, type)
      if let given = nodes.optional(1) { ratio = nodes.value("CastLike", [given, dy]) }
      let rate = nodes.value("Where", [try nodes.input(2), ratio, zero])
      let scaled = nodes.value("Div", [dy, nodes.value("Sub", [one, rate])])
      nodes.give(nodes.value("Where", [mask, scaled, zero]), to: 0)
    }
    // The mask can be drawn again, so the gradient is dropped out like the value.
    registry.differentiate(CounterDropout.opType, domain: TrainingOperators.domain) {
      nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      nodes.give(
        nodes.special(CounterDropout.opType, [dy, try nodes.input(1)], nodes.node.attributes), to: 0
      )
    }
  }
}

/// Dropout while training: elements at random are zero, the others scaled up. Which, follows from the
/// node's seed and a counter of steps (input 1, INT64), and from nothing else: the same step drops the
/// same elements again, in its gradient and after a training was resumed. A second element of the counter
/// says which example of a larger batch is the first one here, so that a part of a batch has the mask that
/// it has in the whole.
struct CounterDropout: Operator {
  static let opType = "Dropout"
  let rate: Double
  let seed: UInt64

  var inPlaceInputs: [Int] { [0] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let counter = try inputs.type(1, among: [.int64])
    if let shape = counter.shape, let count = Shape.elementCount(shape), !(1...2).contains(count) {
      throw GraphError(
        code: .shapeMismatch,
        message: "the counter must have 1 or 2 elements, got \(Shape.describe(shape))")
    }
    return [try inputs.type(0, among: [.fp32, .fp64])]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    try operands.input(0).dataType.gradientStep { type throws(GraphError) in
      try step(type, operands)
    }
  }

  private func step<T: GradientElement>(_ type: T.Type, _ operands: Operands) throws(GraphError)
    -> Step
  {
    let (source, counter) = (
      try operands.input(0).pointer(T.self), try operands.input(1).pointer(Int64.self)
    )
    let output = try operands.output()
    let (target, count, seed) = (output.pointer(T.self), output.count, seed)
    let hasOffset = try operands.input(1).count > 1
    let exampleLength = count / max(1, output.shape.first ?? 1)
    let scale = T(1 / (1 - rate))
    // A number of 32 bits is dropped if it is below. A draw of 64 bits decides two elements.
    let limit = UInt32(rate * 4_294_967_296)
    return {
      let stream = Self.mix(seed &+ Self.mix(UInt64(bitPattern: counter[0])))
      let first = hasOffset ? UInt64(bitPattern: counter[1]) &* UInt64(exampleLength) : 0
      var index = 0
      if first & 1 == 1, count > 0 {
        let isDropped = UInt32(truncatingIfNeeded: Self.mix(stream &+ (first - 1)) >> 32) < limit
        target[0] = isDropped ? 0 : source[0] * scale
        index = 1
      }
      while index < count {
        let bits = Self.mix(stream &+ first &+ UInt64(index))
        target[index] = UInt32(truncatingIfNeeded: bits) < limit ? 0 : source[index] * scale
        if index + 1 < count {
          let isDropped = UInt32(truncatingIfNeeded: bits >> 32) < limit
          target[index + 1] = isDropped ? 0 : source[index + 1] * scale
        }
        index += 2
      }
    }
  }

  /// The output function of the generator SplitMix64 (Steele, Lea and Flood, 2014).
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      let rate = Double(try context.float("rate", default: 0.5))
      guard rate >= 0, rate < 1 else {
        throw GraphError(code: .invalidAttribute, message: "rate must be in 0..<1, got \(rate)")
      }
      return CounterDropout(
        rate: rate, seed: UInt64(bitPattern: Int64(try context.int("seed", default: 0))))
    }
  }
}
