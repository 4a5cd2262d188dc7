internal import Glibc

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
    let output = try operands.output()
    let (source, target) = (input.bytes, output.bytes)
    let size = input.dataType.elementByteCount ?? 1
    let lineCount = columns == 0 ? 0 : output.count / columns
    return {
      // An offset beyond all numbers is as good as one beyond the matrix.
      let limit = diagonal.map { Int(max(-(1 << 40), min($0.pointee, 1 << 40))) } ?? 0
      for line in 0..<lineCount {
        // Columns before this one are below the diagonal that is kept, or on the other side of it.
        let first = line % rows + limit + (keepsUpper ? 0 : 1)
        let split = min(max(first, 0), columns) * size
        let (from, to) = (source + line * columns * size, target + line * columns * size)
        if keepsUpper {
          memset(to, 0, split)
          memmove(to + split, from + split, columns * size - split)
        } else {
          memmove(to, from, split)
          memset(to + split, 0, columns * size - split)
        }
      }
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
