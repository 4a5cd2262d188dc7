internal import CKernels

/// C[m×n] = A · B of doubles, or of whole numbers of 32 and 64 bits, which wrap. FP32 has `SGEMM`.
enum ElementProduct {
  /// A matrix by its element strides.
  struct Matrix {
    var base: UnsafeRawPointer
    var row: Int
    var column: Int
  }

  static func suits(_ type: DataType, _ kernels: Kernels = .active) -> Bool {
    Elementwise.column(type).map { ck_product_of(kernels.table, $0) != nil } ?? false
  }

  /// C's rows lie one behind the other. The type is one that suits.
  static func run(
    _ type: DataType, m: Int, n: Int, k: Int, _ a: Matrix, _ b: Matrix,
    into c: UnsafeMutableRawPointer, kernels: Kernels = .active, threads: ThreadPool? = nil
  ) {
    guard m > 0, n > 0 else { return }
    guard let kernel = Elementwise.column(type).flatMap({ ck_product_of(kernels.table, $0) }),
      let byteCount = type.elementByteCount
    else { preconditionFailure("no kernel for products of \(type)") }
    func compute(_ rows: Range<Int>) {
      var call = ck_product()
      (call.m, call.n, call.k) = (rows.count, n, k)
      call.a = a.base + rows.lowerBound * a.row * byteCount
      (call.b, call.c) = (b.base, c + rows.lowerBound * n * byteCount)
      (call.aRow, call.aColumn) = (a.row, a.column)
      (call.bRow, call.bColumn, call.cRow) = (b.row, b.column, n)
      kernel(&call)
    }
    let work = 4 * Double(m) * Double(n) * Double(k)
    Parallel.rows(
      m, multipleOf: max(1, kernels.panelRows), cost: .flops(work), on: threads, evenly: true,
      compute)
  }
}
