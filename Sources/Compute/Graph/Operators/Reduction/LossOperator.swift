internal import Glibc

/// NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss: how unlikely the wanted classes are by
/// the scores, per case or joined.
struct LossOperator: Operator {
  enum Reduction: String, Sendable { case none, sum, mean }

  /// Whether the scores are logits rather than logarithms of probabilities.
  let isEntropy: Bool
  let reduction: Reduction
  let ignoredClass: Int?

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let scores = try inputs.type(0, among: DataType.floats)
    let target = try inputs.type(1, among: DataType.indices)
    if inputs.optional(2) != nil { _ = try inputs.type(2, among: [scores.dataType]) }
    if let shape = scores.shape, let wanted = target.shape {
      let expected = shape.count >= 2 ? [shape[0]] + shape[2...] : []
      guard shape.count >= 2, wanted.count == expected.count,
        zip(wanted, expected).allSatisfy({ $0 == $1 || $0 < 0 || $1 < 0 }),
        inputs.optional(2)?.shape.map({ $0 == [shape[1]] || shape[1] < 0 }) ?? true
      else {
        throw GraphError(
          code: .shapeMismatch,
          message: "classes \(Shape.describe(wanted)) and their weights must fit scores "
            + Shape.describe(shape))
      }
    }
    return [
      TensorType(scores.dataType, reduction == .none ? target.shape : []), scores,
    ]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let scores = try operands.input(0)
    return try step(try scores.dataType.numeric(), scores, operands)
  }

  private func step<T: Element>(
    _ type: T.Type, _ scores: Operand, _ operands: Operands
  ) throws(GraphError) -> Step {
    let target = try operands.input(1)
    let (indices, count) = (Indices(target), target.count)
    let classes = scores.shape[1]
    let inner = Shape.product(scores.shape[2...])
    let source = scores.pointer(T.self)
    let weights = operands.optional(2)?.pointer(T.self)
    let losses = operands.optionalOutput(0)?.pointer(T.self)
    let logarithms = operands.optionalOutput(1)?.pointer(T.self)
    let (isEntropy, reduction, ignoredClass) = (isEntropy, reduction, ignoredClass)
    // Lines that lie in a row are kernels' work.
    let lines = inner == 1 && scores.dataType == .fp32 ? UnsafePointer(scores.f32) : nil
    return { () throws(ExecutionError) in
      var (sum, weightSum) = (0.0, 0.0)
      for index in 0..<count {
        let start = index / inner * classes * inner + index % inner
        let total =
          !isEntropy
          ? 0
          : lines.map { Self.logSumExp($0 + start, classes) }
            ?? Self.logSumExp(source + start, classes, inner)
        if isEntropy, let logarithms {
          for place in 0..<classes {
            let at = start + place * inner
            logarithms[at] = T(converting: source[at].asDouble - total)
          }
        }
        var loss = 0.0
        if indices[index] != ignoredClass {
          let place = try indices.wrapped(index, size: classes)
          let weight = weights?[place].asDouble ?? 1
          loss = (total - source[start + place * inner].asDouble) * weight
          weightSum += weight
        }
        sum += loss
        if reduction == .none { losses?[index] = T(converting: loss) }
      }
      switch reduction {
      case .none: break
      case .sum: losses?[0] = T(converting: sum)
      case .mean: losses?[0] = T(converting: sum / weightSum)
      }
    }
  }

  private static func logSumExp(_ scores: UnsafePointer<Float>, _ count: Int) -> Double {
    var largest = -Float.infinity
    Compute.Reduction.maximum.run(.fp32, scores, into: &largest, outer: 1, axis: count)
    // Nothing is there, or infinities, whose difference is no number.
    if largest == -.infinity { return -.infinity }
    return Double(largest)
      + log(Double(Selection.sumOfExponentials(scores, count: count, shift: largest)))
  }

  private static func logSumExp<T: Element>(
    _ scores: UnsafeMutablePointer<T>, _ count: Int, _ stride: Int
  ) -> Double {
    var largest = -Double.infinity
    for index in 0..<count { largest = max(largest, scores[index * stride].asDouble) }
    if largest == -.infinity { return largest }
    var sum = 0.0
    for index in 0..<count { sum += exp(scores[index * stride].asDouble - largest) }
    return largest + log(sum)
  }

  static func register(in registry: inout OperatorRegistry) {
    for (name, isEntropy) in [
      ("NegativeLogLikelihoodLoss", false), ("SoftmaxCrossEntropyLoss", true),
    ] {
      registry.register(name) { context throws(GraphError) in
        let name = try context.string("reduction") ?? "mean"
        guard let reduction = Reduction(rawValue: name) else {
          throw context.unsupported("reduction", name, expected: "none, sum or mean")
        }
        return LossOperator(
          isEntropy: isEntropy, reduction: reduction,
          ignoredClass: try context.int("ignore_index"))
      }
    }
  }
}
