extension BatchNormalizationOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("BatchNormalization") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let trains = try nodes.attributes.bool("training_mode", default: false)
      var operands: [String?] = [dy, try nodes.input(0), try nodes.input(1)]
      if !trains { operands += [try nodes.input(3), try nodes.input(4)] }
      let results = nodes.values(
        3, BatchNormalizationGradient.opType, operands,
        ["epsilon": .float(try nodes.attributes.float("epsilon", default: 1e-5))],
        domain: TrainingOperators.domain)
      for index in 0...2 { nodes.give(results[index], to: index) }
      for index in 3...4 where nodes.wants(index) {
        throw GraphError(
          code: .unsupportedOperator, message: "running statistics of a batch have no gradient")
      }
    }
  }
}

/// The gradients of BatchNormalization by data, scale and bias: with the batch's own mean and variance,
/// which depend on the data, or with given ones (inputs 3 and 4).
struct BatchNormalizationGradient: Operator {
  static let opType = "BatchNormalizationGradient"
  let epsilon: Float

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64])
    let scale = try inputs.type(2, among: [type.dataType])
    guard try inputs.type(1, among: [type.dataType]).shape == type.shape, type.shape?.count ?? 2 > 1
    else {
      throw GraphError(code: .shapeMismatch, message: "a gradient must have its value's shape")
    }
    for index in 3..<max(inputs.count, 3) { _ = try inputs.type(index, among: [type.dataType]) }
    return [type, scale, scale]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    try operands.input(0).dataType.gradientStep { type throws(GraphError) in
      try step(type, operands)
    }
  }

  private func step<T: GradientElement>(_ type: T.Type, _ operands: Operands) throws(GraphError)
    -> Step
  {
    let (given, input) = (try operands.input(0), try operands.input(1))
    let (batch, channels) = (input.shape[0], input.shape[1])
    let inner = Shape.product(input.shape[2...])
    let (dy, x) = (given.pointer(T.self), input.pointer(T.self))
    let scale = try operands.input(2).pointer(T.self)
    let (mean, variance) = (
      operands.optional(3)?.pointer(T.self), operands.optional(4)?.pointer(T.self)
    )
    let dx = operands.optionalOutput(0)?.pointer(T.self)
    let (dscale, dbias) = (
      operands.optionalOutput(1)?.pointer(T.self), operands.optionalOutput(2)?.pointer(T.self)
    )
    let (epsilon, count) = (Double(epsilon), Double(batch * inner))
    return {
      for channel in 0..<channels {
        @inline(__always) func forEach(_ body: (Int) -> Void) {
          for image in 0..<batch {
            let start = (image * channels + channel) * inner
            for index in start..<(start + inner) { body(index) }
          }
        }
        var (center, spread) = (mean?[channel].asDouble ?? 0, variance?[channel].asDouble ?? 0)
        if mean == nil {
          forEach { center += x[$0].asDouble }
          center /= count
          forEach { spread += (x[$0].asDouble - center) * (x[$0].asDouble - center) }
          spread /= count
        }
        let factor = 1 / (spread + epsilon).squareRoot()
        var (sum, product) = (0.0, 0.0)
        forEach {
          sum += dy[$0].asDouble
          product += dy[$0].asDouble * (x[$0].asDouble - center) * factor
        }
        dscale?[channel] = T(product)
        dbias?[channel] = T(sum)
        guard let dx else { continue }
        let slope = scale[channel].asDouble * factor
        let (shift, tilt) = mean == nil ? (sum / count, product / count) : (0, 0)
        forEach {
          let n = (x[$0].asDouble - center) * factor
          dx[$0] = T(slope * (dy[$0].asDouble - shift - n * tilt))
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      BatchNormalizationGradient(epsilon: try context.float("epsilon", default: 1e-5))
    }
  }
}
