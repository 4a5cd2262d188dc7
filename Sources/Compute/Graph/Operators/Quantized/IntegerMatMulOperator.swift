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

  /// Factors for the columns, and a right side that is not known before.
  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    if let packed {
      return product.isRequantizing ? packed.columnCount * MemoryLayout<Float>.stride : 0
    }
    guard let left = inputs.optional(product.left)?.shape,
      let right = inputs.optional(product.right)?.shape
    else { return 0 }
    let sizes = try MatMulOperator.sizes(left, right)
    guard let matrix = PackedIntegerMatrix.spaceByteCount(rowCount: sizes.k, columnCount: sizes.n)
    else {
      throw GraphError(code: .resourceExhausted, message: "the packed matrix is too large")
    }
    return matrix + PackingSpace.floatCount(sizes.n) * MemoryLayout<Float>.stride
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) -> Double {
    guard let shape = outputs[0].shape, let left = inputs.optional(product.left)?.shape else {
      return 0
    }
    // The kernels do some 64 multiplications in the time of a plain one.
    return Double(Shape.product(shape[...])) * Double(left.last ?? 1) / 64
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let a = try operands.input(product.left)
    if let packed { return try step(packed, a, operands) }
    let b = try operands.input(product.right)
    let sizes = try MatMulOperator.sizes(a.shape, b.shape)
    let (zeroA, zeroB) = product.zeros(operands)
    let (result, threads) = (try product.result(operands), operands.threadPool)
    let walk = StridedWalk(
      sizes.batch,
      strides: [
        Broadcast.strides(sizes.leftBatch, sizes.batch.count),
        Broadcast.strides(sizes.rightBatch, sizes.batch.count),
      ])
    let (m, n, k) = (sizes.m, sizes.n, sizes.k)
    let factors = operands.scratch.assumingMemoryBound(to: Float.self)
    var space = PackingSpace(factors + PackingSpace.floatCount(n))
    let matrix = PackedIntegerMatrix(
      rowCount: k, columnCount: n, isUnsigned: b.dataType == .uint8, in: &space)
    return {
      let prepared = result.prepare(factors, count: n) ? UnsafePointer(factors) : nil
      var packedOffset = -1
      walk.forEach { index, offsets in
        // The same matrix for many on the left is packed once.
        if offsets.1 != packedOffset { matrix.pack(b.bytes + offsets.1 * k * n, rowStride: n) }
        packedOffset = offsets.1
        IGEMM(
          right: matrix, left: UnsafeRawPointer(a.bytes + offsets.0 * m * k),
          leftIsUnsigned: a.dataType == .uint8, rowCount: m,
          leftZero: { zeroA?.shared($0) ?? 0 }, rightZero: zeroB?.rightZero() ?? .one(0)
        ).run(threads: threads) { row, column, sums in
          result.store(
            sums, at: (index * m + row) * n + column, row: row, column: column, factors: prepared)
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
    let factors = operands.scratch.assumingMemoryBound(to: Float.self)
    return {
      let prepared = result.prepare(factors, count: n) ? UnsafePointer(factors) : nil
      IGEMM(
        right: packed, left: UnsafeRawPointer(a.bytes), leftIsUnsigned: a.dataType == .uint8,
        rowCount: rows, leftZero: { zeroA?.shared($0 % m) ?? 0 },
        rightZero: zeroB?.rightZero() ?? .one(0)
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
