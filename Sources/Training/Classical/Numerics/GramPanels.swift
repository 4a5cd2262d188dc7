internal import Compute

/// Rows of a matrix in blocks, each in panels of some columns that lie one behind the other: both operands of
/// the matrix's product with itself, read without strides.
struct GramPanels {
  /// Rows that are held at once: they stay in the third cache.
  static let rowsAtOnce = 1024
  /// Rows of a block, twice what the kernel's panels hold.
  private static let depth = 256
  private let columnCount: Int
  private let width = DoubleProduct.panelColumns()
  /// Panels of a block.
  let count: Int
  private let values: Memory<Double>

  init(columnCount: Int, rowCountMax: Int) {
    self.columnCount = columnCount
    count = (columnCount + width - 1) / width
    values = Memory(uninitialized: min(rowCountMax, Self.rowsAtOnce) * count * width)
  }

  /// Takes `rowCount` rows of `columnCount` values each.
  func load(_ rows: UnsafePointer<Double>, rowCount: Int, on threads: ThreadPool?) {
    let (columns, width, count, depth) = (columnCount, width, count, Self.depth)
    let base = values.base
    // The tasks' own rows.
    nonisolated(unsafe) let rows = rows
    Tasks.run((rowCount + depth - 1) / depth, on: threads) { block in
      let first = block * depth
      let size = min(depth, rowCount - first)
      for panel in 0..<count {
        let target = base + first * count * width + panel * size * width
        let source = rows + first * columns + panel * width
        let used = min(width, columns - panel * width)
        for row in 0..<size {
          (target + row * width).update(from: source + row * columns, count: used)
          // What a last panel lacks is zeros.
          if used < width {
            (target + row * width + used).update(repeating: 0, count: width - used)
          }
        }
      }
    }
  }

  /// Adds the products of some panels with those from themselves on to a square matrix.
  func multiply(_ lines: Range<Int>, rowCount: Int, into result: Memory<Double>) {
    for first in stride(from: 0, to: rowCount, by: Self.depth) {
      let size = min(Self.depth, rowCount - first)
      let block = values.base + first * count * width
      for panel in lines.lowerBound..<count {
        let right = DoubleProduct.Matrix(block + panel * size * width, row: width, column: 1)
        let columns = min(width, columnCount - panel * width)
        for line in lines.lowerBound..<min(lines.upperBound, panel + 1) {
          let used = min(width, columnCount - line * width)
          // Tiles of the kernel that share a panel's lines well.
          let cut = min(used, width * 3 / 4)
          for rows in [0..<cut, cut..<used] where !rows.isEmpty {
            DoubleProduct.run(
              m: rows.count, n: columns, k: size,
              .init(block + line * size * width + rows.lowerBound, row: 1, column: width), right,
              into: result.base + (line * width + rows.lowerBound) * columnCount + panel * width,
              rowStride: columnCount, accumulates: true)
          }
        }
      }
    }
  }
}
