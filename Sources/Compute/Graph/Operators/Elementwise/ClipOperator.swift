/// Clip: bounds as attributes before opset 11, as optional inputs since.
struct ClipOperator: Operator {
  let low: Double?
  let high: Double?

  var inPlaceInputs: [Int] { [0] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.numbers)
    for index in 1...2 {
      guard let bound = inputs.optional(index) else { continue }
      guard bound.dataType == type.dataType, bound.shape.map({ $0.isEmpty || $0 == [1] }) ?? true
      else {
        throw GraphError(
          code: .typeMismatch,
          message: "bounds must be \(type.dataType) scalars, got \(bound.dataType) "
            + Shape.describe(bound.shape))
      }
    }
    return [type]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    if input.dataType == .fp32, let output = operands.optionalOutput(0) {
      let (source, target, count) = (UnsafePointer(input.f32), output.f32, output.count)
      let (lowInput, highInput) = (operands.optional(1)?.f32, operands.optional(2)?.f32)
      let (low, high) = (low.map { Float($0) } ?? -.infinity, high.map { Float($0) } ?? .infinity)
      return {
        Elementwise.clamp(
          into: target, source, count: count, low: lowInput?.pointee ?? low,
          high: highInput?.pointee ?? high)
      }
    }
    return step(try input.dataType.numeric(), input, operands)
  }

  @_specialize(where T == Float)
  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  @_specialize(where T == Double)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ operands: Operands
  ) -> Step? {
    guard let output = operands.optionalOutput(0) else { return nil }
    let (source, target, count) = (input.pointer(T.self), output.pointer(T.self), output.count)
    let lowInput = operands.optional(1)?.pointer(T.self)
    let highInput = operands.optional(2)?.pointer(T.self)
    let (low, high) = (low.map { T(converting: $0) }, high.map { T(converting: $0) })
    return {
      let (low, high) = (lowInput?.pointee ?? low, highInput?.pointee ?? high)
      for index in 0..<count {
        var value = source[index]
        if let low { value = T.maximum(value, low) }
        if let high { value = T.minimum(value, high) }
        target[index] = value
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Clip") { context throws(GraphError) in
      ClipOperator(
        low: try context.float("min").map(Double.init),
        high: try context.float("max").map(Double.init))
    }
  }
}
