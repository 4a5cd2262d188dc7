/// MatMul with NumPy's rules: vectors gain a dimension that is dropped again, leading
/// dimensions broadcast.
struct MatMulOperator: Operator {
  private let packed: PackedMatrix?
  private let packedShape: [Int]?
  /// Whether input 2 is a row that is added to every row of the result.
  private let hasBias: Bool

  init(_ context: OperatorContext) {
    hasBias = context.node.domain == FusedAttribute.domain
    packed = GemmKernel.pack(context.constant(1), transposed: false, context)
    packedShape = context.constant(1)?.shape
  }

  var weightByteCount: Int { packed?.byteCount ?? 0 }

  func reads(input index: Int) -> Bool { index != 1 || packed == nil }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let a = try inputs.type(0, among: DataType.numbers)
    // A packed right side is no input any more.
    let b = packed == nil ? try inputs.type(1) : TensorType(.fp32, packedShape)
    guard a.dataType == b.dataType else {
      throw GraphError(
        code: .typeMismatch, message: "MatMul needs equal types: \(a.dataType), \(b.dataType)")
    }
    guard let left = a.shape, let right = b.shape else { return [TensorType(a.dataType, nil)] }
    return [TensorType(a.dataType, try Self.sizes(left, right).result)]
  }

  /// Both operands as stacks of matrices.
  struct Sizes {
    var m: Int
    var n: Int
    var k: Int
    var batch: [Int]
    var leftBatch: [Int]
    var rightBatch: [Int]
    var result: [Int]
  }

  static func sizes(_ left: [Int], _ right: [Int]) throws(GraphError) -> Sizes {
    let mismatch = GraphError(
      code: .shapeMismatch,
      message: "MatMul needs the inner sizes to agree: left is \(Shape.describe(left)), "
        + "right is \(Shape.describe(right))")
    guard !left.isEmpty, !right.isEmpty else { throw mismatch }
    let wideLeft = left.count == 1 ? [1] + left : left
    let wideRight = right.count == 1 ? right + [1] : right
    let (rows, columns) = (wideLeft.count, wideRight.count)
    let (k, other) = (wideLeft[rows - 1], wideRight[columns - 2])
    guard k == other || k < 0 || other < 0,
      let batch = Shape.broadcast(
        Array(wideLeft.dropLast(2)), Array(wideRight.dropLast(2)))
    else { throw mismatch }
    var result = batch
    if left.count > 1 { result.append(wideLeft[rows - 2]) }
    if right.count > 1 { result.append(wideRight[columns - 1]) }
    return Sizes(
      m: wideLeft[rows - 2], n: wideRight[columns - 1], k: max(k, other), batch: batch,
      leftBatch: Array(wideLeft.dropLast(2)), rightBatch: Array(wideRight.dropLast(2)),
      result: result)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let a = try operands.input(0)
    if let packed, let packedShape {
      let sizes = try Self.sizes(a.shape, packedShape)
      return try packedStep(packed, a, sizes, operands)
    }
    let b = try operands.input(1)
    let sizes = try Self.sizes(a.shape, b.shape)
    if a.dataType == .fp32 {
      if Shape.product(sizes.rightBatch[...]) == 1 { return try flatStep(a, b, sizes, operands) }
      return try kernelStep(a, b, sizes, operands)
    }
    precondition(!hasBias, "the pass that adds a bias does so in single precision only")
    return step(
      try a.dataType.numeric(), sizes, a, b, try operands.output(), operands.threadPool)
  }

  /// All leading dimensions of the left side are rows of one product.
  private func packedStep(
    _ packed: PackedMatrix, _ a: Operand, _ sizes: Sizes, _ operands: Operands
  ) throws(GraphError) -> Step {
    let rows = Shape.product(sizes.batch[...]) * sizes.m
    let left = Matrix(UnsafePointer(a.f32), rowStride: sizes.k)
    let (target, n, threads) = (try operands.output().f32, sizes.n, operands.threadPool)
    let bias = hasBias ? UnsafePointer(try operands.input(2).f32) : nil
    return {
      SGEMM.run(
        m: rows, left, packed, into: target, rowStride: n, epilogue: Epilogue(biasColumn: bias),
        threads: threads)
    }
  }

  /// One matrix on the right: all rows of the left side are one product, for which it is packed once.
  private func flatStep(
    _ a: Operand, _ b: Operand, _ sizes: Sizes, _ operands: Operands
  ) throws(GraphError) -> Step {
    let rows = Shape.product(sizes.batch[...]) * sizes.m
    let left = Matrix(UnsafePointer(a.f32), rowStride: sizes.k)
    let right = Matrix(UnsafePointer(b.f32), rowStride: sizes.n)
    let (target, n, k) = (try operands.output().f32, sizes.n, sizes.k)
    let threads = operands.threadPool
    let bias = hasBias ? UnsafePointer(try operands.input(2).f32) : nil
    return {
      SGEMM.run(
        m: rows, n: n, k: k, left, right, into: target, rowStride: n,
        epilogue: Epilogue(biasColumn: bias), threads: threads)
    }
  }

  private func kernelStep(
    _ a: Operand, _ b: Operand, _ sizes: Sizes, _ operands: Operands
  ) throws(GraphError) -> Step {
    let walk = Self.walk(sizes)
    let (left, right) = (UnsafePointer(a.f32), UnsafePointer(b.f32))
    let (target, threads) = (try operands.output().f32, operands.threadPool)
    let (m, n, k) = (sizes.m, sizes.n, sizes.k)
    let count = walk.count
    let cost = Parallel.Cost.flops(2 * Double(count) * Double(m) * Double(n) * Double(k))
    // Whole products side by side, or one after the other on all threads.
    let isWide = count >= threads?.participantCount ?? 1
    let inside = isWide ? nil : threads
    return {
      Parallel.rows(count, cost: cost, on: isWide ? threads : nil) { part in
        for index in part {
          let offsets = walk.offsets(at: index)
          SGEMM.run(
            m: m, n: n, k: k, Matrix(left + offsets.0 * m * k, rowStride: k),
            Matrix(right + offsets.1 * k * n, rowStride: n), into: target + index * m * n,
            rowStride: n, threads: inside)
        }
      }
    }
  }

  private static func walk(_ sizes: Sizes) -> StridedWalk {
    StridedWalk(
      sizes.batch,
      strides: [
        Broadcast.strides(sizes.leftBatch, sizes.batch.count),
        Broadcast.strides(sizes.rightBatch, sizes.batch.count),
      ])
  }

  private func step<T: Element>(
    _ type: T.Type, _ sizes: Sizes, _ a: Operand, _ b: Operand, _ output: Operand,
    _ threads: ThreadPool?
  ) -> Step {
    let walk = Self.walk(sizes)
    let product = MatrixProduct.Sizes(m: sizes.m, n: sizes.n, k: sizes.k)
    let (left, right, target) = (
      a.pointer(T.self), b.pointer(T.self), output.pointer(T.self)
    )
    let dataType = output.dataType
    return {
      walk.forEach { index, offsets in
        MatrixProduct.multiply(
          product,
          .init(pointer: left + offsets.0 * product.m * product.k, row: product.k, column: 1),
          .init(pointer: right + offsets.1 * product.k * product.n, row: product.n, column: 1),
          target + index * product.m * product.n, dataType: dataType, threads: threads)
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    for domain in ["", FusedAttribute.domain] {
      registry.register("MatMul", domain: domain) { MatMulOperator($0) }
    }
  }
}
