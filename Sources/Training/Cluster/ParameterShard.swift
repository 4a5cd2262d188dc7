/// What a worker sends of one step.
package struct GradientPush: Equatable, Sendable {
  /// Of the assignment by which the worker has its shards.
  package var generation: Int
  package var step: Int
  /// The shards of the data whose examples these are, ascending.
  package var shards: [Int]
  /// Examples, and loss and metrics times examples.
  package var sums: [Double]
  /// The sum of ``exampleMark(_:)`` over the examples.
  package var marks: UInt64
  /// Means over the examples: gradients, and how running statistics changed.
  package var gradient: [Float]

  package init(
    generation: Int, step: Int, shards: [Int], sums: [Double], marks: UInt64, gradient: [Float] = []
  ) {
    (self.generation, self.step, self.shards) = (generation, step, shards)
    (self.sums, self.marks, self.gradient) = (sums, marks, gradient)
  }

  var exampleCount: Double { sums.first ?? 0 }
  /// A number for each example, whose sum tells whether each came once.
  static func exampleMark(_ example: Int) -> UInt64 {
    RepeatableRandom.mix(UInt64(example) &+ 0x9E37_79B9_7F4A_7C15)
  }
}

/// One parameter server's state and rules, without any input and output.
///
/// Each shard of the data has a clock: the next step that it gives gradients for. A gradient that comes
/// twice, from a worker that was thought dead or after a server's answer was lost, is known by its shard's
/// clock and ignored, so that every example counts once whoever dies.
package final class ParameterShard {
  /// What does not change.
  package struct Rules: Sendable {
    package var range: ServerRange
    var optimizer: Optimizer
    var mode: Distribution.Mode
    /// Shards of the data.
    var shardCount: Int
    /// Examples of a global batch.
    var batchSize: Int
    /// Parameters of the whole network.
    package var parameterCount: Int
    /// Numbers that the optimizer keeps for each parameter.
    package var slotCount: Int { optimizer.slotCount }
  }

  enum Answer: Equatable {
    /// It counts, or has counted before.
    case taken
    /// It is of another assignment, or for a step that is not under way.
    case stale
  }

  package let rules: Rules
  /// The assignment of shards to workers that is in force.
  package private(set) var generation = 0
  /// Steps from here on wait: what was done before is a checkpoint.
  private(set) var limit = 0
  private(set) var clocks: [Int]
  /// Steps whose gradients have all been used.
  package private(set) var version = 0
  private(set) var updates = 0
  package private(set) var values: [Float]
  package private(set) var slots: [[Float]]
  /// Over the epoch: examples, and loss and metrics times examples.
  package private(set) var sums: [Double] = []
  package private(set) var marks: UInt64 = 0
  /// Values of the step before, for workers that take over a dead one's shards within it.
  private var previous: [Float]?
  private var contributions: [GradientPush] = []
  /// The mean gradient of a step, while its norm is asked of the other servers.
  private var unclipped: [Float]?
  /// The last step that waited for the norms, and this server's, for a server that did not learn of the others'.
  private(set) var endedSquares: (step: Int, squares: [Double])?

  init(_ rules: Rules) {
    self.rules = rules
    clocks = [Int](repeating: 0, count: rules.shardCount)
    values = [Float](repeating: 0, count: rules.range.count)
    slots = [[Float]](
      repeating: [Float](repeating: 0, count: rules.range.count),
      count: rules.optimizer.slotCount)
  }

  /// Begins at a checkpoint.
  package func load(
    generation: Int, step: Int, values: [Float], slots: [[Float]], sums: [Double], marks: UInt64
  ) {
    precondition(values.count == rules.range.count && slots.count == rules.optimizer.slotCount)
    (self.generation, self.values, self.slots) = (generation, values, slots)
    (self.sums, self.marks, version, limit) = (sums, marks, step, step)
    clocks = [Int](repeating: step, count: rules.shardCount)
    updates = rules.mode == .synchronous ? step : step * rules.shardCount
    (contributions, unclipped, previous, endedSquares) = ([], nil, nil, nil)
  }

  /// Puts an assignment in force and lets steps below `limit` be computed.
  package func proceed(generation: Int, limit: Int) {
    self.generation = max(generation, self.generation)
    self.limit = max(limit, self.limit)
  }

  /// Begins an epoch's sums.
  package func resetSums(count: Int) {
    sums = [Double](repeating: 0, count: count)
    marks = 0
  }

  /// Whether all steps below the limit are done.
  package var isAtLimit: Bool { version == limit && clocks.allSatisfy { $0 == limit } }

  /// Values to compute a step with; nil as long as it must wait.
  func values(for step: Int) -> [Float]? {
    guard step < limit else { return nil }
    switch rules.mode {
    case .synchronous:
      if step == version { return values }
      // Done here, but not everywhere.
      return step == version - 1 ? previous : nil
    case .asynchronous: return values
    case .bounded(let staleness): return step - version <= staleness ? values : nil
    }
  }

  func push(_ push: GradientPush) -> Answer {
    guard push.generation == generation, let first = push.shards.first, first >= 0,
      push.shards.last ?? 0 < rules.shardCount, push.gradient.count == rules.range.activeCount,
      zip(push.shards, push.shards.dropFirst()).allSatisfy({ $0 < $1 })
    else { return .stale }
    if push.shards.allSatisfy({ clocks[$0] > push.step }) { return .taken }
    guard push.shards.allSatisfy({ clocks[$0] == push.step }), values(for: push.step) != nil else {
      return .stale
    }
    for shard in push.shards { clocks[shard] += 1 }
    if rules.mode == .synchronous {
      contributions.append(push)
      if clocks.allSatisfy({ $0 == version + 1 }) { collect() }
    } else {
      add(push)
      // A shard without examples in a step counts as an update, as it does for who goes on from a checkpoint.
      if push.exampleCount > 0 {
        apply(push.gradient, share: push.exampleCount)
      } else {
        updates += 1
      }
      version = clocks.min() ?? 0
    }
    return .taken
  }

  private func add(_ push: GradientPush) {
    if sums.count < push.sums.count {
      sums += [Double](repeating: 0, count: push.sums.count - sums.count)
    }
    for (index, sum) in push.sums.enumerated() { sums[index] += sum }
    marks &+= push.marks
  }

  /// The mean over a whole global batch, in the order of shards, whoever came first.
  private func collect() {
    contributions.sort { $0.shards[0] < $1.shards[0] }
    let total = contributions.reduce(0) { $0 + $1.exampleCount }
    var mean: [Float] = []
    for index in contributions.indices {
      add(contributions[index])
      let weight = Float(total > 0 ? contributions[index].exampleCount / total : 0)
      guard weight > 0 else { continue }
      var gradient: [Float] = []
      swap(&gradient, &contributions[index].gradient)
      Self.add(weight, gradient, to: &mean)
    }
    contributions = []
    if total == 0 {
      previous = values
      version += 1
    } else if rules.optimizer.clipsByNorm {
      unclipped = mean
    } else {
      finish(mean)
    }
  }

  /// Adds `weight` times `numbers`; a sum without any is none yet.
  private static func add(_ weight: Float, _ numbers: consuming [Float], to sum: inout [Float]) {
    guard !sum.isEmpty else {
      sum = numbers
      guard weight != 1 else { return }
      return sum.withUnsafeMutableBufferPointer { sum in
        for index in sum.indices { sum[index] *= weight }
      }
    }
    sum.withUnsafeMutableBufferPointer { sum in
      numbers.withUnsafeBufferPointer { numbers in
        for index in sum.indices { sum[index] += weight * numbers[index] }
      }
    }
  }

  private func finish(_ mean: consuming [Float]) {
    previous = values
    apply(mean, share: nil)
    version += 1
  }
}

