/// Steps by workers and parameter servers: says who computes what, and what happens when one of them dies.
///
/// A dead worker's shards pass to those who live, at the step they have come to. When a server dies, all
/// begin again at the last checkpoint, which is where this engine's last call ended: that is at most the steps
/// since then that are lost, and they are computed again.
final class ClusterEngine: StepEngine {
  private let steps: NetworkSteps
  private let control: any ClusterControl
  private let ranges: [ServerRange]
  private let rules: [ParameterShard.Rules]
  private let stepCount: Int
  private let exampleCount: Int
  let slots: [UnsafeMutablePointer<Float>]
  private var generation = 0
  private var owners: [Int] = []
  private var hasBegun = false
  /// At the last checkpoint, of the epoch's examples; nil where it began elsewhere.
  private var marks: UInt64? = 0
  /// Looks without any progress after which all begin again at the last checkpoint: ten minutes of looks at
  /// processes that say that they live and do nothing.
  static let patience = 2_400
  /// The same, so often since the last checkpoint, ends the training.
  private static let stallCountMax = 2
  private var stallCount = 0

  init(
    _ steps: NetworkSteps, exampleCount: Int, control: any ClusterControl
  ) throws(TrainingError) {
    self.steps = steps
    self.control = control
    self.exampleCount = exampleCount
    ranges = try steps.serverRanges()
    let specification = steps.specification
    stepCount = (exampleCount + specification.fit.batchSize - 1) / specification.fit.batchSize
    rules = ranges.map { range in
      ParameterShard.Rules(
        specification, range: range, parameterCount: steps.memory.parameters.count)
    }
    slots = steps.makeSlots()
  }

  deinit { for slot in slots { slot.deallocate() } }

  func advance(
    _ state: inout NetworkCheckpoint, to end: Int, report: StepReport
  ) throws(TrainingError) {
    if state.step == 0 { marks = 0 } else if !hasBegun { marks = nil }
    while true {
      do {
        try run(&state, to: end, report)
        return
      } catch {
        guard case .training(let failure) = error else {
          hasBegun = false
          continue
        }
        throw failure
      }
    }
  }

  /// Tells everybody that the training is over.
  func finish() { control.end() }
  /// What was moved between the processes, a sentence.
  var summary: String? { control.summary }

  private enum Interruption: Error {
    /// A server is gone, or nothing moves: begin again.
    case server
    case training(TrainingError)
  }

  private func run(
    _ state: inout NetworkCheckpoint, to end: Int, _ report: StepReport
  ) throws(Interruption) {
    let limit = state.epoch * stepCount + end
    let first = state.epoch * stepCount + state.step
    if !hasBegun { try begin(state, at: first, report) }
    // An epoch's sums begin before anybody may add to them.
    if state.step == 0 { try proceed(first, resetsSums: state.sums.count) }
    try assignAnew(limit)
    try proceed(limit, resetsSums: nil)
    var (told, idle) = (state.sums[0], 0)
    var last: ShardStatus?
    while true {
      if try workers() != owners { try assignAnew(limit) }
      let status = try ask(0)
      var seen = state
      seen.step += max(0, min(status.version, limit) - first)
      if status.sums.count == state.sums.count { seen.sums = status.sums }
      try tell(report, seen, Int(seen.sums[0] - told))
      told = seen.sums[0]
      if status.isAtLimit {
        let others = try ranges.indices.dropFirst().map { index throws(Interruption) in
          try ask(index)
        }
        if others.allSatisfy({ $0.isAtLimit }) {
          try take(&state, status, others, end, limit)
          stallCount = 0
          return
        }
      }
      idle = status == last ? idle + 1 : 0
      last = status
      if idle > Self.patience { throw try stalled() }
    }
  }

