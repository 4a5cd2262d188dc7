/// Range: numbers from a start to a limit by a step.
struct RangeOperator: Operator {
  var shapeOperands: [Int] { [0, 1, 2] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64, .int16, .int32, .int64, .fp16, .bf16])
    for index in 1...2 { _ = try inputs.type(index, among: [type.dataType]) }
    return [TensorType(type.dataType, [try Self.count(inputs) ?? -1])]
  }

  /// Numbers there will be; nil if only known at inference.
  private static func count(_ inputs: KnownInputs) throws(GraphError) -> Int? {
    var values: [Double] = []
    for index in 0...2 {
      guard let tensor = inputs.constant(index) else { return nil }
      guard tensor.elementCount == 1 else {
        throw GraphError(code: .shapeMismatch, message: "Range needs three scalars")
      }
      values += try tensor.numbers()
    }
    let count = ((values[1] - values[0]) / values[2]).rounded(.up)
    guard values[2] != 0, count.isFinite, count <= Double(Shape.elementCountMax) else {
      throw GraphError(
        code: .shapeOverflow,
        message: "Range may have \(Shape.elementCountMax) numbers, got \(count)")
    }
    return Int(max(0, count))
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let output = try operands.output()
    return step(
      try output.dataType.numeric(), try operands.input(0), try operands.input(2), output)
  }

  @_specialize(where T == Float)
  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  @_specialize(where T == Double)
  private func step<T: Element>(
    _ type: T.Type, _ start: Operand, _ delta: Operand, _ output: Operand
  ) -> Step {
    let (first, step) = (start.pointer(T.self), delta.pointer(T.self))
    let (target, count) = (output.pointer(T.self), output.count)
    let isFloat = output.dataType.isFloatingPoint
    return {
      var value = first[0]
      for index in 0..<count {
        target[index] =
          isFloat
          ? T(converting: first[0].asDouble + Double(index) * step[0].asDouble) : value
        value = T.add(value, step[0])
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Range") { _ in RangeOperator() }
  }
}
