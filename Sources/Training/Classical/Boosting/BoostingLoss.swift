internal import Compute
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
    case .squaredError:
      let first = rows.count > 0 ? targets.base[Int(rows.base[0])] : 0
      // Equal targets are told exactly: what rounding leaves of them is no gradient to grow trees of.
      let isOne = (0..<rows.count).allSatisfy { targets.base[Int(rows.base[$0])] == first }
      return [isOne ? first : sums[0] / count]
    case .binary: return [log(share(sums[0]) / (1 - share(sums[0])))]
    case .classes:
      let logs = sums.map { log(share($0)) }
      let mean = logs.reduce(0, +) / Double(logs.count)
      return logs.map { $0 - mean }
    }
  }

  /// Writes the derivatives of the loss by the scores of `rows`, output by output, and returns the mean loss:
  /// both need the same exponentials. `scores` and the derivatives are `stride` apart from one output to
  /// the next.
  func derivatives(
    _ scores: Memory<Double>, stride: Int, _ rows: Memory<UInt32>, gradient: Memory<Double>,
    curvature: Memory<Double>, threads: ThreadPool?
  ) -> Double {
    Self.mean(rows, threads) { rows in
      switch kind {
      case .squaredError:
        var sum = 0.0
        for row in rows.lazy.map({ Int($0) }) {
          let difference = scores.base[row] - targets.base[row]
          gradient.base[row] = difference
          curvature.base[row] = 1
          sum += 0.5 * difference * difference
        }
        return sum
      case .binary:
        return logistic(scores, rows) { row, probability in
          gradient.base[row] = probability - targets.base[row]
          curvature.base[row] = probability * (1 - probability)
        }
      case .classes(let count):
        return softmax(scores, stride, rows, count) { row, output, probability in
          gradient.base[output * stride + row] =
            probability - (Int(targets.base[row]) == output ? 1 : 0)
          curvature.base[output * stride + row] = probability * (1 - probability)
        }
      }
    }
  }

  /// The mean loss of `rows`.
  func mean(
    _ scores: Memory<Double>, stride: Int, _ rows: Memory<UInt32>, threads: ThreadPool?
  ) -> Double {
    Self.mean(rows, threads) { rows in
      switch kind {
      case .squaredError:
        return rows.reduce(0) { sum, row in
          let difference = scores.base[Int(row)] - targets.base[Int(row)]
          return sum + 0.5 * difference * difference
        }
      case .binary: return logistic(scores, rows) { _, _ in }
      case .classes(let count): return softmax(scores, stride, rows, count) { _, _, _ in }
      }
    }
  }

  /// The mean of what `sum` adds up over some of `rows`.
  private static func mean(
    _ rows: Memory<UInt32>, _ threads: ThreadPool?, _ sum: (UnsafeBufferPointer<UInt32>) -> Double
  ) -> Double {
    let shards = Tasks.shards(rows.count, bytesEach: 64)
    let sums = Memory<Double>(repeating: 0, count: shards.count)
    Tasks.run(shards.count, on: threads) { task in
      sums.base[task] = sum(
        UnsafeBufferPointer(start: rows.base + shards[task].lowerBound, count: shards[task].count))
    }
    return sums.elements.reduce(0, +) / Double(max(1, rows.count))
  }

  /// The sum of the losses of two classes; `found` is told the second one's probability.
  @inline(__always)
  private func logistic(
    _ scores: Memory<Double>, _ rows: UnsafeBufferPointer<UInt32>, _ found: (Int, Double) -> Void
  ) -> Double {
    var sum = 0.0
    // The logarithm of a product of factors up to 2: one for 64 examples instead of one for each.
    var product = 1.0
    for (index, row) in rows.enumerated() {
      let (row, score) = (Int(row), scores.base[Int(row)])
      let tail = exp(-score.magnitude)
      found(row, score >= 0 ? 1 / (1 + tail) : tail / (1 + tail))
      // log(1 + e^score) - y · score, without overflow.
      product *= 1 + tail
      sum += max(score, 0) - targets.base[row] * score
      if index % 64 == 63 {
        sum += log(product)
        product = 1
      }
    }
    return sum + log(product)
  }

  /// The sum of the losses of several classes; `found` is told the probability of each.
  @inline(__always)
  private func softmax(
    _ scores: Memory<Double>, _ stride: Int, _ rows: UnsafeBufferPointer<UInt32>, _ count: Int,
    _ found: (Int, Int, Double) -> Void
  ) -> Double {
    var sum = 0.0
    var powers = [Double](repeating: 0, count: count)
    for row in rows.lazy.map({ Int($0) }) {
      var largest = -Double.infinity
      for output in 0..<count { largest = max(largest, scores.base[output * stride + row]) }
      var total = 0.0
      for output in 0..<count {
        powers[output] = exp(scores.base[output * stride + row] - largest)
        total += powers[output]
      }
      for output in 0..<count { found(row, output, powers[output] / total) }
      sum += log(total) + largest - scores.base[Int(targets.base[row]) * stride + row]
    }
    return sum
  }
}
