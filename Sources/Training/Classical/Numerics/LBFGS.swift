/// Limited-memory BFGS (Liu and Nocedal, 1989): minimises a smooth function of many variables.
struct LBFGS {
  /// Pairs of steps and changes of the gradient that are remembered.
  static let memoryCount = 10

  /// How a minimisation ended.
  enum Ending: Equatable {
    /// The largest element of the gradient is at most the tolerance.
    case gradient
    /// A step changed the value by less than rounding would.
    case value
    /// The iterations that were allowed.
    case iterations
    /// No step along the gradient itself makes the function smaller.
    case stuck
  }

  let gradientTolerance: Double
  /// Relative to the value.
  let valueTolerance: Double
  let iterationCountMax: Int
  let evaluationCountMax = 50

  /// Moves `x` to a minimum. `evaluate` gives the value at a point and writes the gradient; `report` is
  /// told of every iteration's number and value.
  func minimize(
    _ x: Memory<Double>,
    evaluate: (Memory<Double>, Memory<Double>) throws(TrainingError) -> Double,
    report: (Int, Double) throws(TrainingError) -> Void
  ) throws(TrainingError) -> Ending {
    let count = x.count
    let gradient = Memory<Double>(repeating: 0, count: count)
    var value = try evaluate(x, gradient)
    if Vectors.largest(gradient.base, count) <= gradientTolerance { return .gradient }
    var pairs = Pairs(count: count)
    let direction = Memory<Double>(uninitialized: count)
    let (oldX, oldGradient) = (
      Memory<Double>(uninitialized: count), Memory<Double>(uninitialized: count)
    )
    for iteration in 1...max(1, iterationCountMax) {
      pairs.direction(gradient, into: direction)
      var slope = Vectors.dot(direction.base, gradient.base, count)
      if !(slope < 0) {
        pairs.clear()
        pairs.direction(gradient, into: direction)
        slope = Vectors.dot(direction.base, gradient.base, count)
      }
      oldX.base.update(from: x.base, count: count)
      oldGradient.base.update(from: gradient.base, count: count)
      let oldValue = value
      let length = Vectors.dot(direction.base, direction.base, count).squareRoot()
      var step = iteration == 1 ? min(1 / length, 1e10) : 1
      var search = LineSearch(value: value, slope: slope, firstStep: step)
      var isAccepted = false
      for _ in 0..<evaluationCountMax {
        for index in 0..<count { x.base[index] = oldX.base[index] + step * direction.base[index] }
        value = try evaluate(x, gradient)
        let slopeNow = Vectors.dot(direction.base, gradient.base, count)
        switch search.next(value: value, slope: slopeNow) {
        case .accept: isAccepted = true
        case .evaluate(let next):
          step = next
          continue
        case .fail: break
        }
        break
      }
      guard isAccepted else {
        x.base.update(from: oldX.base, count: count)
        gradient.base.update(from: oldGradient.base, count: count)
        value = oldValue
        // What is remembered may be to blame: once more along the gradient alone.
        guard !pairs.isEmpty else { return .stuck }
        pairs.clear()
        continue
      }
      try report(iteration, value)
      if Vectors.largest(gradient.base, count) <= gradientTolerance { return .gradient }
      if oldValue - value <= valueTolerance * max(oldValue.magnitude, value.magnitude, 1) {
        return .value
      }
      pairs.append(step: step, direction, slope: slope, oldGradient, gradient)
    }
    return .iterations
  }
}

/// The last steps, and what they changed of the gradient: a picture of the curvature.
private struct Pairs {
  private struct Pair {
    let step: Memory<Double>
    let change: Memory<Double>
    let curvature: Double
  }
  private let count: Int
  private var pairs: [Pair] = []

  init(count: Int) { self.count = count }

  var isEmpty: Bool { pairs.isEmpty }

  mutating func clear() { pairs = [] }

  /// Remembers a step, unless the function is not convex along it.
  mutating func append(
    step: Double, _ direction: Memory<Double>, slope: Double, _ before: Memory<Double>,
    _ after: Memory<Double>
  ) {
    // The oldest pair's memory is used again.
    let old = pairs.count == LBFGS.memoryCount ? pairs.removeFirst() : nil
    let moved = old?.step ?? Memory(uninitialized: count)
    let change = old?.change ?? Memory(uninitialized: count)
    for index in 0..<count {
      moved.base[index] = step * direction.base[index]
      change.base[index] = after.base[index] - before.base[index]
    }
    let curvature = Vectors.dot(moved.base, change.base, count)
    guard curvature > Double.ulpOfOne * -slope * step else { return }
    pairs.append(Pair(step: moved, change: change, curvature: curvature))
  }

  /// -H · gradient by the two loops over what is remembered.
  func direction(_ gradient: Memory<Double>, into result: Memory<Double>) {
    let d = result.base
    for index in 0..<count { d[index] = -gradient.base[index] }
    guard let newest = pairs.last else { return }
    var factors: [Double] = []
    for pair in pairs.reversed() {
      let factor = Vectors.dot(pair.step.base, d, count) / pair.curvature
      Vectors.add(-factor, pair.change.base, to: d, count)
      factors.append(factor)
    }
    Vectors.scale(
      d, by: newest.curvature / Vectors.dot(newest.change.base, newest.change.base, count), count)
    for (pair, factor) in zip(pairs, factors.reversed()) {
      let correction = factor - Vectors.dot(pair.change.base, d, count) / pair.curvature
      Vectors.add(correction, pair.step.base, to: d, count)
    }
  }
}
