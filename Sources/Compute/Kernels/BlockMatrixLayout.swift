internal import CKernels

/// Where a matrix's packed weights lie.
///
/// Blocks: groups of as many rows as a vector has lanes, one behind the other. Plain numbers: panels
/// of twice as many rows, a row of them per column, as they come (f32, f16, bf16).
struct BlockMatrixLayout: Sendable {
  /// Rows that lie together in memory.
  let rowsPerUnit: Int
  /// Bytes of those.
  let unitByteCount: Int
  /// All of it; the last unit is whole.
  let byteCount: Int
  /// Rows of a panel in f32, which may be several units.
  let rowsPerPanel: Int

  /// Columns that are expanded into a panel in f32 together: whole blocks of every format, and the
  /// panel stays in the first two caches.
  static let columnsPerPart = 256

  init(
    rows: Int, columns: Int, format: BlockFormat, kernels: Kernels, givenByteCount: Int?
  ) throws(BlockMatrixError) {
    guard rows >= 0, columns >= 0, columns % format.elementsPerBlock == 0 else {
      throw BlockMatrixError(
        code: .partialBlocks,
        message: "\(format) needs rows of a multiple of \(format.elementsPerBlock) elements, "
          + "got \(rows) rows of \(columns)")
    }
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    let expected = overflow ? nil : format.byteCount(elementCount: count)
    if let givenByteCount, expected != givenByteCount {
      throw BlockMatrixError(
        code: .wrongByteCount,
        message: "\(rows)×\(columns) elements of \(format) take "
          + "\(expected.map(String.init) ?? "too many") bytes, got \(givenByteCount)")
    }
    let bytesPerBlock = format.blockFormat.map { ck_block_packed_bytes($0) } ?? format.bytesPerBlock
    rowsPerPanel = kernels.panelColumns
    rowsPerUnit = format.blockFormat == nil ? rowsPerPanel : kernels.vectorLanes
    let (unit, first) = (columns / format.elementsPerBlock)
      .multipliedReportingOverflow(by: bytesPerBlock * rowsPerUnit)
    let (bytes, second) = unit.multipliedReportingOverflow(
      by: rows / rowsPerUnit + (rows % rowsPerUnit == 0 ? 0 : 1))
    guard expected != nil, !first, !second, bytes <= Self.byteCountMax else {
      throw BlockMatrixError(
        code: .tooLarge, message: "\(rows)×\(columns) elements of \(format) fit into no memory")
    }
    unitByteCount = unit
    byteCount = bytes
  }

  /// What an address can count.
  private static let byteCountMax = 1 << 46
}
