internal import CKernels

/// The right operand of a product of 8-bit integers, in the order the kernels read it. Packed once,
/// read-only and shared by all threads.
final class PackedIntegerMatrix: Sendable {
  /// Rows: the K of the product.
  let rowCount: Int
  /// Columns: the N of the product.
  let columnCount: Int
  let kernels: Kernels
  /// What an element is more than its packed byte: unsigned ones are packed less 128.
  let shift: Int32
  private let storage: AlignedFloats
  private let sums: AlignedFloats

  /// Copies a matrix of signed or unsigned bytes; strides count elements.
  convenience init(
    _ base: UnsafeRawPointer, isUnsigned: Bool, rowStride: Int, columnStride: Int = 1,
    rowCount: Int, columnCount: Int, kernels: Kernels = .active
  ) {
    var space = PackingSpace()
    self.init(
      rowCount: rowCount, columnCount: columnCount, isUnsigned: isUnsigned, kernels: kernels,
      in: &space)
    pack(base, rowStride: rowStride, columnStride: columnStride)
  }

  /// Memory for a matrix of this size, to be packed.
  init(
    rowCount: Int, columnCount: Int, isUnsigned: Bool, kernels: Kernels = .active,
    in space: inout PackingSpace
  ) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.kernels = kernels
    shift = isUnsigned ? 128 : 0
    storage = space.floats(Self.panelFloats(rowCount, columnCount, kernels))
    sums = space.floats(columnCount)
  }

  /// Copies a matrix of the size it was made for.
  func pack(_ base: UnsafeRawPointer, rowStride: Int, columnStride: Int = 1) {
    let source = base.assumingMemoryBound(to: Int8.self)
    let flip: Int8 = shift == 0 ? 0 : -128
    let table = kernels.table
    table.pointee.igemmPackB(
      packed(0), source, rowStride, columnStride, flip, rowCount, columnCount)
    if columnStride == 1, rowStride == columnCount {
      let bytes = base.assumingMemoryBound(to: UInt8.self)
      table.pointee.sumRowsOfBytes(columnSums, bytes, rowCount, columnCount, shift == 0)
      let extra = shift &* Int32(truncatingIfNeeded: rowCount)
      for column in 0..<columnCount { columnSums[column] &-= extra }
      return
    }
    for column in 0..<columnCount {
      var sum: Int32 = 0
      let first = source + column * columnStride
      for row in 0..<rowCount { sum &+= Int32(first[row * rowStride] ^ flip) }
      columnSums[column] = sum
    }
  }

  // Four bytes to a float's place.
  private static func panelFloats(_ rowCount: Int, _ columnCount: Int, _ kernels: Kernels) -> Int {
    let panelColumns = kernels.panelColumns
    return (columnCount + panelColumns - 1) / panelColumns
      * (ck_igemm_panel_bytes(rowCount, panelColumns) / 4)
  }

  /// Bytes that a matrix takes in a plan's memory; nil if no memory is that large.
  static func spaceByteCount(
    rowCount: Int, columnCount: Int, count: Int = 1, kernels: Kernels = .active
  ) -> Int? {
    let panelColumns = kernels.panelColumns
    let panels = (columnCount + panelColumns - 1) / panelColumns
    guard Shape.byteCount([count, panels, panelColumns, rowCount / 4 + 64], .fp32) != nil else {
      return nil
    }
    let floats =
      PackingSpace.floatCount(panelFloats(rowCount, columnCount, kernels))
      + PackingSpace.floatCount(columnCount)
    return Shape.byteCount([count, floats], .fp32)
  }

  /// The panel that begins at a column.
  func packed(_ column: Int) -> UnsafeMutablePointer<Int8> {
    UnsafeMutableRawPointer(storage.base).assumingMemoryBound(to: Int8.self)
      + column / kernels.panelColumns * ck_igemm_panel_bytes(rowCount, kernels.panelColumns)
  }

  /// Per column the sum of its packed bytes.
  var columnSums: UnsafeMutablePointer<Int32> {
    UnsafeMutableRawPointer(sums.base).assumingMemoryBound(to: Int32.self)
  }

  /// Bytes of memory held.
  var byteCount: Int { storage.count * 4 + sums.count * 4 }
}
