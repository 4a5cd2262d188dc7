/// What the operators on 8-bit integers share: two factors with their zero points, and the sums as
/// they are or quantised again.
struct IntegerProduct {
  /// Whether the output is quantised again. The factors then have scales too.
  let isRequantizing: Bool

  /// Positions of the operands: both factors, and their zero points.
  var left: Int { 0 }
  var leftZero: Int { 2 }
  var right: Int { isRequantizing ? 3 : 1 }
  var rightZero: Int { isRequantizing ? 5 : 3 }

  /// The types of the factors and of the result.
  func types(
    _ inputs: KnownInputs
  ) throws(GraphError) -> (left: TensorType, right: TensorType, result: DataType) {
    let a = try inputs.type(left, among: IntegerOperand.types)
    let b = try inputs.type(right, among: IntegerOperand.types)
    try IntegerOperand.check(inputs, leftZero, a.dataType)
    try IntegerOperand.check(inputs, rightZero, b.dataType)
    guard isRequantizing else { return (a, b, .int32) }
    for index in [1, 4, 6] { _ = try inputs.type(index, among: DataType.floats) }
    return (a, b, try inputs.type(7, among: IntegerOperand.types).dataType)
  }

  /// Where the sums go: to the output, or another place for its elements.
  func result(
    _ operands: Operands, into place: Operand? = nil
  ) throws(GraphError) -> IntegerResult {
    let output: Operand
    if let place { output = place } else { output = try operands.output() }
    if !isRequantizing { return IntegerResult(output) }
    return try IntegerResult(
      output, scales: (try operands.input(1), try operands.input(4), try operands.input(6)),
      zero: operands.optional(7))
  }

  /// The zero points, where they are given.
  func zeros(_ operands: Operands) -> (left: IntegerOperand?, right: IntegerOperand?) {
    (
      operands.optional(leftZero).map { IntegerOperand($0) },
      operands.optional(rightZero).map { IntegerOperand($0) }
    )
  }
}
