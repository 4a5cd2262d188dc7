internal import CKernels

/// The right operand of a product, in the order the kernels read it: panels of columns, contiguous
/// along K. Packed once (weights, at load), 64-byte aligned, in huge pages from 2 MiB on; read-only
/// and shared by all threads. Worth 2.6 times for products of 1 to 8 rows.
public final class PackedMatrix: Sendable {
  /// Rows: the K of the product.
  public let rowCount: Int
  /// Columns: the N of the product.
  public let columnCount: Int
  let kernels: Kernels
  let storage: AlignedFloats

  /// Copies a rowCount × columnCount matrix. Use `matrix.transposed` for weights that are stored
  /// with one row per output (ONNX Gemm with transB = 1).
  public convenience init(
    _ matrix: Matrix, rowCount: Int, columnCount: Int, kernels: Kernels = .active
  ) {
    var space = PackingSpace()
    self.init(rowCount: rowCount, columnCount: columnCount, kernels: kernels, in: &space)
    pack(matrix)
  }

  /// Memory for a matrix of this size, to be packed.
  init(rowCount: Int, columnCount: Int, kernels: Kernels, in space: inout PackingSpace) {
    precondition(rowCount >= 0 && columnCount >= 0, "a matrix has no negative size")
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.kernels = kernels
    let panelColumns = kernels.panelColumns
    let panels = (columnCount + panelColumns - 1) / panelColumns
    storage = space.floats(panels * panelColumns * rowCount)
  }

  /// Copies a matrix of the size it was made for.
  func pack(_ matrix: Matrix) { pack(matrix, columns: 0..<columnCount) }

  /// Copies some of its columns, from one that begins a panel on.
  func pack(_ matrix: Matrix, columns: Range<Int>) {
    precondition(columns.lowerBound % kernels.panelColumns == 0, "panels are written whole")
    if rowCount > 0, !columns.isEmpty {
      kernels.table.pointee.sgemmPackB(
        storage.base + columns.lowerBound * rowCount, panelStride, matrix.base, matrix.rowStride,
        matrix.columnStride, rowCount, columns.count)
    }
  }

  /// One element; slow.
  func element(_ row: Int, _ column: Int) -> Float {
    let (panel, place) = (column / kernels.panelColumns, column % kernels.panelColumns)
    // What is left for a last panel may be no more than one vector.
    let isNarrow = columnCount - panel * kernels.panelColumns <= kernels.vectorLanes
    let width = isNarrow ? kernels.vectorLanes : kernels.panelColumns
    return storage.base[panel * panelStride + row * width + place]
  }

  /// Bytes of memory that a matrix would hold: its columns are rounded up to panels. nil if no
  /// memory is that large.
  static func byteCount(
    rowCount: Int, columnCount: Int, kernels: Kernels = .active
  ) -> Int? {
    let panels = (columnCount + kernels.panelColumns - 1) / kernels.panelColumns
    return Shape.byteCount([rowCount, panels, kernels.panelColumns], .fp32)
  }

  /// Elements from one panel to the next.
  var panelStride: Int { rowCount * kernels.panelColumns }
  /// Bytes of memory held.
  public var byteCount: Int { storage.count * MemoryLayout<Float>.stride }
}

/// The left operand of a product, packed once: the weights of a convolution in NCHW order. Tiles of
/// rows in groups that fit the second cache beside their panel of B.
public final class PackedLeftMatrix: Sendable {
  /// Rows: the M of the product.
  public let rowCount: Int
  /// Columns: the K of the product.
  public let columnCount: Int
  let kernels: Kernels
  let storage: AlignedFloats

  /// Copies a rowCount × columnCount matrix.
  public init(_ matrix: Matrix, rowCount: Int, columnCount: Int, kernels: Kernels = .active) {
    precondition(rowCount >= 0 && columnCount >= 0, "a matrix has no negative size")
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.kernels = kernels
    storage = AlignedFloats(uninitializedCount: rowCount * columnCount)
    var row = 0
    while row < rowCount, columnCount > 0 {
      let rows = min(SGEMM.rowsPerBlock(kernels), rowCount - row)
      kernels.table.pointee.sgemmPackA(
        storage.base + row * columnCount, matrix.base + row * matrix.rowStride, matrix.rowStride,
        matrix.columnStride, rows, columnCount)
      row += rows
    }
  }

  /// Bytes of memory held.
  public var byteCount: Int { storage.count * MemoryLayout<Float>.stride }
}
