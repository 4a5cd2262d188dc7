/// BatchNormalization at inference: per channel, (x - mean) / sqrt(variance + ε) * scale + bias.
struct BatchNormalizationOperator: Operator {
  let epsilon: Float

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
    return [type]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    step(try operands.input(0).dataType.numeric(), operands)
  }

  private func step<T: Element>(_ type: T.Type, _ operands: Operands) -> Step? {
    guard let input = operands.optional(0), let output = operands.optionalOutput(0),
      let mean = operands.optional(3), let variance = operands.optional(4),
      let scale = operands.optional(1), let bias = operands.optional(2)
    else { return nil }
    let channels = input.shape.count > 1 ? input.shape[1] : 1
    let batch = input.shape.first ?? 1
    let inner = channels * batch == 0 ? 0 : input.count / (channels * batch)
    let (source, target, epsilon) = (input.pointer(T.self), output.pointer(T.self), epsilon)
    let read = [scale, bias, mean, variance].map { Self.reader($0) }
    return {
      for channel in 0..<channels {
        let factor = read[0](channel) / (read[3](channel) + Double(epsilon)).squareRoot()
        let offset = read[1](channel) - read[2](channel) * factor
        for image in 0..<batch {
          let start = (image * channels + channel) * inner
          for index in start..<(start + inner) {
            target[index] = T(converting: source[index].asDouble * factor + offset)
          }
        }
      }
    }
  }

  /// Parameters may have another float type than the data.
  private static func reader(_ operand: Operand) -> (Int) -> Double {
    switch operand.dataType {
    case .fp64:
      let pointer = operand.pointer(Double.self)
      return { pointer[$0] }
    case .fp16:
      let pointer = operand.pointer(Half.self)
      return { pointer[$0].asDouble }
    case .bf16:
      let pointer = operand.pointer(BFloat.self)
      return { pointer[$0].asDouble }
    default:
      let pointer = operand.pointer(Float.self)
      return { Double(pointer[$0]) }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("BatchNormalization") { context throws(GraphError) in
      if try context.bool("training_mode", default: false) {
        throw context.unsupported("training_mode", "1", expected: "0")
      }
      if try !context.bool("spatial", default: true) {
        throw context.unsupported("spatial", "0", expected: "1")
      }
      return BatchNormalizationOperator(
        epsilon: try context.float("epsilon", default: 1e-5))
    }
  }
}
