/// Trilu: keeps the upper or lower triangle of matrices, zeros elsewhere.
struct TriluOperator: Operator {
  let keepsUpper: Bool

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    if inputs.optional(1) != nil { _ = try inputs.type(1, among: [.int64]) }
    try inputs.checkScalar(1)
    guard type.shape.map({ $0.count >= 2 }) ?? true, type.dataType != .string else {
      throw GraphError(
        code: .shapeMismatch, message: "Trilu needs matrices, got \(Shape.describe(type.shape))")
    }
    return [type]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    let (rows, columns) = (input.shape[input.shape.count - 2], input.shape.last ?? 1)
    let diagonal = operands.optional(1)?.pointer(Int64.self)
    let keepsUpper = keepsUpper
    return ElementMove.step(input, try operands.output()) { index in
      let (row, column) = (index / columns % rows, index % columns)
      let limit = diagonal.map { Int($0.pointee) } ?? 0
      let distance = column - row
      return (keepsUpper ? distance >= limit : distance <= limit) ? index : -1
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Trilu") { context throws(GraphError) in
      TriluOperator(keepsUpper: try context.bool("upper", default: true))
    }
    registry.register("EyeLike") { context throws(GraphError) in
      let code = try context.int("dtype")
      if let code, DataType(onnxCode: code) == nil {
        throw context.unsupported("dtype", "\(code)", expected: "a type of numbers")
      }
      return EyeOperator(
        type: code.flatMap { DataType(onnxCode: $0) }, diagonal: try context.int("k", default: 0))
    }
  }
}

/// EyeLike: ones on a diagonal.
struct EyeOperator: Operator {
  let type: DataType?
  let diagonal: Int

  var readsShapesOnly: Bool { true }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let input = try inputs.type(0)
    guard input.shape.map({ $0.count == 2 }) ?? true else {
      throw GraphError(
        code: .shapeMismatch, message: "needs a matrix, got \(Shape.describe(input.shape))")
    }
    return [TensorType(type ?? input.dataType, input.shape)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let output = try operands.output()
    if output.dataType == .bool { return step(UInt8.self, output) }
    return step(try output.dataType.numeric(), output)
  }

  private func step<T: Element>(_ type: T.Type, _ output: Operand) -> Step {
    let (target, columns, diagonal) = (output.pointer(T.self), output.shape[1], diagonal)
    let (zero, one) = (T.zero, T(converting: 1))
    return {
      for index in 0..<output.count {
        target[index] = index % columns - index / columns == diagonal ? one : zero
      }
    }
  }
}
