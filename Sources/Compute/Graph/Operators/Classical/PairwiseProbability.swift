/// Probabilities of classes from scores that tell each two apart: a sigmoid makes every score a
/// probability of the first of two (Platt, 1999), and those of all pairs are reconciled by the
/// second method of Wu, Lin and Weng (2004).
enum PairwiseProbability {
  private static let bound: Float = 1e-7
  private static let roundCountMax = 100

  static func probabilities(
    _ scores: [Float], _ sigmoids: [(slope: Float, offset: Float)]
  ) -> [Float] {
    // n · (n - 1) / 2 scores of n classes.
    let count = (1 + (1 + 8 * scores.count).squareRoot) / 2
    var wins = [Float](repeating: 0, count: count * count)
    var pair = 0
    for first in 0..<count - 1 {
      for second in first + 1..<count {
        let exponent = scores[pair] * sigmoids[pair].slope + sigmoids[pair].offset
        let chance = min(max(1 - PostTransform.logistic(exponent), bound), 1 - bound)
        wins[first * count + second] = chance
        wins[second * count + first] = 1 - chance
        pair += 1
      }
    }
    return reconciled(wins, count)
  }

  /// Minimises Σᵢ Σⱼ (wins[j, i] · p[i] - wins[i, j] · p[j])² over distributions p, one coordinate
  /// at a time.
  private static func reconciled(_ wins: [Float], _ count: Int) -> [Float] {
    var form = [Float](repeating: 0, count: count * count)
    for row in 0..<count {
      for column in 0..<count where column != row {
        let lost = wins[column * count + row]
        form[row * count + row] += lost * lost
        form[row * count + column] = -lost * wins[row * count + column]
      }
    }
    var chances = [Float](repeating: 1 / Float(count), count: count)
    var gradient = [Float](repeating: 0, count: count)
    for _ in 0..<roundCountMax {
      var value: Float = 0
      for row in 0..<count {
        gradient[row] = 0
        for column in 0..<count {
          gradient[row] += form[row * count + column] * chances[column]
        }
        value += chances[row] * gradient[row]
      }
      let error = gradient.reduce(0) { max($0, ($1 - value).magnitude) }
      if error < 0.005 / Float(count) { break }
      for row in 0..<count {
        let diagonal = form[row * count + row]
        let step = (value - gradient[row]) / diagonal
        let scale = 1 + step
        chances[row] += step
        value = (value + step * (step * diagonal + 2 * gradient[row])) / scale / scale
        for column in 0..<count {
          gradient[column] = (gradient[column] + step * form[row * count + column]) / scale
          chances[column] /= scale
        }
      }
    }
    return chances
  }
}

extension Int {
  /// The largest number whose square is not above this one, which is not negative.
  fileprivate var squareRoot: Int { Int(Double(self).squareRoot()) }
}
