/// MatMulInteger and QLinearMatMul: products of 8-bit integers, summed in 32 bits.
struct IntegerMatMulOperator: Operator {
  /// Whether the output is quantised again.
  let isRequantizing: Bool

  /// Positions of the operands: A, its zero point, B, its zero point.
  private var places: (a: Int, zeroA: Int, b: Int, zeroB: Int) {
    isRequantizing ? (0, 2, 3, 5) : (0, 2, 1, 3)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let places = places
    let a = try inputs.type(places.a, among: IntegerOperand.types)
    let b = try inputs.type(places.b, among: IntegerOperand.types)
    try IntegerOperand.check(inputs, places.zeroA, a.dataType)
    try IntegerOperand.check(inputs, places.zeroB, b.dataType)
    var result = DataType.int32
    if isRequantizing {
      for index in [1, 4, 6] { _ = try inputs.type(index, among: DataType.floats) }
      result = try inputs.type(7, among: IntegerOperand.types).dataType
    }
    guard let left = a.shape, let right = b.shape else { return [TensorType(result, nil)] }
    let sizes = try MatMulOperator.sizes(left, right)
    for (index, size) in [(places.zeroA, sizes.m), (places.zeroB, sizes.n)] {
      try Self.check(inputs, index, size)
    }
    if isRequantizing {
      for (index, size) in [(1, sizes.m), (4, sizes.n), (6, 1), (7, 1)] {
        try Self.check(inputs, index, size)
      }
    }
    return [TensorType(result, sizes.result)]
  }

  /// A parameter has one element, or one per row or column.
  private static func check(
    _ inputs: KnownInputs, _ index: Int, _ size: Int
  ) throws(GraphError) {
    guard let shape = inputs.optional(index)?.shape, let count = Shape.elementCount(shape),
      size >= 0
    else { return }
    guard count == 1 || count == size else {
      throw GraphError(
        code: .shapeMismatch,
        message: "input \(index) must have 1 or \(size) elements, got \(Shape.describe(shape))")
    }
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let places = places
    let (a, b) = (try operands.input(places.a), try operands.input(places.b))
    let output = try operands.output()
    let sizes = try MatMulOperator.sizes(a.shape, b.shape)
    let (left, right) = (IntegerOperand(a), IntegerOperand(b))
    let zeroA = operands.optional(places.zeroA).map { IntegerOperand($0) }
    let zeroB = operands.optional(places.zeroB).map { IntegerOperand($0) }
    let result =
      isRequantizing
      ? try IntegerResult(
        output,
        scales: (try operands.input(1), try operands.input(4), try operands.input(6)),
        zero: operands.optional(7)) : IntegerResult(output)
    let walk = StridedWalk(
      sizes.batch,
      strides: [
        Broadcast.strides(sizes.leftBatch, sizes.batch.count),
        Broadcast.strides(sizes.rightBatch, sizes.batch.count),
      ])
    let (m, n, k) = (sizes.m, sizes.n, sizes.k)
    return {
      walk.forEach { index, offsets in
        for row in 0..<m {
          let shiftA = zeroA?.shared(row) ?? 0
          for column in 0..<n {
            let shiftB = zeroB?.shared(column) ?? 0
            var sum: Int32 = 0
            for inner in 0..<k {
              let x = left[(offsets.0 * m + row) * k + inner] &- shiftA
              let y = right[(offsets.1 * k + inner) * n + column] &- shiftB
              sum = sum &+ x &* y
            }
            result.store(sum, at: (index * m + row) * n + column, row: row, column: column)
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("MatMulInteger") { _ in IntegerMatMulOperator(isRequantizing: false) }
    registry.register("QLinearMatMul") { _ in IntegerMatMulOperator(isRequantizing: true) }
  }
}
