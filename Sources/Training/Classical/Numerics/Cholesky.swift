internal import Compute

/// The factor L of a symmetric positive definite matrix A = L · Lᵀ.
struct Cholesky {
  private let size: Int
  /// L in rows; what is above the diagonal is not read.
  private let factor: Memory<Double>

  /// Factors `matrix` (size × size, of which the lower triangle is read); nil if it is not positive
  /// definite in double precision.
  init?(_ matrix: Memory<Double>, size: Int) {
    precondition(matrix.count == size * size)
    self.size = size
    factor = Memory(uninitialized: size * size)
    let l = factor.base
    l.update(from: matrix.base, count: size * size)
    // Columns in blocks: what those on the left take away is one product for all rows below.
    let width = 48
    let taken = Memory<Double>(uninitialized: size * width)
    for first in stride(from: 0, to: size, by: width) {
      let columns = first..<min(size, first + width)
      if first > 0 {
        DoubleProduct.run(
          m: size - first, n: columns.count, k: first,
          .init(l + first * size, row: size, column: 1),
          .init(l + first * size, row: 1, column: size), into: taken.base, rowStride: width)
      }
      for row in first..<size {
        let own = l + row * size
        if first > 0 {
          let line = taken.base + (row - first) * width
          for column in columns where column <= row { own[column] -= line[column - first] }
        }
        for column in columns where column < row {
          let other = l + column * size
          let sum = Vectors.dot(own + first, other + first, column - first)
          own[column] = (own[column] - sum) / other[column]
        }
        guard columns.contains(row) else { continue }
        let rest = own[row] - Vectors.dot(own + first, own + first, row - first)
        guard rest > 0, rest.isFinite else { return nil }
        own[row] = rest.squareRoot()
      }
    }
  }

  /// x = A⁻¹ · x.
  func solve(_ x: UnsafeMutablePointer<Double>) {
    let l = factor.base
    for row in 0..<size {
      x[row] = (x[row] - Vectors.dot(l + row * size, x, row)) / l[row * size + row]
    }
    for row in stride(from: size - 1, through: 0, by: -1) {
      x[row] /= l[row * size + row]
      Vectors.add(-x[row], l + row * size, to: x, row)
    }
  }

  /// The ratio of the largest to the smallest pivot: about the condition, at least of what is not badly
  /// dependent.
  var pivotRatio: Double {
    let pivots = (0..<size).map { factor.base[$0 * size + $0] }
    let ratio = (pivots.max() ?? 1) / (pivots.min() ?? 1)
    return ratio * ratio
  }

  /// The smallest eigenvalue of A, estimated from above by a few steps of inverse iteration.
  func smallestEigenvalue() -> Double {
    let x = Memory<Double>(uninitialized: size)
    // A start that is orthogonal to nothing likely, and the same every time.
    for index in 0..<size { x[index] = 1 + Double((index &* 7919) % 101) / 101 }
    var estimate = Double.infinity
    for _ in 0..<12 {
      let length = Vectors.dot(x.base, x.base, size).squareRoot()
      guard length > 0, length.isFinite else { return 0 }
      Vectors.scale(x.base, by: 1 / length, size)
      solve(x.base)
      estimate = 1 / Vectors.dot(x.base, x.base, size).squareRoot()
    }
    return estimate
  }
}