  /// Nothing moved for long.
  private func stalled() throws(Interruption) -> Interruption {
    stallCount += 1
    guard stallCount > Self.stallCountMax else { return .server }
    throw .training(
      TrainingError(
        .resources,
        "nothing moved for ten minutes, \(stallCount) times since the last checkpoint: a step takes too long. Use "
          + "a smaller batch_size or more workers, then resume the training"))
  }

  private func begin(
    _ state: NetworkCheckpoint, at step: Int, _ report: StepReport
  ) throws(Interruption) {
    do throws(TrainingError) {
      try control.startServers(rules) { () throws(TrainingError) in try report(state, 0) }
    } catch { throw .training(error) }
    generation += 1
    owners = []
    for (server, range) in ranges.enumerated() {
      let contents = ShardContents(
        values: range.gather(steps.memory.base, count: range.count),
        slots: slots.map { range.gather($0, count: range.count) })
      do {
        try control.load(
          server, generation: generation, step: step, contents, sums: state.sums,
          marks: marks ?? 0, rules: rules[server])
      } catch { throw .server }
    }
    hasBegun = true
  }

  /// Deals the shards out to the workers that live. Servers know the assignment before workers do, so that
  /// nothing counts that was sent under the one before.
  private func assignAnew(_ limit: Int) throws(Interruption) {
    let alive = try workers()
    guard alive != owners else { return }
    generation += 1
    try proceed(limit, resetsSums: nil)
    owners = alive
    let shardCount = steps.specification.distribution.shardCount
    var assignments: [Int: ClusterAssignment] = [:]
    for (place, worker) in alive.enumerated() {
      let shards = (0..<shardCount).filter { $0 * alive.count / shardCount == place }
      assignments[worker] = ClusterAssignment(generation: generation, shards: shards)
    }
    control.assign(assignments)
  }

  private func proceed(_ limit: Int, resetsSums: Int?) throws(Interruption) {
    for server in ranges.indices {
      do {
        try control.proceed(
          server, generation: generation, limit: limit, resetsSums: resetsSums)
      } catch { throw .server }
    }
  }

  private func workers() throws(Interruption) -> [Int] {
    do { return try control.workers() } catch { throw .training(error) }
  }

  private func ask(_ server: Int) throws(Interruption) -> ShardStatus {
    do { return try control.status(server) } catch { throw .server }
  }

  private func tell(
    _ report: StepReport, _ state: NetworkCheckpoint, _ count: Int
  ) throws(Interruption) {
    do { try report(state, count) } catch { throw .training(error) }
  }

  /// Takes over what the servers have, which is the next checkpoint.
  private func take(
    _ state: inout NetworkCheckpoint, _ status: ShardStatus, _ others: [ShardStatus], _ end: Int,
    _ limit: Int
  ) throws(Interruption) {
    // Each server has seen every gradient, or part of the parameters was trained by other examples.
    guard others.allSatisfy({ $0.marks == status.marks && $0.sums.first == status.sums.first })
    else {
      throw .training(
        TrainingError(
          .resources,
          "parameter servers counted different examples: begin again from the last checkpoint"))
    }
    var all: [ShardContents] = []
    for server in ranges.indices {
      do { all.append(try control.contents(server, rules: rules[server])) } catch { throw .server }
    }
    for (range, contents) in zip(ranges, all) {
      range.scatter(contents.values, to: steps.memory.base)
      for (slot, values) in zip(slots, contents.slots) { range.scatter(values, to: slot) }
    }
    (state.sums, state.step, state.total) = (status.sums, end, limit)
    if marks != nil { marks = status.marks }
    guard end == stepCount, let marks else { return }
    let expected = (0..<exampleCount).reduce(UInt64(0)) { $0 &+ GradientPush.exampleMark($1) }
    guard marks == expected, Int(state.sums[0]) == exampleCount else {
      throw .training(
        TrainingError(
          .resources,
          "expected every of \(exampleCount) examples once in epoch \(state.epoch + 1), workers sent "
            + "\(Int(state.sums[0])), or some twice: begin again from the last checkpoint"))
    }
  }
}
