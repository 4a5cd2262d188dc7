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
  init(
    _ base: UnsafeRawPointer, isUnsigned: Bool, rowStride: Int, columnStride: Int = 1,
    rowCount: Int, columnCount: Int, kernels: Kernels = .active
  ) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.kernels = kernels
    shift = isUnsigned ? 128 : 0
    let panelColumns = kernels.panelColumns
    let panels = (columnCount + panelColumns - 1) / panelColumns
    // Four bytes to a float's place.
    storage = AlignedFloats(count: panels * panelColumns * ((rowCount + 3) / 4))
    sums = AlignedFloats(count: columnCount)
    let source = base.assumingMemoryBound(to: Int8.self)
    let flip: Int8 = isUnsigned ? -128 : 0
    kernels.table.pointee.igemmPackB(
      packed(0), source, rowStride, columnStride, flip, rowCount, columnCount)
    for row in 0..<rowCount {
      for column in 0..<columnCount {
        columnSums[column] &+= Int32(source[row * rowStride + column * columnStride] ^ flip)
      }
    }
  }

  /// The panel that begins at a column.
  func packed(_ column: Int) -> UnsafeMutablePointer<Int8> {
    UnsafeMutableRawPointer(storage.base).assumingMemoryBound(to: Int8.self)
      + column * ((rowCount + 3) / 4 * 4)
  }

  /// Per column the sum of its packed bytes.
  var columnSums: UnsafeMutablePointer<Int32> {
    UnsafeMutableRawPointer(sums.base).assumingMemoryBound(to: Int32.self)
  }

  /// Bytes of memory held.
  var byteCount: Int { storage.count * 4 + sums.count * 4 }
}
