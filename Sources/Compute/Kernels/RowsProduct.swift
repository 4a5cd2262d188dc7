internal import CKernels

/// A · Bᵀ + bias of matrices that lie in rows, without packing: dot products. For few rows of B,
/// which would leave most of a packed panel empty.
public enum RowsProduct {
  /// Writes m × n values, `rowStride` elements from one row to the next. A is m × k, B is n × k;
  /// both have neighbouring columns side by side. `bias` has n values.
  public static func run(
    m: Int, n: Int, k: Int, _ a: Matrix, _ b: Matrix, bias: UnsafePointer<Float>? = nil,
    into output: UnsafeMutablePointer<Float>, rowStride: Int, kernels: Kernels = .active
  ) {
    precondition(a.columnStride == 1 && b.columnStride == 1, "rows must be dense")
    var call = ck_rows_product()
    (call.m, call.n, call.k) = (m, n, k)
    (call.a, call.aRow) = (a.base, a.rowStride)
    (call.b, call.bRow) = (b.base, b.rowStride)
    (call.bias, call.c, call.cRow) = (bias, output, rowStride)
    kernels.table.pointee.rowsProduct(&call)
  }
}
