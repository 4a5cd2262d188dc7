/// Rows · coefficients + intercepts, for linear models: a packed product, or dot products where
/// there are too few scores to fill a panel.
struct LinearScores: Sendable {
  let scoreCount: Int
  let featureCount: Int
  private let weights: Weights
  private let intercepts: Tensor

  private enum Weights: Sendable {
    case packed(PackedMatrix)
    /// One row per score.
    case rows(Tensor)
  }

  /// A dot product's end costs as much as so many features more (measured); a packed product costs
  /// whole vectors of scores. (Scores of more than a panel would read their rows from the second cache.)
  private static let featuresPerEnd = 48

  /// `coefficients` has one row per score.
  init(_ coefficients: [Float], intercepts: [Float]) {
    let (count, width) = (intercepts.count, coefficients.count / intercepts.count)
    (scoreCount, featureCount) = (count, width)
    self.intercepts = Tensor(fp32: intercepts, shape: [count])
    let panelColumns = Kernels.active.panelColumns
    let lanes = (count * 2 + panelColumns - 1) / panelColumns * panelColumns / 2
    guard count > panelColumns || count * (width + Self.featuresPerEnd) >= lanes * width else {
      weights = .rows(Tensor(fp32: coefficients, shape: [scoreCount, featureCount]))
      return
    }
    weights = coefficients.withUnsafeBufferPointer {
      let stored = Matrix($0.baseAddress!, rowStride: width)
      return .packed(PackedMatrix(stored.transposed, rowCount: width, columnCount: count))
    }
  }

  var byteCount: Int {
    switch weights {
    case .packed(let matrix): matrix.byteCount
    case .rows(let tensor): tensor.storage.byteCount
    }
  }

  /// Scores of `rowCount` rows that lie one behind the other.
  func compute(
    _ rows: UnsafePointer<Float>, _ rowCount: Int, into scores: UnsafeMutablePointer<Float>
  ) {
    let bias = UnsafePointer(intercepts.storage.base.assumingMemoryBound(to: Float.self))
    switch weights {
    case .packed(let matrix):
      SGEMM.run(
        m: rowCount, Matrix(rows, rowStride: featureCount), matrix, into: scores,
        rowStride: scoreCount, epilogue: Epilogue(biasColumn: bias))
    case .rows(let tensor):
      RowsProduct.run(
        m: rowCount, n: scoreCount, k: featureCount, Matrix(rows, rowStride: featureCount),
        Matrix(
          tensor.storage.base.assumingMemoryBound(to: Float.self), rowStride: featureCount),
        bias: bias, into: scores, rowStride: scoreCount)
    }
  }
}
