internal import CKernels

/// The f32 matrix product: C[m×n] = epilogue(A[m×k] · B[k×n]), C in row-major order.
///
/// This is the only place that decides on blocking, packing and threads; the tile itself is a leaf
/// kernel. Every element is summed along K in one order whatever the number of threads, so an
/// answer does not depend on it.
public enum SGEMM {
  /// C = epilogue(A · B) with B packed before. C must not overlap an operand.
  public static func run(
    m: Int, _ a: Matrix, _ b: PackedMatrix, into c: UnsafeMutablePointer<Float>, rowStride: Int,
    epilogue: Epilogue = Epilogue(), threads: ThreadPool? = nil
  ) {
    Product(
      m: m, n: b.columnCount, k: b.rowCount, left: .matrix(a), right: .packed(b), c: c,
      cRow: rowStride, epilogue: epilogue, kernels: b.kernels
    ).run(threads)
  }

  /// C = epilogue(A · B) with A packed before.
  public static func run(
    n: Int, _ a: PackedLeftMatrix, _ b: Matrix, into c: UnsafeMutablePointer<Float>,
    rowStride: Int, epilogue: Epilogue = Epilogue(), threads: ThreadPool? = nil
  ) {
    Product(
      m: a.rowCount, n: n, k: a.columnCount, left: .packed(a), right: .matrix(b), c: c,
      cRow: rowStride, epilogue: epilogue, kernels: a.kernels
    ).run(threads)
  }

  /// C = epilogue(A · B) of two matrices in memory; what pays is packed into scratch on the way.
  public static func run(
    m: Int, n: Int, k: Int, _ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Float>,
    rowStride: Int, epilogue: Epilogue = Epilogue(), kernels: Kernels = .active,
    threads: ThreadPool? = nil
  ) {
    Product(
      m: m, n: n, k: k, left: .matrix(a), right: .matrix(b), c: c, cRow: rowStride,
      epilogue: epilogue, kernels: kernels
    ).run(threads)
  }

  // Measured on Zen 4 (1 MiB of second cache), sizes 512 to 2048: touching C costs more than a panel
  // of B that comes from the second cache instead of the first, so K is cut late.

  /// MC: rows of A that are worked on together; MC · KC floats are half of the second cache.
  static func rowsPerBlock(_ kernels: Kernels) -> Int {
    126 / kernels.panelRows * kernels.panelRows
  }
  /// KC: C is read and written once per KC.
  static let depthPerBlock = 1024
  /// NC: columns of an unpacked B that are packed together; KC · NC floats stay in the third cache.
  static let columnsPerBlock = 512
}

/// One product, or the rectangle of one that a task computes.
struct Product {
  enum Left {
    case matrix(Matrix)
    case packed(PackedLeftMatrix)
  }
  enum Right {
    case matrix(Matrix)
    case packed(PackedMatrix)
  }
  let m: Int
  let n: Int
  let k: Int
  let left: Left
  let right: Right
  let c: UnsafeMutablePointer<Float>
  let cRow: Int
  let epilogue: Epilogue
  let kernels: Kernels
  /// Whether B is packed on the way; nil: where that pays.
  var packsRight: Bool?

  func run(_ threads: ThreadPool?) {
    guard m > 0, n > 0 else { return }
    guard threads != nil else { return compute(rows: 0..<m, columns: 0..<n) }
    // Reading B counts where there are few rows.
    let cost = Parallel.Cost.flops(2 * Double(m) * Double(n) * Double(k)) + .bytes(4 * n * k)
    let byRows: Bool
    if case .packed = left { byRows = false } else { byRows = m >= n || m >= 8 * kernels.panelRows }
    guard byRows else {
      Parallel.rows(n, multipleOf: kernels.panelColumns, cost: cost, on: threads, evenly: true) {
        compute(rows: 0..<m, columns: $0)
      }
      return
    }
    // No whole tiles: a share of one or two rows would be summed in another order.
    let units = (m + kernels.panelRows - 1) / kernels.panelRows
    Parallel.rows(units, cost: cost, on: threads, evenly: true) { share in
      compute(rows: m * share.lowerBound / units..<m * share.upperBound / units, columns: 0..<n)
    }
  }

  private func compute(rows: Range<Int>, columns: Range<Int>) {
    guard !rows.isEmpty, !columns.isEmpty else { return }
    if case .matrix(let b) = right, b.columnStride == 1,
      !(packsRight ?? !Self.readsInPlace(m: rows.count, n: n, k: k, kernels))
    {
      let lanes = kernels.vectorLanes
      let whole = columns.count / lanes * lanes
      if whole > 0 {
        blocks(rows, columns.lowerBound..<(columns.lowerBound + whole), packing: false)
      }
      if whole < columns.count {
        blocks(rows, (columns.lowerBound + whole)..<columns.upperBound, packing: true)
      }
      return
    }
    var column = columns.lowerBound
    let width: Int
    if case .packed = right { width = columns.count } else { width = SGEMM.columnsPerBlock }
    while column < columns.upperBound {
      let end = min(column + width, columns.upperBound)
      blocks(rows, column..<end, packing: true)
      column = end
    }
  }

