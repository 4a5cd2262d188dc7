internal import CKernels

/// Turns the rows and columns of a stack of matrices through the kernel, without allocating.
enum MatrixTurn {
  /// A step from [outer, rows, columns] to [outer, columns, rows].
  static func step(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, outer: Int, rows: Int,
    columns: Int, elementByteCount: Int
  ) -> Step? {
    let byteCount = rows * columns * elementByteCount
    if outer * byteCount == 0 { return nil }
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
  /// [0, 2, 3, 1]; nil otherwise.
  static func sizes(
    _ shape: [Int], _ permutation: [Int]
  ) -> (outer: Int, rows: Int, columns: Int)? {
    var first = 0
    while first < shape.count && permutation[first] == first { first += 1 }
    let rest = Array(permutation[first...])
    guard let split = rest.first, split > first else { return nil }
    guard rest == Array(split..<shape.count) + Array(first..<split) else { return nil }
    return (
      Shape.product(shape[..<first]), Shape.product(shape[first..<split]),
      Shape.product(shape[split...])
    )
  }
}
