/// FP32 products through the matrix kernels, with a constant right side packed at load.
enum GemmKernel {
  /// A right side that never changes. One that takes more than all weights may once its columns are
  /// rounded up to panels stays as it is.
  static func pack(
    _ tensor: Tensor?, transposed: Bool, _ context: OperatorContext
  ) -> PackedMatrix? {
    guard context.packsWeights, let tensor, tensor.dataType == .fp32, tensor.shape.count == 2,
      tensor.elementCount > 0
    else { return nil }
    let (rows, columns) =
      transposed ? (tensor.shape[1], tensor.shape[0]) : (tensor.shape[0], tensor.shape[1])
    guard let byteCount = PackedMatrix.byteCount(rowCount: rows, columnCount: columns),
      byteCount <= context.options.weightByteCountMax
    else { return nil }
    let base = UnsafePointer(tensor.storage.base.assumingMemoryBound(to: Float.self))
    let matrix = Matrix(base, rowStride: tensor.shape[1])
    return PackedMatrix(
      transposed ? matrix.transposed : matrix, rowCount: rows, columnCount: columns)
  }

  /// Where a product's bias comes in.
  enum Bias {
    case none
    /// One value per column, or per row: added by the kernel.
    case column(UnsafePointer<Float>)
    case row(UnsafePointer<Float>)
    /// Written to C before the product, which is then added (beta 1).
    case full(UnsafePointer<Float>, rowStride: Int, columnStride: Int)
  }

  /// Classifies C of Gemm; `beta` other than 1 goes through C itself.
  static func bias(_ operand: Operand?, beta: Float, m: Int, n: Int) -> Bias {
    guard let operand, beta != 0 else { return .none }
    let strides = Broadcast.strides(operand.shape, 2)
    let values = UnsafePointer(operand.f32)
    if beta == 1 && strides[1] == 1 && (strides[0] == 0 || m == 1) { return .column(values) }
    if beta == 1 && strides[0] == 1 && strides[1] == 0 && operand.count == m {
      return .row(values)
    }
    return .full(values, rowStride: strides[0], columnStride: strides[1])
  }
}
