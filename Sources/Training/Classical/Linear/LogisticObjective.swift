internal import Compute
internal import Glibc

/// The mean loss of a logistic model plus half the weights' squares, and its gradient, in double
/// precision. Weights are class by class the features' and, if there is one, the intercept.
///
/// Two classes have one score; more have one each.
final class LogisticObjective {
  private let data: DenseTable
  private let classes: Memory<Int32>
  private let exampleWeights: Memory<Double>?
  private let weightSum: Double
  private let penalty: Double
  private let fitsIntercept: Bool
  private let threads: ThreadPool?
  /// Scores: 1 for two classes.
  let scoreCount: Int
  /// Scores as the product's kernel wants them: whole panels of columns.
  private let paddedCount: Int
  private let shards: [Range<Int>]
  private let blockRowCount: Int
  /// Features in rows, one column a score, for the product; and each shard's part of the gradient.
  private let coefficients: Memory<Double>
  private let gradients: [Memory<Double>]
  private let scores: [Memory<Double>]
  /// For two classes: the features column by column, in blocks of rows.
  private let turned: TurnedBlocks?
  private let intercepts: [Memory<Double>]
  private var losses: [Double]

  /// `classWeights` gives each class its examples' weight; nil for 1. `inverse` is scikit-learn's C.
  init(
    _ data: DenseTable, _ targets: ClassTargets, classWeights: [Double]?, inverse: Double?,
    fitsIntercept: Bool, threads: ThreadPool?
  ) {
    self.data = data
    self.fitsIntercept = fitsIntercept
    self.threads = threads
    classes = Memory(targets.classes)
    exampleWeights = classWeights.map { weights in
      Memory(targets.classes.map { weights[Int($0)] })
    }
    let sum =
      classWeights.map { weights in
        zip(weights, targets.counts).reduce(0) { $0 + $1.0 * Double($1.1) }
      } ?? Double(data.rowCount)
    weightSum = sum
    penalty = inverse.map { 1 / ($0 * sum) } ?? 0
    scoreCount = targets.labels.count == 2 ? 1 : targets.labels.count
    let panel = DoubleProduct.panelColumns()
    paddedCount = scoreCount == 1 ? 1 : (scoreCount + panel - 1) / panel * panel
    let shards = Tasks.shards(data.rowCount, bytesEach: 8 * data.featureCount)
    self.shards = shards
    // A block of rows stays in the second cache between the scores and the gradient.
    blockRowCount = max(16, min(128, (384 << 10) / max(1, 8 * data.featureCount) & ~7))
    turned =
      scoreCount == 1
      ? TurnedBlocks(data, shards: shards, rowStride: blockRowCount, threads: threads) : nil
    coefficients = Memory(repeating: 0, count: data.featureCount * paddedCount)
    let (features, padded, rows) = (data.featureCount, paddedCount, blockRowCount)
    gradients = shards.map { _ in Memory(uninitialized: features * padded) }
    scores = shards.map { _ in Memory(uninitialized: rows * padded + 16) }
    intercepts = shards.map { _ in Memory(uninitialized: padded) }
    losses = [Double](repeating: 0, count: shards.count)
  }

  /// Weights of a score.
  private var width: Int { data.featureCount + (fitsIntercept ? 1 : 0) }
  /// Weights of the model.
  var weightCount: Int { scoreCount * width }

  /// The value at `weights`; its gradient is written.
  func evaluate(_ weights: Memory<Double>, _ gradient: Memory<Double>) -> Double {
    let features = data.featureCount
    for feature in 0..<features {
      for score in 0..<scoreCount {
        coefficients.base[feature * paddedCount + score] = weights.base[score * width + feature]
      }
    }
    let bias = (0..<scoreCount).map { fitsIntercept ? weights.base[$0 * width + features] : 0 }
    losses.withUnsafeMutableBufferPointer { losses in
      // Each task writes its own element.
      nonisolated(unsafe) let losses = losses
      Tasks.run(shards.count, on: threads) { losses[$0] = evaluate(shard: $0, bias) }
    }
    gradient.base.update(repeating: 0, count: gradient.count)
    for shard in shards.indices {
      let part = gradients[shard].base
      for score in 0..<scoreCount {
        let own = gradient.base + score * width
        for feature in 0..<features { own[feature] += part[feature * paddedCount + score] }
        if fitsIntercept { own[features] += intercepts[shard].base[score] }
      }
    }
    var value = losses.reduce(0, +) / weightSum
    Vectors.scale(gradient.base, by: 1 / weightSum, gradient.count)
    for score in 0..<scoreCount {
      let own = weights.base + score * width
      Vectors.add(penalty, own, to: gradient.base + score * width, features)
      value += 0.5 * penalty * Vectors.dot(own, own, features)
    }
    return value
  }

