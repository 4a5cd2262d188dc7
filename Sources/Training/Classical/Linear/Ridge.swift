internal import Compute

/// min ‖A · x - b‖² + α · ‖x‖².
enum Ridge {
  /// Output by output the weights. The smaller of the two equal systems is solved: by features, or by
  /// examples.
  static func solve(_ data: CenteredData, alpha: Double, threads: ThreadPool?) -> [[Double]] {
    let (rows, columns) = (data.rowCount, data.featureCount)
    let matrix = GramMatrix(
      data.features, rowCount: rows, columnCount: columns, threads: threads)
    if columns <= rows, let factor = Cholesky(matrix.product(shift: alpha), size: columns) {
      return (0..<data.targetCount).map { target in
        let x = Memory<Double>(repeating: 0, count: columns)
        // A second round corrects what rounding of AᵀA has cost where that shows.
        for _ in 0..<(factor.pivotRatio > 1e4 ? 2 : 1) {
          let step = matrix.residualProduct(x, data.targets, target, data.targetCount)
          Vectors.add(-alpha, x.base, to: step.base, columns)
          factor.solve(step.base)
          Vectors.add(1, step.base, to: x.base, columns)
        }
        return x.elements
      }
    }
    if rows < columns, let factor = Cholesky(matrix.outerProduct(shift: alpha), size: rows) {
      return (0..<data.targetCount).map { target in
        let dual = Memory<Double>(uninitialized: rows)
        for row in 0..<rows { dual[row] = data.targets[row * data.targetCount + target] }
        factor.solve(dual.base)
        let x = Memory<Double>(repeating: 0, count: columns)
        for row in 0..<rows {
          Vectors.add(dual[row], data.features.base + row * columns, to: x.base, columns)
        }
        return x.elements
      }
    }
    // α is so small that rounding outweighs it: it is none.
    return LeastSquares.solve(
      data.features, rowCount: rows, columnCount: columns, data.targets,
      targetCount: data.targetCount, tolerance: LeastSquares.tolerance, threads: threads)
  }
}