extension ParameterShard {
  /// For each parameter the square of its gradient's norm, as far as it lies here; nil unless the step waits
  /// for the norms of the whole gradient.
  var squares: [Double]? {
    guard let unclipped else { return nil }
    var squares = [Double](repeating: 0, count: rules.parameterCount)
    var place = 0
    for piece in rules.range.pieces where piece.kind != .fixed {
      if piece.kind == .trained {
        for value in unclipped[place..<(place + piece.count)] {
          squares[piece.parameter] += Double(value) * Double(value)
        }
      }
      place += piece.count
    }
    return squares
  }

  /// Ends the step `step`, which waits for the norms of the whole gradient.
  func finish(step: Int, squares: [Double]) {
    guard step == version, let own = self.squares, squares.count == rules.parameterCount,
      var mean = unclipped
    else { return }
    unclipped = nil
    endedSquares = (step, own)
    var place = 0
    for piece in rules.range.pieces where piece.kind != .fixed {
      if piece.kind == .trained,
        let factor = rules.optimizer.factor(squares: squares, parameter: piece.parameter)
      {
        mean.withUnsafeMutableBufferPointer { mean in
          for index in place..<(place + piece.count) { mean[index] *= factor }
        }
      }
      place += piece.count
    }
    finish(mean)
  }

  /// - Parameter share: examples of an update that is not of a whole global batch.
  private func apply(_ gradient: consuming [Float], share: Double?) {
    let followedShare = Float((share ?? Double(rules.batchSize)) / Double(rules.batchSize))
    var place = 0
    for piece in rules.range.pieces where piece.kind != .fixed {
      let range = place..<(place + piece.count)
      place = range.upperBound
      if piece.kind == .followed {
        for index in range { values[index] += followedShare * gradient[index] }
        continue
      }
      gradient.withUnsafeMutableBufferPointer { gradient in
        let own = gradient.baseAddress! + range.lowerBound
        if case .value = rules.optimizer.clip {
          rules.optimizer.clip([own], counts: [piece.count])
        }
        update(range, own)
      }
    }
    updates += 1
  }

  private func update(_ range: Range<Int>, _ gradient: UnsafePointer<Float>) {
    values.withUnsafeMutableBufferPointer { values in
      let own = values.baseAddress! + range.lowerBound
      Self.withPointers(slots.indices, &slots, at: range.lowerBound, []) { slots in
        rules.optimizer.update(
          own, gradient, count: range.count, slots: slots, step: version, updates: updates)
      }
    }
  }

  /// Where each of some runs is, at a place in it.
  private static func withPointers(
    _ rest: Range<Int>, _ runs: inout [[Float]], at place: Int,
    _ known: [UnsafeMutablePointer<Float>], _ body: ([UnsafeMutablePointer<Float>]) -> Void
  ) {
    guard let index = rest.first else { return body(known) }
    // Taken out, so that the others can be reached meanwhile.
    var run = runs[index]
    runs[index] = []
    run.withUnsafeMutableBufferPointer {
      withPointers(
        rest.dropFirst(), &runs, at: place, known + [$0.baseAddress! + place], body)
    }
    runs[index] = run
  }
}
