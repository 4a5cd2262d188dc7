internal import Glibc

/// Min, Max, Sum and Mean over any number of broadcast inputs: a chain of binary steps.
struct VariadicOperator: Operator {
  let function: BinaryOperator.Function
  let isMean: Bool

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    var result = try inputs.type(0, among: isMean ? DataType.floats : DataType.numbers)
    for index in 1..<max(inputs.count, 1) {
      let next = try inputs.type(index)
      guard next.dataType == result.dataType else {
        throw GraphError(
          code: .typeMismatch,
          message: "all inputs must be \(result.dataType), input \(index) is \(next.dataType)")
      }
      result.shape = try broadcastShape(result, next)
    }
    return [result]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let output = try operands.output()
    var steps: [Step] = []
    let first = try operands.input(0)
    if operands.inputs.count == 1 {
      let (target, source, byteCount) = (output.bytes, first.bytes, output.byteCount)
      return { memcpy(target, source, byteCount) }
    }
    steps.append(try BinaryOperator.step(function, first, try operands.input(1), output))
    for index in 2..<max(2, operands.inputs.count) {
      steps.append(
        try BinaryOperator.step(function, output, try operands.input(index), output))
    }
    if isMean {
      steps.append(
        Self.scale(try output.dataType.numeric(), output, by: Double(operands.inputs.count)))
    }
    return inOrder(steps)
  }

  @_specialize(where T == Float)
  private static func scale<T: Element>(
    _ type: T.Type, _ output: Operand, by divisor: Double
  ) -> Step {
    let (target, count, divisor) = (output.pointer(T.self), output.count, T(converting: divisor))
    return { for index in 0..<count { target[index] = T.divide(target[index], divisor) } }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Min") { _ in VariadicOperator(function: .minimum, isMean: false) }
    registry.register("Max") { _ in VariadicOperator(function: .maximum, isMean: false) }
    registry.register("Sum") { _ in VariadicOperator(function: .add, isMean: false) }
    registry.register("Mean") { _ in VariadicOperator(function: .add, isMean: true) }
  }
}
