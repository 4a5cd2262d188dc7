/// IsNaN and IsInf.
struct FloatTestOperator: Operator {
  let test: @Sendable (Double) -> Bool
  /// The same over FP32.
  let loop: @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<UInt8>, Int) -> Void

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    [TensorType(.bool, try inputs.type(0, among: DataType.floats).shape)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    if input.dataType == .fp32 {
      let (source, target) = (input.f32, try operands.output().pointer(UInt8.self))
      let (loop, count) = (loop, input.count)
      return { loop(source, target, count) }
    }
    return step(try input.dataType.numeric(), input, try operands.output())
  }

  @_specialize(where T == Float)
  private func step<T: Element>(_ type: T.Type, _ input: Operand, _ output: Operand) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(UInt8.self))
    let (count, test) = (output.count, test)
    return { for index in 0..<count { target[index] = test(source[index].asDouble) ? 1 : 0 } }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("IsNaN") { _ in
      FloatTestOperator(test: { $0.isNaN }) { source, target, count in
        for index in 0..<count { target[index] = source[index].isNaN ? 1 : 0 }
      }
    }
    registry.register("IsInf") { context throws(GraphError) in
      let negative = try context.bool("detect_negative", default: true)
      let positive = try context.bool("detect_positive", default: true)
      let (least, most) = (negative ? -Float.infinity : .nan, positive ? Float.infinity : .nan)
      return FloatTestOperator(test: { $0.isInfinite && ($0 < 0 ? negative : positive) }) {
        source, target, count in
        for index in 0..<count {
          target[index] = source[index] == least || source[index] == most ? 1 : 0
        }
      }
    }
  }
}
