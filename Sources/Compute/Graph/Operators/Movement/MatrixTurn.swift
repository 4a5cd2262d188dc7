internal import CKernels
internal import Glibc

/// Turns the rows and columns of a stack of matrices through the kernel, without allocating.
enum MatrixTurn {
  /// A step from [outer, rows, columns] to [outer, columns, rows].
  static func step(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, outer: Int, rows: Int,
    columns: Int, elementByteCount: Int
  ) -> Step? {
    let byteCount = rows * columns * elementByteCount
    if outer * byteCount == 0 { return nil }
    if rows == 1 || columns == 1 {
      return { memcpy(target, source, outer * byteCount) }
    }
    let table = Kernels.active.table
    return {
      for matrix in 0..<outer {
        table.pointee.transpose(
          target + matrix * byteCount, rows, source + matrix * byteCount, columns, rows, columns,
          elementByteCount)
      }
    }
  }

  /// The three sizes if a permutation only exchanges two neighbouring groups of axes, such as
  /// [0, 2, 3, 1], axes of size 1 left out; nil otherwise.
  static func sizes(
    _ shape: [Int], _ permutation: [Int]
  ) -> (outer: Int, rows: Int, columns: Int)? {
    let order = permutation.filter { shape[$0] != 1 }
    let axes = order.sorted()
    guard let first = order.indices.first(where: { order[$0] != axes[$0] }) else {
      return (1, 1, Shape.product(shape[...]))
    }
    let split = axes.firstIndex(of: order[first])!
    guard Array(order[first...]) == Array(axes[split...] + axes[first..<split]) else { return nil }
    func product(_ range: Range<Int>) -> Int { range.reduce(1) { $0 * shape[axes[$1]] } }
    return (product(0..<first), product(first..<split), product(split..<axes.count))
  }
}
