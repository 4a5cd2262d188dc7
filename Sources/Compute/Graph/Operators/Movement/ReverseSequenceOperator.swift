/// ReverseSequence: turns round the first elements of every case, as many as its length says.
struct ReverseSequenceOperator: Operator {
  let batchAxis: Int
  let timeAxis: Int

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    let lengths = try inputs.type(1, among: [.int64])
    guard let shape = type.shape else { return [type] }
    guard shape.count >= 2, lengths.shape.map({ $0.count == 1 }) ?? true,
      shape[batchAxis] < 0 || lengths.shape?[0] ?? -1 < 0 || lengths.shape?[0] == shape[batchAxis]
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "lengths \(Shape.describe(lengths.shape)) do not fit \(Shape.describe(shape))")
    }
    return [type]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, lengths) = (try operands.input(0), Indices(try operands.input(1)))
    let strides = Shape.strides(input.shape)
    let (batch, time) = (batchAxis, timeAxis)
    let (batchSize, timeSize) = (input.shape[batch], input.shape[time])
    return ElementMove.step(input, try operands.output()) { index throws(ExecutionError) in
      let at = index / strides[time] % timeSize
      let length = lengths[index / strides[batch] % batchSize]
      guard length >= 0, length <= timeSize else {
        throw ExecutionError(
          code: .invalidValue, message: "lengths must be in 0...\(timeSize)")
      }
      return at < length ? index + (length - 1 - 2 * at) * strides[time] : index
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("ReverseSequence") { context throws(GraphError) in
      let batch = try context.int("batch_axis", default: 1)
      let time = try context.int("time_axis", default: 0)
      guard batch + time == 1, batch == 0 || batch == 1 else {
        throw GraphError(
          code: .invalidAttribute, message: "batch_axis and time_axis must be 0 and 1")
      }
      return ReverseSequenceOperator(batchAxis: batch, timeAxis: time)
    }
  }
}
