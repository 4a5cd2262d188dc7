/// MatMulInteger and QLinearMatMul: products of 8-bit integers, summed in 32 bits.
struct IntegerMatMulOperator: Operator {
  let product: IntegerProduct
  /// A constant right side, packed; it is no input any more.
  private let packed: PackedIntegerMatrix?
  private let packedType: TensorType?

  init(product: IntegerProduct, _ context: OperatorContext) {
    self.product = product
    guard context.packsWeights, let weight = context.constant(product.right),
      IntegerOperand.types.contains(weight.dataType), weight.shape.count == 2,
      weight.elementCount > 0
    else {
      (packed, packedType) = (nil, nil)
      return
    }
    packed = PackedIntegerMatrix(
      weight.storage.base, isUnsigned: weight.dataType == .uint8, rowStride: weight.shape[1],
      rowCount: weight.shape[0], columnCount: weight.shape[1])
    packedType = TensorType(weight.dataType, weight.shape)
  }

  var weightByteCount: Int { packed?.byteCount ?? 0 }

  func reads(input index: Int) -> Bool { index != product.right || packed == nil }

  func infer(_ given: KnownInputs) throws(GraphError) -> [TensorType] {
    var inputs = given
    if let packedType { inputs.types[product.right] = packedType }
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

  func scratchByteCount(_ inputs: KnownInputs) -> Int {
    product.isRequantizing ? (packed?.columnCount ?? 0) * MemoryLayout<Float>.stride : 0
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let a = try operands.input(product.left)
    if let packed { return try step(packed, a, operands) }
    let b = try operands.input(product.right)
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

  private func step(
    _ packed: PackedIntegerMatrix, _ a: Operand, _ operands: Operands
  ) throws(GraphError) -> Step {
    let (zeroA, zeroB) = product.zeros(operands)
    let (result, threads) = (try product.result(operands), operands.threadPool)
    let (rows, n) = (Shape.product(a.shape.dropLast()), packed.columnCount)
    // Parameters of a stack's rows are those of its matrix's.
    let m = max(1, a.shape.count > 1 ? a.shape[a.shape.count - 2] : 1)
    let rightZero = zeroB.map { zero in { (column: Int) in zero.shared(column) } }
    let factors = operands.scratch.assumingMemoryBound(to: Float.self)
    return {
      let prepared = result.prepare(factors, count: n) ? UnsafePointer(factors) : nil
      IGEMM(
        right: packed, left: UnsafeRawPointer(a.bytes), leftIsUnsigned: a.dataType == .uint8,
        rowCount: rows, leftZero: { zeroA?.shared($0 % m) ?? 0 },
        rightZero: zeroB?.isZero == false ? rightZero : nil
      ).run(threads: threads) { row, column, sums in
        result.store(sums, at: row * n + column, row: row % m, column: column, factors: prepared)
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("MatMulInteger") {
      IntegerMatMulOperator(product: IntegerProduct(isRequantizing: false), $0)
    }
    registry.register("QLinearMatMul") {
      IntegerMatMulOperator(product: IntegerProduct(isRequantizing: true), $0)
    }
  }
}
