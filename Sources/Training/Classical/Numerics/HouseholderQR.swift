/// A · P = Q · R by Householder reflections, columns pivoted by their length (Businger and Golub, 1965):
/// the diagonal of R falls, and where it ends the rank does.
struct HouseholderQR {
  /// Rows and columns of A.
  let rowCount: Int
  let columnCount: Int
  /// Column by column: R on and above the diagonal, the reflections' vectors below it (without their
  /// leading 1).
  let packed: Memory<Double>
  /// Each reflection's factor τ in 1 - τ · v · vᵀ.
  private(set) var factors: [Double]
  /// Column j of A · P is column `order[j]` of A.
  private(set) var order: [Int]

  /// Reflections made.
  var count: Int { factors.count }

  /// Factors `columns` (column by column), which is overwritten and kept.
  init(_ columns: Memory<Double>, rowCount: Int, columnCount: Int, pivots: Bool) {
    precondition(columns.count == rowCount * columnCount)
    self.rowCount = rowCount
    self.columnCount = columnCount
    packed = columns
    factors = []
    order = Array(0..<columnCount)
    let a = columns.base
    var lengths = (0..<columnCount).map { j in
      Vectors.dot(a + j * rowCount, a + j * rowCount, rowCount).squareRoot()
    }
    var exact = lengths
    for step in 0..<min(rowCount, columnCount) {
      if pivots {
        let pivot = (step..<columnCount).max { lengths[$0] < lengths[$1] } ?? step
        if pivot != step {
          for row in 0..<rowCount {
            swap(&a[step * rowCount + row], &a[pivot * rowCount + row])
          }
          order.swapAt(step, pivot)
          lengths[pivot] = lengths[step]
          exact[pivot] = exact[step]
        }
      }
      let column = a + step * rowCount + step
      let rest = rowCount - step
      let factor = Self.reflect(column, rest)
      factors.append(factor)
      guard factor != 0 || pivots else { continue }
      for j in step + 1..<max(step + 1, columnCount) {
        let other = a + j * rowCount + step
        Self.apply(column, factor, rest, to: other)
        // The length of what is left, by subtraction as long as that keeps digits (LAPACK's xLAQP2).
        guard pivots, lengths[j] != 0 else { continue }
        let ratio = other[0].magnitude / lengths[j]
        let left = max(0, 1 - ratio * ratio)
        let kept = lengths[j] / exact[j]
        if left * kept * kept <= 1e-8 {
          lengths[j] = Vectors.dot(other + 1, other + 1, rest - 1).squareRoot()
          exact[j] = lengths[j]
        } else {
          lengths[j] *= left.squareRoot()
        }
      }
    }
  }

  /// Makes x = (β, 0, …) by a reflection whose vector, but for its leading 1, is left in x[1...].
  private static func reflect(_ x: UnsafeMutablePointer<Double>, _ count: Int) -> Double {
    let tail = Vectors.dot(x + 1, x + 1, count - 1)
    guard tail > 0 else { return 0 }
    let length = (x[0] * x[0] + tail).squareRoot()
    let beta = x[0] > 0 ? -length : length
    let factor = (beta - x[0]) / beta
    Vectors.scale(x + 1, by: 1 / (x[0] - beta), count - 1)
    x[0] = beta
    return factor
  }

  /// y = (1 - τ · v · vᵀ) · y.
  private static func apply(
    _ vector: UnsafePointer<Double>, _ factor: Double, _ count: Int,
    to y: UnsafeMutablePointer<Double>
  ) {
    let sum = factor * (y[0] + Vectors.dot(vector + 1, y + 1, count - 1))
    y[0] -= sum
    Vectors.add(-sum, vector + 1, to: y + 1, count - 1)
  }

  /// y = Qᵀ · y, of `rowCount` values.
  func applyTranspose(to y: UnsafeMutablePointer<Double>) {
    for step in 0..<count {
      Self.apply(packed.base + step * rowCount + step, factors[step], rowCount - step, to: y + step)
    }
  }

  /// y = Q · y, of `rowCount` values.
  func apply(to y: UnsafeMutablePointer<Double>) {
    for step in stride(from: count - 1, through: 0, by: -1) {
      Self.apply(packed.base + step * rowCount + step, factors[step], rowCount - step, to: y + step)
    }
  }

  /// Element (row, column) of R.
  func r(_ row: Int, _ column: Int) -> Double { packed.base[column * rowCount + row] }

  /// How many columns are independent: whose diagonal element is more than `tolerance` times the first.
  func rank(tolerance: Double) -> Int {
    let limit = count > 0 ? r(0, 0).magnitude * tolerance : 0
    return (0..<count).first { r($0, $0).magnitude <= limit } ?? count
  }
}
