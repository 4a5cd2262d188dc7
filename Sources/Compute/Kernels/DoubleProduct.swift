internal import CKernels

/// C[m×n] = A · B, or C += A · B, of doubles on the calling thread: what fits models to data needs more
/// digits than `SGEMM` has.
public enum DoubleProduct {
  /// A borrowed matrix: element (i, j) is at `base[i * row + j * column]`.
  public struct Matrix {
    var base: UnsafePointer<Double>
    var row: Int
    var column: Int

    /// A matrix by its element strides.
    public init(_ base: UnsafePointer<Double>, row: Int, column: Int) {
      self.base = base
      self.row = row
      self.column = column
    }
  }

  /// Columns that a panel of C has: a narrower product takes as long as one of so many.
  public static func panelColumns(_ kernels: Kernels = .active) -> Int { kernels.vectorLanes }

  /// Every element is summed along K in one order. C's columns lie side by side, and it overlaps no
  /// operand.
  public static func run(
    m: Int, n: Int, k: Int, _ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Double>,
    rowStride: Int, accumulates: Bool = false, kernels: Kernels = .active
  ) {
    guard m > 0, n > 0, let kernel = ck_product_of(kernels.table, Int(CK_F64)) else { return }
    var call = ck_product()
    (call.m, call.n, call.k) = (m, n, k)
    call.a = UnsafeRawPointer(a.base)
    call.b = UnsafeRawPointer(b.base)
    call.c = UnsafeMutableRawPointer(c)
    (call.aRow, call.aColumn) = (a.row, a.column)
    (call.bRow, call.bColumn, call.cRow) = (b.row, b.column, rowStride)
    call.accumulates = accumulates
    kernel(&call)
  }
}
