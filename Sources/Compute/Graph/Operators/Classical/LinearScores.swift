/// Rows · coefficients + intercepts, for linear models: a packed product, or one dot product after
/// the other where there are too few scores to fill a panel.
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

  /// A panel that is not a quarter full costs more than it saves, and memory besides.
  private static let packedScoreCountMin = 8

  /// `coefficients` has one row per score.
  init(_ coefficients: [Float], intercepts: [Float]) {
    let (count, width) = (intercepts.count, coefficients.count / intercepts.count)
    (scoreCount, featureCount) = (count, width)
    self.intercepts = Tensor(fp32: intercepts, shape: [count])
    guard count >= Self.packedScoreCountMin else {
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
      let weights = tensor.storage.base.assumingMemoryBound(to: Float.self)
      for row in 0..<rowCount {
        for score in 0..<scoreCount {
          scores[row * scoreCount + score] =
            bias[score]
            + Self.dot(rows + row * featureCount, weights + score * featureCount, featureCount)
        }
      }
    }
  }

  private static func dot(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ count: Int
  ) -> Float {
    func load(_ pointer: UnsafePointer<Float>, _ index: Int) -> SIMD16<Float> {
      UnsafeRawPointer(pointer + index).loadUnaligned(as: SIMD16<Float>.self)
    }
    var sums = SIMD16<Float>.zero
    var index = 0
    while index + 16 <= count {
      sums += load(left, index) * load(right, index)
      index += 16
    }
    var sum = sums.sum()
    while index < count {
      sum += left[index] * right[index]
      index += 1
    }
    return sum
  }
}
