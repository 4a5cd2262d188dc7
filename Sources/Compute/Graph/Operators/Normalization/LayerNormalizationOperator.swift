/// LayerNormalization: zero mean and unit variance over the dimensions from `axis` on, then
/// scale and bias, which broadcast to those dimensions. SimplifiedLayerNormalization leaves the
/// mean where it is, and gives no such output.
struct LayerNormalizationOperator: Operator {
  let axis: Int
  let epsilon: Float
  let isCentered: Bool

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    let scale = try inputs.type(1, among: [type.dataType])
    let statistics = isCentered ? 2 : 1
    guard let shape = type.shape else {
      return [type] + [TensorType](repeating: TensorType(.fp32, nil), count: statistics)
    }
    let axis = try normalizedAxis(axis, rank: shape.count)
    for parameter in [scale, inputs.optional(2)] {
      guard let size = parameter?.shape else { continue }
      guard parameter?.dataType == type.dataType,
        Shape.broadcast(Array(shape[axis...]), size)?.count == shape.count - axis
          || Shape.broadcast(shape, size) == shape
      else {
        throw GraphError(
          code: .shapeMismatch,
          message: "scale and bias must broadcast to \(Shape.describe(Array(shape[axis...]))), "
            + "got \(Shape.describe(size))")
      }
    }
    let row = TensorType(.fp32, shape.indices.map { $0 < axis ? shape[$0] : 1 })
    return [type] + [TensorType](repeating: row, count: statistics)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    // The kernel always centres.
    if isCentered, let step = try kernelStep(operands) { return step }
    return step(
      try input.dataType.numeric(), try normalizedAxis(axis, rank: input.shape.count), operands)
  }

  @_specialize(where T == Float)
  private func step<T: Element>(_ type: T.Type, _ axis: Int, _ operands: Operands) -> Step? {
    guard let input = operands.optional(0), let output = operands.optionalOutput(0),
      let scale = operands.optional(1)
    else { return nil }
    let outer = Shape.product(input.shape[..<axis])
    let size = Shape.product(input.shape[axis...])
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let bias = operands.optional(2)
    let mean = isCentered ? operands.optionalOutput(1)?.f32 : nil
    let inverse = operands.optionalOutput(isCentered ? 2 : 1)?.f32
    let (weights, offsets) = (scale.pointer(T.self), bias?.pointer(T.self))
    let walk = StridedWalk(
      input.shape,
      strides: [
        Broadcast.strides(scale.shape, input.shape.count),
        bias.map { Broadcast.strides($0.shape, input.shape.count) }
          ?? [Int](repeating: 0, count: input.shape.count),
      ])
    let (epsilon, isCentered) = (Double(epsilon), isCentered)
    return {
      for row in 0..<outer {
        let (from, to) = (source + row * size, target + row * size)
        let moments = Moments(from, count: size, epsilon: epsilon, isCentered: isCentered)
        for index in 0..<size {
          to[index] = T(converting: (from[index].asDouble - moments.mean) * moments.factor)
        }
        mean?[row] = Float(moments.mean)
        inverse?[row] = Float(moments.factor)
      }
      walk.forEach { index, at in
        let scaled = T.multiply(target[index], weights[at.0])
        target[index] = offsets.map { T.add(scaled, $0[at.1]) } ?? scaled
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    // ONNX Runtime keeps the simplified one in the standard's domain.
    for (name, domain, isCentered) in [
      ("LayerNormalization", "", true), ("SimplifiedLayerNormalization", "", false),
      ("SimplifiedLayerNormalization", contributed, false),
    ] {
      registry.register(name, domain: domain) { context throws(GraphError) in
        LayerNormalizationOperator(
          axis: try context.int("axis", default: -1),
          epsilon: try context.float("epsilon", default: 1e-5), isCentered: isCentered)
      }
    }
  }
}
