/// MatMulInteger and QLinearMatMul: products of 8-bit integers, summed in 32 bits.
struct IntegerMatMulOperator: Operator {
  let product: IntegerProduct

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let (a, b, result) = try product.types(inputs)
    guard let left = a.shape, let right = b.shape else { return [TensorType(result, nil)] }
    let sizes = try MatMulOperator.sizes(left, right)
    for (index, size) in [(product.leftZero, sizes.m), (product.rightZero, sizes.n)] {
      try Self.check(inputs, index, size)
    }
    if product.isRequantizing {
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
    let (a, b) = (try operands.input(product.left), try operands.input(product.right))
    let sizes = try MatMulOperator.sizes(a.shape, b.shape)
    let (left, right) = (IntegerOperand(a), IntegerOperand(b))
    let (zeroA, zeroB) = product.zeros(operands)
    let result = try product.result(operands)
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
    registry.register("MatMulInteger") { _ in
      IntegerMatMulOperator(product: IntegerProduct(isRequantizing: false))
    }
    registry.register("QLinearMatMul") { _ in
      IntegerMatMulOperator(product: IntegerProduct(isRequantizing: true))
    }
  }
}
