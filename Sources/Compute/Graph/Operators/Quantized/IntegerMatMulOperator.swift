internal import CKernels

/// MatMulInteger and QLinearMatMul: products of 8-bit integers, summed in 32 bits.
struct IntegerMatMulOperator: Operator {
  let product: IntegerProduct
  /// A constant signed right side, for the dot-product kernel.
  var packed: PackedIntegers?

  var weightByteCount: Int { packed?.byteCount ?? 0 }

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
    if let packed, a.dataType == .uint8, operands.optional(product.leftZero)?.count ?? 1 == 1 {
      let (sums, threads) = (try operands.output().pointer(Int32.self), operands.threadPool)
      let rows = Shape.product(sizes.batch[...]) * sizes.m
      let values = UnsafePointer(a.pointer(UInt8.self))
      return {
        packed.multiply(values, rows: rows, zeroA?[0] ?? 0, zeroB, into: sums, threads)
      }
    }
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
    registry.register("MatMulInteger") { context in
      IntegerMatMulOperator(
        product: IntegerProduct(isRequantizing: false), packed: PackedIntegers(context, input: 1))
    }
    registry.register("QLinearMatMul") { _ in
      IntegerMatMulOperator(product: IntegerProduct(isRequantizing: true))
    }
  }
}

/// The right side of products of 8-bit integers, in the order of the dot-product kernel, with the sum
/// of each column: what the left side's zero point is multiplied with.
final class PackedIntegers: Sendable {
  private let panels: TensorStorage
  private let columnSums: [Int32]
  private let (depth, columns): (Int, Int)
  private let kernels: Kernels

  var byteCount: Int { panels.byteCount + columnSums.count * MemoryLayout<Int32>.stride }

  /// nil where the input is no constant matrix that the kernel takes. It reads rows in place, so
  /// they must be whole groups of four.
  init?(_ context: OperatorContext, input: Int, kernels: Kernels = .active) {
    guard context.packsWeights, let tensor = context.constant(input), tensor.dataType == .int8,
      tensor.shape.count == 2, tensor.elementCount > 0, tensor.shape[0] % 4 == 0,
      kernels.table.pointee.hasVNNI
    else { return nil }
    (depth, columns) = (tensor.shape[0], tensor.shape[1])
    self.kernels = kernels
    let (k, n, width) = (tensor.shape[0], tensor.shape[1], kernels.panelColumns)
    let values = tensor.storage.base.assumingMemoryBound(to: Int8.self)
    panels = TensorStorage(byteCount: (n + width - 1) / width * width * k) {
      guard let base = $0.baseAddress else { return }
      kernels.table.pointee.igemmPackB(base.assumingMemoryBound(to: Int8.self), values, n, k, n)
    }
    var sums = [Int32](repeating: 0, count: n)
    for row in 0..<k {
      for column in 0..<n { sums[column] &+= Int32(values[row * n + column]) }
    }
    columnSums = sums
  }

  /// C = (A - zeroA) · (B - zeroB), exactly, from A · B and the sums of rows and columns.
  func multiply(
    _ a: UnsafePointer<UInt8>, rows: Int, _ zeroA: Int32, _ zeroB: IntegerOperand?,
    into c: UnsafeMutablePointer<Int32>, _ threads: ThreadPool?
  ) {
    let work = 2.0 * Double(rows) * Double(columns) * Double(depth)
    // The kernel does four times as much in the time of a product of floats.
    let tasks = threads != nil && work >= 4 * ThreadPool.grainFlops ? min(rows, 2) : 1
    let compute = { [self] (task: Int) in
      let (first, last) = (rows * task / tasks, rows * (task + 1) / tasks)
      let (k, n) = (depth, columns)
      let packed = UnsafePointer(panels.base.assumingMemoryBound(to: Int8.self))
      kernels.table.pointee.igemm(c + first * n, n, a + first * k, k, packed, last - first, n, k)
      let shifts = zeroB.map { zero in (0..<n).contains { zero.shared($0) != 0 } } ?? false
      guard shifts || zeroA != 0 else { return }
      columnSums.withUnsafeBufferPointer { sums in
        for row in first..<last {
          let target = c + row * n
          for column in 0..<n { target[column] &-= zeroA &* sums[column] }
          guard shifts, let zeroB else { continue }
          var sum = 0 &- Int32(k) &* zeroA
          for index in 0..<k { sum &+= Int32(a[row * k + index]) }
          for column in 0..<n { target[column] &-= zeroB.shared(column) &* sum }
        }
      }
    }
    if tasks > 1, let threads { threads.run(tasks, compute) } else { compute(0) }
  }
}
