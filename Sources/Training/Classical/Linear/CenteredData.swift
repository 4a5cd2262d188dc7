internal import Compute

/// Features and targets less their means, so that an intercept needs no column.
struct CenteredData {
  let features: Memory<Double>
  let targets: Memory<Double>
  let featureMeans: [Double]
  let targetMeans: [Double]
  let rowCount: Int
  let featureCount: Int
  let targetCount: Int

  /// Changes the table it is made from: the features are centred in place.
  init(_ table: DenseTable, _ targets: Memory<Double>, centers: Bool) {
    features = table.features
    self.targets = targets
    rowCount = table.rowCount
    featureCount = table.featureCount
    targetCount = targets.count / table.rowCount
    if centers {
      featureMeans = Self.center(features, rowCount, featureCount)
      targetMeans = Self.center(targets, rowCount, targetCount)
    } else {
      featureMeans = [Double](repeating: 0, count: featureCount)
      targetMeans = [Double](repeating: 0, count: targetCount)
    }
  }

  private static func center(_ values: Memory<Double>, _ rows: Int, _ columns: Int) -> [Double] {
    let means = Memory<Double>(repeating: 0, count: columns)
    for row in 0..<rows { Vectors.add(1, values.base + row * columns, to: means.base, columns) }
    Vectors.scale(means.base, by: 1 / Double(rows), columns)
    for row in 0..<rows { Vectors.add(-1, means.base, to: values.base + row * columns, columns) }
    // A column of one value is exactly zero: rounding of its mean must not look like information.
    return means.elements
  }

  /// The model of the data as they were: intercepts bring the means back.
  func weights(_ coefficients: [[Double]]) -> LinearModelWeights {
    LinearModelWeights(
      coefficients: coefficients,
      intercepts: zip(coefficients, targetMeans).map { line, mean in
        mean - zip(line, featureMeans).reduce(0) { $0 + $1.0 * $1.1 }
      })
  }

  /// R², the share of the targets' variance that a model explains, averaged over targets; of one
  /// without variance it is 1 if it is met and 0 otherwise, as scikit-learn has it.
  func score(_ coefficients: [[Double]]) -> Double {
    var total = 0.0
    for (target, line) in coefficients.enumerated() {
      let x = Memory(line)
      let (error, spread) = sums(x, target)
      total += spread > 0 ? 1 - error / spread : error > 0 ? 0 : 1
    }
    return total / Double(max(1, coefficients.count))
  }

  /// The sum of squares of what is left, and of the targets about their mean.
  private func sums(_ x: Memory<Double>, _ target: Int) -> (error: Double, spread: Double) {
    var (error, sum, squares) = (0.0, 0.0, 0.0)
    for row in 0..<rowCount {
      let y = targets.base[row * targetCount + target]
      let rest = y - Vectors.dot(features.base + row * featureCount, x.base, featureCount)
      error += rest * rest
      sum += y
      squares += y * y
    }
    return (error, squares - sum * sum / Double(rowCount))
  }
}
