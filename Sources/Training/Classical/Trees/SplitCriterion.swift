internal import Glibc

/// What a split is judged by. Examples move from the left to the right, and the proxy, which grows with
/// the decrease of impurity, is asked for on the way.
protocol SplitCriterion {
  /// All examples of a node are left. They lie from `first` on.
  mutating func begin(first: Int, count: Int)
  /// All are left again.
  mutating func reset()
  /// One example moves, by its place in the node.
  mutating func move(_ place: Int)
  /// Grows with what a split here gains.
  var proxy: Double { get }
  /// Weight on the right.
  var rightWeight: Double { get }
  /// Weight of the node.
  var weight: Double { get }
  /// Impurity of what is left, of what is right, and of the node.
  func impurities() -> (left: Double, right: Double, node: Double)
  /// Numbers that the node would answer with.
  func values(into target: inout [Double])
  /// What orders categories so that the best split is one of the order; nil if there is no such order.
  func categoryKey(_ members: UnsafeBufferPointer<UInt64>) -> Double?
}

/// The examples of a tree that is being grown, in an order in which every node's lie together.
struct TreeSamples {
  let rows: Memory<UInt32>
  let weights: Memory<Double>
  /// Of a classifier.
  let classes: Memory<Int32>?
  /// Of a regressor.
  let targets: Memory<Double>?
  let count: Int
}

/// Gini's impurity and entropy over counts of classes.
struct ClassCriterion: SplitCriterion {
  private let samples: TreeSamples
  private let classCount: Int
  private let usesEntropy: Bool
  private let total: Memory<Double>
  private let left: Memory<Double>
  private let right: Memory<Double>
  /// x · log x of whole numbers, as far as it was needed.
  private let logarithms: Memory<Double>
  private var first = 0
  /// Σ c² of each side, or Σ c · log c.
  private var (totalSum, leftSum, rightSum) = (0.0, 0.0, 0.0)
  private(set) var weight = 0.0
  private var leftWeight = 0.0
  private(set) var rightWeight = 0.0

  init(_ samples: TreeSamples, classCount: Int, usesEntropy: Bool) {
    self.samples = samples
    self.classCount = classCount
    self.usesEntropy = usesEntropy
    total = Memory(repeating: 0, count: classCount)
    left = Memory(repeating: 0, count: classCount)
    right = Memory(repeating: 0, count: classCount)
    logarithms = Memory(uninitialized: usesEntropy ? 1 << 16 : 0)
    for x in 0..<logarithms.count { logarithms[x] = x == 0 ? 0 : Double(x) * log(Double(x)) }
  }

  mutating func begin(first: Int, count: Int) {
    self.first = first
    total.base.update(repeating: 0, count: classCount)
    weight = 0
    guard let classes = samples.classes else { return }
    for index in first..<first + count {
      total.base[Int(classes.base[index])] += samples.weights.base[index]
      weight += samples.weights.base[index]
    }
    totalSum = 0
    for index in 0..<classCount { totalSum += term(total.base[index]) }
    reset()
  }

  mutating func reset() {
    left.base.update(from: total.base, count: classCount)
    right.base.update(repeating: 0, count: classCount)
    (leftSum, rightSum) = (totalSum, 0)
    (leftWeight, rightWeight) = (weight, 0)
  }

  @inline(__always)
  private func term(_ x: Double) -> Double { usesEntropy ? entropyTerm(x) : x * x }

  private func entropyTerm(_ x: Double) -> Double {
    guard x > 0 else { return 0 }
    let whole = Int(x)
    return whole < logarithms.count && Double(whole) == x ? logarithms.base[whole] : x * log(x)
  }

  @inline(__always)
  mutating func move(_ place: Int) {
    guard let classes = samples.classes else { return }
    let weight = samples.weights.base[first + place]
    let index = Int(classes.base[first + place])
    let (before, after) = (left.base[index], right.base[index])
    left.base[index] = before - weight
    right.base[index] = after + weight
    if usesEntropy {
      leftSum += entropyTerm(before - weight) - entropyTerm(before)
      rightSum += entropyTerm(after + weight) - entropyTerm(after)
    } else {
      leftSum -= weight * (2 * before - weight)
      rightSum += weight * (2 * after + weight)
    }
    leftWeight -= weight
    rightWeight += weight
  }

