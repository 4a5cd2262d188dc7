internal import Glibc

/// Rows of a constant FP32 matrix by number; the last row is for numbers that are none of a row.
/// [..., 1] numbers give [..., columns].
struct RowLookup: Operator {
  private let table: Tensor

  init(_ context: OperatorContext) throws(GraphError) {
    guard let table = context.constant(1), table.dataType == .fp32, table.shape.count == 2,
      table.elementCount > 0
    else {
      throw GraphError(code: .invalidGraph, message: "RowLookup needs a constant FP32 matrix")
    }
    self.table = table
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let numbers = try inputs.type(0, among: [.int32, .int64])
    guard let shape = numbers.shape else { return [TensorType(.fp32, nil)] }
    guard shape.last == 1 else {
      throw GraphError(
        code: .shapeMismatch, message: "numbers must be [..., 1], got \(Shape.describe(shape))")
    }
    return [TensorType(.fp32, shape.dropLast() + [table.shape[1]])]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (numbers, output) = (try operands.input(0), try operands.output())
    let rowByteCount = table.shape[1] * MemoryLayout<Float>.stride
    let (rows, last, target) = (try operands.input(1).bytes, table.shape[0] - 1, output.bytes)
    let (count, isWide) = (numbers.count, numbers.dataType == .int64)
    return {
      for index in 0..<count {
        let number =
          isWide
          ? Int(numbers.pointer(Int64.self)[index]) : Int(numbers.pointer(Int32.self)[index])
        let row = number >= 0 && number < last ? number : last
        memcpy(target + index * rowByteCount, rows + row * rowByteCount, rowByteCount)
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(FusedAttribute.rowLookup, domain: FusedAttribute.domain) {
      context throws(GraphError) in try RowLookup(context)
    }
  }
}
