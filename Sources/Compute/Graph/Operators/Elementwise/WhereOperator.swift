/// Where: picks from the second or third input by the first; all three broadcast.
struct WhereOperator: Operator {
  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let condition = try inputs.type(0, among: [.bool])
    let (left, right) = (try inputs.type(1), try inputs.type(2))
    guard left.dataType == right.dataType else {
      throw GraphError(
        code: .typeMismatch,
        message: "both choices must have the same type: \(left.dataType), \(right.dataType)")
    }
    let choices = TensorType(left.dataType, try broadcastShape(left, right))
    return [TensorType(left.dataType, try broadcastShape(condition, choices))]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let output = try operands.output()
    let condition = try operands.input(0)
    let (left, right) = (try operands.input(1), try operands.input(2))
    let choose = StridedWalk(
      output.shape,
      strides: [condition, left, right].map {
        Broadcast.strides($0.shape, output.shape.count)
      })
    let flags = condition.pointer(UInt8.self)
    if let target = output.strings, let a = left.strings, let b = right.strings {
      return {
        let (a, b) = (
          StringFraming.elements(a.bytes) ?? [], StringFraming.elements(b.bytes) ?? []
        )
        target.removeAll()
        choose.forEach { _, offsets in
          let element = flags[offsets.0] != 0 ? a[offsets.1] : b[offsets.2]
          element.withUnsafeBytes { target.append(element: $0) }
        }
      }
    }
    switch output.dataType.elementByteCount {
    case 1: return Self.step(UInt8.self, choose, flags, left, right, output)
    case 2: return Self.step(UInt16.self, choose, flags, left, right, output)
    case 4: return Self.step(UInt32.self, choose, flags, left, right, output)
    default: return Self.step(UInt64.self, choose, flags, left, right, output)
    }
  }

  private static func step<T: BitwiseCopyable>(
    _ type: T.Type, _ choose: StridedWalk, _ flags: UnsafeMutablePointer<UInt8>,
    _ left: Operand, _ right: Operand, _ output: Operand
  ) -> Step {
    let (a, b, c) = (left.pointer(T.self), right.pointer(T.self), output.pointer(T.self))
    return {
      choose.forEach { index, offsets in
        c[index] = flags[offsets.0] != 0 ? a[offsets.1] : b[offsets.2]
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Where") { _ in WhereOperator() }
  }
}
