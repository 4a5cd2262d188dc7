internal import Glibc

extension LossOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss") {
      nodes throws(GraphError) in
      guard let dy = nodes.gradient(), nodes.wants(0) else { return }
      let isEntropy = nodes.node.opType == "SoftmaxCrossEntropyLoss"
      guard nodes.gradient(1) == nil else {
        throw GraphError(
          code: .unsupportedOperator,
          message: "only output 0 of \(nodes.node.opType) has a gradient")
      }
      var attributes = nodes.node.attributes
      attributes["entropy"] = .int(isEntropy ? 1 : 0)
      nodes.give(
        nodes.special(
          LossGradient.opType,
          [dy, try nodes.input(0), try nodes.input(1), nodes.optional(2)], attributes), to: 0)
    }
  }
}

/// The gradient of a loss by its scores: for logits the probability less one at the wanted class, for
/// logarithms of probabilities minus one there; times the class's weight, over what the mean divides by.
struct LossGradient: Operator {
  static let opType = "LossGradient"
  let isEntropy: Bool
  let reduction: LossOperator.Reduction
  let ignoredClass: Int?

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let scores = try inputs.type(1, among: [.fp32, .fp64])
    // The forward operator checked how they fit each other.
    _ = try inputs.type(0, among: [scores.dataType])
    _ = try inputs.type(2, among: DataType.indices)
    return [scores]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    try operands.input(1).dataType.gradientStep { type throws(GraphError) in
      try step(type, operands)
    }
  }

  private func step<T: GradientElement>(_ type: T.Type, _ operands: Operands) throws(GraphError)
    -> Step
  {
    let (scores, target) = (try operands.input(1), try operands.input(2))
    let (indices, count, classes) = (Indices(target), target.count, scores.shape[1])
    let inner = Shape.product(scores.shape[2...])
    let (dy, source) = (try operands.input(0).pointer(T.self), scores.pointer(T.self))
    let weights = operands.optional(3)?.pointer(T.self)
    let dx = try operands.output().pointer(T.self)
    let (isEntropy, reduction, ignoredClass) = (isEntropy, reduction, ignoredClass)
    // Lines that lie in a row are kernels' work.
    let lines = inner == 1 && scores.dataType == .fp32 && isEntropy ? scores.f32 : nil
    let results = lines == nil ? nil : try operands.output().f32
    return { () throws(ExecutionError) in
      var weightSum: T = 0
      if reduction == .mean {
        for index in 0..<count where indices[index] != ignoredClass {
          weightSum += weights?[try indices.wrapped(index, size: classes)] ?? 1
        }
      }
      for index in 0..<count {
        let start = index / inner * classes * inner + index % inner
        if indices[index] == ignoredClass {
          for place in 0..<classes { dx[start + place * inner] = 0 }
          continue
        }
        let wanted = try indices.wrapped(index, size: classes)
        var scale = (reduction == .none ? dy[index] : dy[0]) * (weights?[wanted] ?? 1)
        if reduction == .mean { scale /= weightSum }
        if let lines, let results {
          Softmax.run(lines + start, into: results + start, outer: 1, axis: classes)
          let factor = Float(scale)
          for place in 0..<classes { results[start + place] *= factor }
          results[start + wanted] -= factor
        } else if isEntropy {
          Self.softmax(source + start, dx + start, classes, inner, scale)
          dx[start + wanted * inner] -= scale
        } else {
          for place in 0..<classes { dx[start + place * inner] = 0 }
          dx[start + wanted * inner] = -scale
        }
      }
    }
  }

  /// Probabilities times a factor.
  private static func softmax<T: GradientElement>(
    _ source: UnsafeMutablePointer<T>, _ target: UnsafeMutablePointer<T>, _ count: Int,
    _ stride: Int, _ scale: T
  ) {
    var largest = -T.infinity
    for index in 0..<count { largest = max(largest, source[index * stride]) }
    var sum: T = 0
    for index in 0..<count {
      let value = T(exp((source[index * stride] - largest).asDouble))
      target[index * stride] = value
      sum += value
    }
    let factor = scale / sum
    for index in 0..<count { target[index * stride] *= factor }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      let name = try context.string("reduction") ?? "mean"
      guard let reduction = LossOperator.Reduction(rawValue: name) else {
        throw context.unsupported("reduction", name, expected: "none, sum or mean")
      }
      return LossGradient(
        isEntropy: try context.bool("entropy", default: false), reduction: reduction,
        ignoredClass: try context.int("ignore_index"))
    }
  }
}
