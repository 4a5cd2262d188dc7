/// Imputer on INT64: what equals a number becomes another one, the same for all columns or one each.
struct IntegerImputer: Operator {
  private let replaced: Int64
  private let values: [Int64]

  init(_ context: OperatorContext, _ values: [Int]) throws(GraphError) {
    self.values = values.map { Int64($0) }
    replaced = Int64(try context.int("replaced_value_int64", default: 0))
  }

  var inPlaceInputs: [Int] { [0] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.int64])
    let (_, width) = FeatureRows.sizes(type.shape)
    guard values.count == 1 || width < 0 || values.count == width else {
      throw GraphError(
        code: .shapeMismatch,
        message: "imputed values must be 1 or \(width) for rows of \(width), got \(values.count)")
    }
    return [type]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let (source, target) = (input.pointer(Int64.self), output.pointer(Int64.self))
    let (count, replaced, values) = (input.count, replaced, values)
    return {
      for index in 0..<count {
        let value = source[index]
        target[index] = value == replaced ? values[index % values.count] : value
      }
    }
  }
}