  private func evaluate(shard: Int, _ bias: [Double]) -> Double {
    let features = data.featureCount
    let (z, g) = (scores[shard].base, gradients[shard].base)
    let own = intercepts[shard].base
    own.update(repeating: 0, count: paddedCount)
    var loss = 0.0
    var row = shards[shard].lowerBound
    var begins = true
    while row < shards[shard].upperBound {
      let rows = row..<min(row + blockRowCount, shards[shard].upperBound)
      let x = data.features.base + row * features
      if let turned {
        if begins { g.update(repeating: 0, count: features) }
        binaryScores(rows, turned, bias[0], z)
        loss += binaryLoss(rows, z, own)
        z.advanced(by: rows.count).update(repeating: 0, count: turned.rowStride - rows.count)
        let block = turned.block(row)
        for feature in 0..<features {
          g[feature] += Vectors.dot(block + feature * turned.rowStride, z, turned.rowStride)
        }
      } else {
        DoubleProduct.run(
          m: rows.count, n: paddedCount, k: features, .init(x, row: features, column: 1),
          .init(coefficients.base, row: paddedCount, column: 1), into: z, rowStride: paddedCount)
        loss += softmaxLoss(rows, bias, z, own)
        DoubleProduct.run(
          m: features, n: paddedCount, k: rows.count, .init(x, row: 1, column: features),
          .init(z, row: paddedCount, column: 1), into: g, rowStride: paddedCount,
          accumulates: !begins)
      }
      begins = false
      row = rows.upperBound
    }
    return loss
  }

  /// Scores become what each adds to the gradient; returns the sum of the losses.
  private func softmaxLoss(
    _ rows: Range<Int>, _ bias: [Double], _ z: UnsafeMutablePointer<Double>,
    _ own: UnsafeMutablePointer<Double>
  ) -> Double {
    var loss = 0.0
    bias.withUnsafeBufferPointer { bias in
      for row in rows {
        let line = z + (row - rows.lowerBound) * paddedCount
        let (target, weight) = (Int(classes.base[row]), exampleWeights?.base[row] ?? 1)
        var largest = -Double.infinity
        for score in 0..<scoreCount {
          line[score] += bias[score]
          largest = max(largest, line[score])
        }
        let distance = largest - line[target]
        var sum = 0.0
        for score in 0..<scoreCount {
          line[score] = exp(line[score] - largest)
          sum += line[score]
        }
        loss += weight * (log(sum) + distance)
        let scale = weight / sum
        for score in 0..<scoreCount {
          line[score] = line[score] * scale - (score == target ? weight : 0)
          own[score] += line[score]
        }
      }
    }
    return loss
  }

  /// Scores of a block, two classes: one feature after another, all rows at once.
  private func binaryScores(
    _ rows: Range<Int>, _ columns: TurnedBlocks, _ bias: Double, _ z: UnsafeMutablePointer<Double>
  ) {
    let count = columns.rowStride
    z.update(repeating: bias, count: count)
    DoubleProduct.run(
      m: 1, n: count, k: data.featureCount,
      .init(coefficients.base, row: data.featureCount, column: 1),
      .init(columns.block(rows.lowerBound), row: count, column: 1), into: z, rowStride: count,
      accumulates: true)
  }

  /// Scores become what each adds to the gradient; returns the sum of the losses.
  private func binaryLoss(
    _ rows: Range<Int>, _ z: UnsafeMutablePointer<Double>, _ own: UnsafeMutablePointer<Double>
  ) -> Double {
    guard let exampleWeights else {
      let (loss, sum) = LogisticLoss.run(
        z, classes: classes.base + rows.lowerBound, count: rows.count)
      own[0] += sum
      return loss
    }
    var loss = 0.0
    for row in rows {
      let index = row - rows.lowerBound
      let (score, weight) = (z[index], exampleWeights.base[row])
      let tail = exp(-score.magnitude)
      let isPositive = classes.base[row] == 1
      // log(1 + e^score) - y · score, without overflow; 1 + tail is at least 1, so log keeps its digits.
      loss += weight * (max(score, 0) - (isPositive ? score : 0) + log(1 + tail))
      let probability = (score >= 0 ? 1 : tail) / (1 + tail)
      z[index] = weight * (probability - (isPositive ? 1 : 0))
      own[0] += z[index]
    }
    return loss
  }
}
