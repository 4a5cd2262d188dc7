internal import Glibc

/// What boosting minimises: half the squared error, or the logistic loss of two or of more classes. Each
/// output has a score an example; scores lie output by output.
struct BoostingLoss {
  enum Kind: Equatable {
    case squaredError
    case binary
    case classes(Int)
  }

  let kind: Kind
  /// Numbers to estimate, or 0 and 1, or classes as numbers.
  let targets: Memory<Double>

  init(_ targets: TreeTargets) {
    switch targets {
    case .numbers(let numbers):
      kind = .squaredError
      self.targets = numbers
    case .classes(let classes):
      kind = classes.labels.count == 2 ? .binary : .classes(classes.labels.count)
      self.targets = Memory(classes.classes.map { Double($0) })
    }
  }

  /// Scores of an example, and so trees of a round.
  var outputCount: Int {
    guard case .classes(let count) = kind else { return 1 }
    return count
  }

  /// The best scores that are the same for all of `rows`.
  func start(_ rows: Memory<UInt32>) -> [Double] {
    let count = Double(rows.count)
    var sums = [Double](repeating: 0, count: outputCount)
    for index in 0..<rows.count {
      let target = targets.base[Int(rows.base[index])]
      if case .classes = kind { sums[Int(target)] += 1 } else { sums[0] += target }
    }
    // A class that these rows lack is unlikely, not impossible.
    func share(_ sum: Double) -> Double {
      min(max(sum / count, Double.ulpOfOne), 1 - Double.ulpOfOne)
    }
    switch kind {
    case .squaredError: return [sums[0] / count]
    case .binary: return [log(share(sums[0]) / (1 - share(sums[0])))]
    case .classes:
      let logs = sums.map { log(share($0)) }
      let mean = logs.reduce(0, +) / Double(logs.count)
      return logs.map { $0 - mean }
    }
  }

  /// Writes the derivatives of the loss by the scores of `rows`, output by output; `scores` and the
  /// derivatives are `stride` apart from one output to the next.
  func derivatives(
    _ scores: Memory<Double>, stride: Int, _ rows: UnsafeBufferPointer<UInt32>,
    gradient: Memory<Double>, curvature: Memory<Double>
  ) {
    switch kind {
    case .squaredError:
      for row in rows.lazy.map({ Int($0) }) {
        gradient.base[row] = scores.base[row] - targets.base[row]
        curvature.base[row] = 1
      }
    case .binary:
      for row in rows.lazy.map({ Int($0) }) {
        let probability = Self.logistic(scores.base[row])
        gradient.base[row] = probability - targets.base[row]
        curvature.base[row] = probability * (1 - probability)
      }
    case .classes(let count):
      for row in rows.lazy.map({ Int($0) }) {
        var largest = -Double.infinity
        for output in 0..<count { largest = max(largest, scores.base[output * stride + row]) }
        var sum = 0.0
        for output in 0..<count {
          let power = exp(scores.base[output * stride + row] - largest)
          gradient.base[output * stride + row] = power
          sum += power
        }
        for output in 0..<count {
          let probability = gradient.base[output * stride + row] / sum
          gradient.base[output * stride + row] =
            probability - (Int(targets.base[row]) == output ? 1 : 0)
          curvature.base[output * stride + row] = probability * (1 - probability)
        }
      }
    }
  }

  /// The mean loss of `rows`.
  func mean(_ scores: Memory<Double>, stride: Int, _ rows: Memory<UInt32>) -> Double {
    var sum = 0.0
    for index in 0..<rows.count {
      let row = Int(rows.base[index])
      let target = targets.base[row]
      switch kind {
      case .squaredError:
        sum += 0.5 * (scores.base[row] - target) * (scores.base[row] - target)
      case .binary:
        let score = scores.base[row]
        // 1 + e^-|score| is at least 1, so log keeps its digits.
        sum += log(1 + exp(-score.magnitude)) + max(score, 0) - target * score
      case .classes(let count):
        var largest = -Double.infinity
        for output in 0..<count { largest = max(largest, scores.base[output * stride + row]) }
        var powers = 0.0
        for output in 0..<count { powers += exp(scores.base[output * stride + row] - largest) }
        sum += log(powers) + largest - scores.base[Int(target) * stride + row]
      }
    }
    return sum / Double(max(1, rows.count))
  }

  private static func logistic(_ score: Double) -> Double {
    let tail = exp(-score.magnitude)
    return score >= 0 ? 1 / (1 + tail) : tail / (1 + tail)
  }
}
