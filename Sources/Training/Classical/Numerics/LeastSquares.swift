internal import Compute

/// min ‖A · x - b‖ for several b at once; of all x that reach it, the shortest.
enum LeastSquares {
  /// Directions in which the data are this much thinner than in the widest one count as flat: what
  /// scikit-learn's `tol` is.
  static let tolerance = 1e-6
  /// Below this ratio of the eigenvalues of AᵀA, its rounding would show in the answer.
  private static let conditionMin = 1e-9

  /// Returns column by column the answers to `targets` (row by row, `targetCount` values each).
  /// `features` are rows; neither is changed.
  static func solve(
    _ features: Memory<Double>, rowCount: Int, columnCount: Int, _ targets: Memory<Double>,
    targetCount: Int, tolerance: Double, threads: ThreadPool?
  ) -> [[Double]] {
    let matrix = GramMatrix(
      features, rowCount: rowCount, columnCount: columnCount, threads: threads)
    if rowCount >= columnCount,
      let answers = normalEquations(matrix, targets, targetCount, threads)
    {
      return answers
    }
    return byQR(matrix, targets, targetCount, tolerance)
  }

  /// By Cholesky's factor of AᵀA, and two steps that correct the answer with the residual of the data
  /// themselves; nil where the columns are too close to dependent for it.
  private static func normalEquations(
    _ data: GramMatrix, _ targets: Memory<Double>, _ targetCount: Int, _ threads: ThreadPool?
  ) -> [[Double]]? {
    let size = data.columnCount
    let gram = data.product(shift: 0)
    var widest = 0.0
    for row in 0..<size {
      // Every eigenvalue lies within the sum of some row.
      var sum = 0.0
      for column in 0..<size { sum += gram[row * size + column].magnitude }
      widest = max(widest, sum)
    }
    guard let factor = Cholesky(gram, size: size),
      factor.smallestEigenvalue() > widest * conditionMin
    else { return nil }
    return (0..<targetCount).map { target in
      let answer = Memory<Double>(repeating: 0, count: size)
      for _ in 0..<3 {
        let step = data.residualProduct(answer, targets, target, targetCount)
        factor.solve(step.base)
        Vectors.add(1, step.base, to: answer.base, size)
      }
      return answer.elements
    }
  }

  /// By a complete orthogonal decomposition: A · P = Q · R, and the rows of R that are left, turned on
  /// their side, the same again.
  private static func byQR(
    _ data: GramMatrix, _ targets: Memory<Double>, _ targetCount: Int, _ tolerance: Double
  ) -> [[Double]] {
    let (rows, columns) = (data.rowCount, data.columnCount)
    let copy = Memory<Double>(uninitialized: rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        copy.base[column * rows + row] = data.features.base[row * columns + column]
      }
    }
    let qr = HouseholderQR(copy, rowCount: rows, columnCount: columns, pivots: true)
    let rank = qr.rank(tolerance: tolerance)
    let turned = Memory<Double>(repeating: 0, count: columns * rank)
    for row in 0..<rank {
      for column in row..<columns { turned.base[row * columns + column] = qr.r(row, column) }
    }
    let inner = HouseholderQR(turned, rowCount: columns, columnCount: rank, pivots: false)
    return (0..<targetCount).map { target in
      let right = Memory<Double>(uninitialized: rows)
      for row in 0..<rows { right[row] = targets.base[row * targetCount + target] }
      qr.applyTranspose(to: right.base)
      // R₁ · Rᵀ… = Lᵀ: a lower triangle, solved from the top.
      let x = Memory<Double>(repeating: 0, count: columns)
      for row in 0..<rank {
        var sum = right[row]
        for column in 0..<row { sum -= inner.r(column, row) * x[column] }
        x[row] = sum / inner.r(row, row)
      }
      inner.apply(to: x.base)
      var answer = [Double](repeating: 0, count: columns)
      for column in 0..<columns { answer[qr.order[column]] = x[column] }
      return answer
    }
  }
}
