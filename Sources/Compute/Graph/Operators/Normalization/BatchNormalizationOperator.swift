/// BatchNormalization: per channel, (x - mean) / sqrt(variance + ε) * scale + bias. In training
/// mode mean and variance are the batch's own, and move the running ones on.
struct BatchNormalizationOperator: Operator {
  let epsilon: Float
  /// The running statistics' share in the new ones, in training mode.
  var momentum: Float?

  var inPlaceInputs: [Int] { [0] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    for index in 1...4 {
      let parameter = try inputs.type(index, among: DataType.floats)
      guard let shape = type.shape, let size = parameter.shape else { continue }
      let channels = shape.count > 1 ? shape[1] : 1
      guard size.count == 1, channels < 0 || size[0] < 0 || size[0] == channels else {
        throw GraphError(
          code: .shapeMismatch,
          message: "input \(index) must have \(channels) elements, got \(Shape.describe(size))")
      }
    }
    guard momentum != nil else { return [type] }
    return [type, try inputs.type(3), try inputs.type(4)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    try step(try operands.input(0).dataType.numeric(), operands)
  }

  @_specialize(where T == Float)
  private func step<T: Element>(_ type: T.Type, _ operands: Operands) throws(GraphError) -> Step? {
    guard let input = operands.optional(0), let output = operands.optionalOutput(0),
      let mean = operands.optional(3), let variance = operands.optional(4),
      let scale = operands.optional(1), let bias = operands.optional(2)
    else { return nil }
    let channels = input.shape.count > 1 ? input.shape[1] : 1
    let batch = input.shape.first ?? 1
    let inner = channels * batch == 0 ? 0 : input.count / (channels * batch)
    let (source, target, epsilon) = (input.pointer(T.self), output.pointer(T.self), epsilon)
    let isSingle = input.dataType == .fp32
    let single = (from: UnsafePointer(input.f32), to: output.f32)
    // Parameters may have another float type than the data.
    let (factors, offsets) = (try NumberReader(scale), try NumberReader(bias))
    let (means, variances) = (try NumberReader(mean), try NumberReader(variance))
    let momentum = momentum.map(Double.init)
    let write = try [1, 2].map { index throws(GraphError) in
      try operands.optionalOutput(index).map { operand throws(GraphError) in
        try NumberWriter(operand)
      }
    }
    return {
      for channel in 0..<channels {
        var (mean, variance) = (means[channel], variances[channel])
        if let momentum {
          (mean, variance) = Self.statistics(source + channel * inner, batch, channels, inner)
          write[0]?.set(channel, means[channel] * momentum + mean * (1 - momentum))
          write[1]?.set(channel, variances[channel] * momentum + variance * (1 - momentum))
        }
        let factor = factors[channel] / (variance + Double(epsilon)).squareRoot()
        let offset = offsets[channel] - mean * factor
        for image in 0..<batch {
          let start = (image * channels + channel) * inner
          if isSingle {
            let (from, to) = (single.from + start, single.to + start)
            let (factor, offset) = (Float(factor), Float(offset))
            for index in 0..<inner { to[index] = from[index] * factor + offset }
          } else {
            for index in start..<(start + inner) {
              target[index] = T(converting: source[index].asDouble * factor + offset)
            }
          }
        }
      }
    }
  }

  /// Mean and variance of one channel over the batch.
  private static func statistics<T: Element>(
    _ source: UnsafeMutablePointer<T>, _ batch: Int, _ channels: Int, _ inner: Int
  ) -> (Double, Double) {
    var (sum, squares) = (0.0, 0.0)
    for image in 0..<batch {
      for index in 0..<inner { sum += source[image * channels * inner + index].asDouble }
    }
    let count = Double(batch * inner)
    for image in 0..<batch {
      for index in 0..<inner {
        let distance = source[image * channels * inner + index].asDouble - sum / count
        squares += distance * distance
      }
    }
    return (sum / count, squares / count)
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("BatchNormalization") { context throws(GraphError) in
      let trains = try context.bool("training_mode", default: false)
      if try !context.bool("spatial", default: true) {
        throw context.unsupported("spatial", "0", expected: "1")
      }
      return BatchNormalizationOperator(
        epsilon: try context.float("epsilon", default: 1e-5),
        momentum: trains ? try context.float("momentum", default: 0.9) : nil)
    }
  }
}
