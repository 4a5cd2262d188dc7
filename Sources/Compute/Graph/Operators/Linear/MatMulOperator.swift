/// MatMul with NumPy's rules: vectors gain a dimension that is dropped again, leading
/// dimensions broadcast.
struct MatMulOperator: Operator {
  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let a = try inputs.type(0, among: DataType.numbers)
    let b = try inputs.type(1, among: [a.dataType])
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
    let (a, b) = (try operands.input(0), try operands.input(1))
    let sizes = try Self.sizes(a.shape, b.shape)
    return step(try a.dataType.numeric(), sizes, a, b, try operands.output())
  }

  private func step<T: Element>(
    _ type: T.Type, _ sizes: Sizes, _ a: Operand, _ b: Operand, _ output: Operand
  ) -> Step {
    let walk = StridedWalk(
      sizes.batch,
      strides: [
        Broadcast.strides(sizes.leftBatch, sizes.batch.count),
        Broadcast.strides(sizes.rightBatch, sizes.batch.count),
      ])
    let product = MatrixProduct.Sizes(m: sizes.m, n: sizes.n, k: sizes.k)
    let (left, right, target) = (
      a.pointer(T.self), b.pointer(T.self), output.pointer(T.self)
    )
    let isInteger = output.dataType.isInteger
    return {
      walk.forEach { index, offsets in
        MatrixProduct.multiply(
          product,
          .init(pointer: left + offsets.0 * product.m * product.k, row: product.k, column: 1),
          .init(pointer: right + offsets.1 * product.k * product.n, row: product.n, column: 1),
          target + index * product.m * product.n, isInteger: isInteger)
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("MatMul") { _ in MatMulOperator() }
  }
}
