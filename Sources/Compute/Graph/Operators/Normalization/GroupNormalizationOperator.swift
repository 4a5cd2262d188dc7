/// InstanceNormalization and GroupNormalization: zero mean and unit variance over the pixels of
/// each group of channels of each image, then scale and bias.
struct GroupNormalizationOperator: Operator {
  /// nil: every channel is a group of its own.
  let groupCount: Int?
  let epsilon: Float

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    for index in 1...2 {
      let parameter = try inputs.type(index, among: [type.dataType])
      guard let shape = type.shape, let size = parameter.shape, shape.count >= 2, shape[1] >= 0
      else { continue }
      guard size.count == 1, size[0] < 0 || size[0] == shape[1] || size[0] == groupCount else {
        throw GraphError(
          code: .shapeMismatch,
          message: "input \(index) must have \(shape[1]) elements, got \(Shape.describe(size))")
      }
    }
    if let shape = type.shape {
      guard shape.count >= 2, shape[1] < 0 || shape[1] % (groupCount ?? 1) == 0 else {
        throw GraphError(
          code: .shapeMismatch,
          message: "\(groupCount ?? 1) groups do not fit \(Shape.describe(shape))")
      }
    }
    return [type]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    if input.count == 0 { return nil }
    if input.dataType == .fp32 { return try floatStep(input, operands) }
    return try step(try input.dataType.numeric(), input, operands)
  }

  /// FP32 in three walks over a group, each a loop over neighbours: centred, squared, scaled.
  private func floatStep(_ input: Operand, _ operands: Operands) throws(GraphError) -> Step {
    let channels = input.shape[1]
    let groups = groupCount ?? channels
    let plane = input.count / (input.shape[0] * channels)
    let (members, size) = (channels / groups, channels / groups * plane)
    let (source, target) = (input.f32, try operands.output().f32)
    let (scale, bias) = (try operands.input(1), try operands.input(2))
    let (factors, offsets) = (scale.f32, bias.f32)
    // Before opset 21 there was one factor a group.
    let perGroup = scale.count != channels
    let (rows, epsilon) = (input.shape[0] * groups, epsilon)
    return {
      for row in 0..<rows {
        let (from, to) = (source + row * size, target + row * size)
        var (sum, squares) = (Float(0), Float(0))
        Reduction.sum.run(.fp32, from, into: &sum, outer: 1, axis: size)
        let mean = sum / Float(size)
        for index in 0..<size { to[index] = from[index] - mean }
        Reduction.sumOfSquares.run(.fp32, to, into: &squares, outer: 1, axis: size)
        let inverse = 1 / (squares / Float(size) + epsilon).squareRoot()
        for member in 0..<members {
          let group = row % groups
          let at = perGroup ? group : group * members + member
          let (factor, offset, pixels) = (inverse * factors[at], offsets[at], to + member * plane)
          for index in 0..<plane { pixels[index] = pixels[index] * factor + offset }
        }
      }
    }
  }

  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ operands: Operands
  ) throws(GraphError) -> Step {
    let channels = input.shape[1]
    let groups = groupCount ?? channels
    let plane = input.count / (input.shape[0] * channels)
    let size = channels / groups * plane
    let (source, target) = (input.pointer(T.self), try operands.output().pointer(T.self))
    let (scale, bias) = (try operands.input(1), try operands.input(2))
    let (factors, offsets) = (scale.pointer(T.self), bias.pointer(T.self))
    // Before opset 21 there was one factor a group.
    let perGroup = scale.count != channels
    let (rows, epsilon) = (input.shape[0] * groups, Double(epsilon))
    return {
      for row in 0..<rows {
        let (from, to) = (source + row * size, target + row * size)
        let moments = Moments(from, count: size, epsilon: epsilon)
        for index in 0..<size {
          let group = row % groups
          let at = perGroup ? group : group * (channels / groups) + index / plane
          let value = (from[index].asDouble - moments.mean) * moments.factor
          to[index] = T(converting: value * factors[at].asDouble + offsets[at].asDouble)
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("InstanceNormalization") { context throws(GraphError) in
      GroupNormalizationOperator(
        groupCount: nil, epsilon: try context.float("epsilon", default: 1e-5))
    }
    registry.register("GroupNormalization") { context throws(GraphError) in
      guard let groups = try context.int("num_groups"), groups >= 1 else {
        throw GraphError(code: .invalidAttribute, message: "num_groups must be at least 1")
      }
      return GroupNormalizationOperator(
        groupCount: groups, epsilon: try context.float("epsilon", default: 1e-5))
    }
  }
}