  /// Packing B pays when several tiles of rows read it again, or when it does not fit the caches.
  static func readsInPlace(m: Int, n: Int, k: Int, _ kernels: Kernels) -> Bool {
    m <= 2 * kernels.panelRows || (m <= 144 && n * k <= 144 * 144)
  }

  /// Walks K and then the rows, for columns that are handled together.
  private func blocks(_ rows: Range<Int>, _ columns: Range<Int>, packing: Bool) {
    let table = kernels.table
    var block = ck_gemm_block()
    block.n = columns.count
    block.cRow = cRow
    let depthBlocks = max(1, (k + SGEMM.depthPerBlock - 1) / SGEMM.depthPerBlock)
    for depthBlock in 0..<depthBlocks {
      let depth = k * depthBlock / depthBlocks
      block.k = k * (depthBlock + 1) / depthBlocks - depth
      setRight(&block, columns, depth, packing)
      var row = rows.lowerBound
      while row < rows.upperBound {
        block.m = blockRows(rows, row)
        setLeft(&block, row, depth, columns.count)
        block.c = c + (row * cRow + columns.lowerBound)
        var part = epilogue
        if depthBlock > 0 { part.beta = 1 }
        if depthBlock < depthBlocks - 1 {
          (part.biasColumn, part.biasRow, part.activation) = (nil, nil, .none)
        }
        block.epilogue = part.kernelEpilogue(row: row, column: columns.lowerBound)
        table.pointee.sgemm(&block)
        row += block.m
      }
    }
  }

  /// Rows of the next block. Packed rows come in blocks of a fixed size; others in even shares.
  private func blockRows(_ rows: Range<Int>, _ row: Int) -> Int {
    let most = SGEMM.rowsPerBlock(kernels)
    let rest = rows.upperBound - row
    if case .packed = left { return min(most, rest) }
    let blocks = (rest + most - 1) / most
    return (rest + blocks - 1) / blocks
  }

  private func setRight(
    _ block: inout ck_gemm_block, _ columns: Range<Int>, _ depth: Int, _ packing: Bool
  ) {
    switch right {
    case .packed(let packed):
      block.bIsPacked = true
      block.bPanel = packed.panelStride
      block.bFirstRow = depth
      block.b = UnsafePointer(
        packed.storage.base + columns.lowerBound / kernels.panelColumns * packed.panelStride)
    case .matrix(let matrix):
      let part = matrix.dropping(rows: depth, columns: columns.lowerBound)
      guard packing else {
        block.b = part.base
        block.bRow = part.rowStride
        return
      }
      let panel = block.k * kernels.panelColumns
      let panels = (columns.count + kernels.panelColumns - 1) / kernels.panelColumns
      let scratch = Scratch.right.floats(panels * panel)
      kernels.table.pointee.sgemmPackB(
        scratch, panel, part.base, part.rowStride, part.columnStride, block.k, columns.count)
      block.bIsPacked = true
      block.bPanel = panel
      block.b = UnsafePointer(scratch)
    }
  }

  private func setLeft(_ block: inout ck_gemm_block, _ row: Int, _ depth: Int, _ columns: Int) {
    switch left {
    case .packed(let packed):
      block.aIsPacked = true
      block.aPackedColumns = k
      block.aFirstColumn = depth
      block.a = UnsafePointer(packed.storage.base + row * k)
    case .matrix(let matrix):
      let part = matrix.dropping(rows: row, columns: depth)
      block.a = part.base
      block.aRow = part.rowStride
      block.aColumn = part.columnStride
      guard packsLeft(part, rows: block.m, depth: block.k, columns: columns) else {
        // A single column is "contiguous" along K whatever its stride says.
        return
      }
      if part.columnStride == 1 {
        // Rows one cache line longer than they need to be fall into sets of their own.
        let stride = block.k + 16
        let scratch = Scratch.left.floats(block.m * stride)
        for row in 0..<block.m {
          (scratch + row * stride).update(from: part.base + row * part.rowStride, count: block.k)
        }
        block.a = UnsafePointer(scratch)
        block.aRow = stride
        return
      }
      let scratch = Scratch.left.floats(block.m * block.k)
      kernels.table.pointee.sgemmPackA(
        scratch, part.base, part.rowStride, part.columnStride, block.m, block.k)
      block.aIsPacked = true
      block.aPackedColumns = block.k
      block.aFirstColumn = 0
      block.a = UnsafePointer(scratch)
    }
  }

  /// The tile reads rows contiguous along K, or columns contiguous along M. Rows that lie a large
  /// power of two apart share few cache sets, and then a copy is cheaper than the conflicts.
  private func packsLeft(_ a: Matrix, rows: Int, depth: Int, columns: Int) -> Bool {
    if a.columnStride != 1 && a.rowStride != 1 { return true }
    let stride = a.columnStride == 1 ? a.rowStride : a.columnStride
    return stride >= 512 && stride % 64 == 0 && columns >= 4 * kernels.panelColumns && rows > 4
  }
}