  @inline(__always)
  var proxy: Double {
    usesEntropy
      ? leftSum - entropyTerm(leftWeight) + rightSum - entropyTerm(rightWeight)
      : leftSum / leftWeight + rightSum / rightWeight
  }

  func impurities() -> (left: Double, right: Double, node: Double) {
    (
      impurity(left, leftWeight), impurity(right, rightWeight), impurity(total, weight)
    )
  }

  private func impurity(_ counts: Memory<Double>, _ weight: Double) -> Double {
    guard weight > 0 else { return 0 }
    var sum = 0.0
    for index in 0..<classCount where counts.base[index] > 0 {
      let share = counts.base[index] / weight
      sum += usesEntropy ? -share * log2(share) : share * share
    }
    return usesEntropy ? sum : 1 - sum
  }

  func values(into target: inout [Double]) {
    for index in 0..<classCount { target.append(total.base[index] / weight) }
  }

  /// Two classes: the share of the second (Breiman and others, 1984, theorem 4.5).
  func categoryKey(_ members: UnsafeBufferPointer<UInt64>) -> Double? {
    guard classCount == 2, let classes = samples.classes else { return nil }
    var (sum, weight) = (0.0, 0.0)
    for member in members {
      let place = first + Int(UInt32(truncatingIfNeeded: member))
      weight += samples.weights.base[place]
      if classes.base[place] == 1 { sum += samples.weights.base[place] }
    }
    return sum / weight
  }
}

/// The squared distance from the mean.
struct SquaredErrorCriterion: SplitCriterion {
  private let samples: TreeSamples
  private var first = 0
  private var (totalSum, totalSquares) = (0.0, 0.0)
  private var (leftSum, rightSum, rightSquares) = (0.0, 0.0, 0.0)
  private(set) var weight = 0.0
  private var leftWeight = 0.0
  private(set) var rightWeight = 0.0
  /// Squares are needed for impurities alone, which are asked for once a node.
  private var count = 0

  init(_ samples: TreeSamples) { self.samples = samples }

  mutating func begin(first: Int, count: Int) {
    self.first = first
    self.count = count
    (totalSum, totalSquares, weight) = (0, 0, 0)
    guard let targets = samples.targets else { return }
    for index in first..<first + count {
      let (weight, target) = (samples.weights.base[index], targets.base[index])
      self.weight += weight
      totalSum += weight * target
      totalSquares += weight * target * target
    }
    reset()
  }

  mutating func reset() {
    (leftSum, rightSum, rightSquares) = (totalSum, 0, 0)
    (leftWeight, rightWeight) = (weight, 0)
  }

  @inline(__always)
  mutating func move(_ place: Int) {
    guard let targets = samples.targets else { return }
    let weight = samples.weights.base[first + place]
    let sum = weight * targets.base[first + place]
    leftSum -= sum
    rightSum += sum
    rightSquares += sum * targets.base[first + place]
    leftWeight -= weight
    rightWeight += weight
  }

  @inline(__always)
  var proxy: Double { leftSum * leftSum / leftWeight + rightSum * rightSum / rightWeight }

  func impurities() -> (left: Double, right: Double, node: Double) {
    (
      Self.impurity(totalSquares - rightSquares, leftSum, leftWeight),
      Self.impurity(rightSquares, rightSum, rightWeight),
      Self.impurity(totalSquares, totalSum, weight)
    )
  }

  private static func impurity(_ squares: Double, _ sum: Double, _ weight: Double) -> Double {
    guard weight > 0 else { return 0 }
    return max(0, squares / weight - (sum / weight) * (sum / weight))
  }

  func values(into target: inout [Double]) { target.append(totalSum / weight) }

  /// The mean (Fisher, 1958).
  func categoryKey(_ members: UnsafeBufferPointer<UInt64>) -> Double? {
    guard let targets = samples.targets else { return nil }
    var (sum, weight) = (0.0, 0.0)
    for member in members {
      let place = first + Int(UInt32(truncatingIfNeeded: member))
      weight += samples.weights.base[place]
      sum += samples.weights.base[place] * targets.base[place]
    }
    return sum / weight
  }
}
