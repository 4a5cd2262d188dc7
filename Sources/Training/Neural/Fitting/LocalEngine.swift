/// Steps in this process, or in ranks that share each batch: each changes the parameters before the next
/// begins.
final class LocalEngine: StepEngine {
  private let steps: NetworkSteps
  private var batches: BatchSequence
  let slots: [UnsafeMutablePointer<Float>]
  /// Nil for who trains alone.
  private let ranks: RankSteps?

  /// Zeros for the optimizer; the parameters are as `steps` has them.
  init(_ steps: NetworkSteps, _ batches: BatchSequence, _ ranks: RankSteps? = nil) {
    self.ranks = ranks
    self.steps = steps
    self.batches = batches
    slots = steps.makeSlots()
  }

  deinit { for slot in slots { slot.deallocate() } }

  func advance(
    _ state: inout NetworkCheckpoint, to end: Int, report: StepReport
  ) throws(TrainingError) {
    while state.step < end {
      let rows = batches.rows(epoch: state.epoch, step: state.step).flatMap { $0 }
      // A shard's part may be empty, and where all are, nothing changes.
      if !rows.isEmpty { try step(rows, &state) }
      state.step += 1
      state.total += 1
      do throws(TrainingError) { try report(state, rows.count) } catch {
        guard let ranks else { throw error }
        ranks.note(error)
      }
    }
  }

  func finish() {}

  private func step(_ rows: [Int], _ state: inout NetworkCheckpoint) throws(TrainingError) {
    if let ranks { return try step(rows, &state, ranks) }
    let runner = try steps.read(rows)
    var (sums, isFinite) = (state.sums, true)
    try runner.run(step: state.total) { loss, metrics, gradients in
      isFinite = loss.isFinite
      guard isFinite else { return }
      StepSums.add(rows.count, loss, metrics, to: &sums)
      // The gradients lie in the plan's own memory, which is computed anew in every step.
      let own = gradients.map { UnsafeMutablePointer(mutating: $0) }
      apply(own, of: runner.trained, step: state.total)
    }
    guard isFinite else { throw StepSums.divergence(step: state.step, epoch: state.epoch) }
    state.sums = sums
  }

  /// A step of which this rank computes a part.
  private func step(
    _ rows: [Int], _ state: inout NetworkCheckpoint, _ ranks: RankSteps
  ) throws(TrainingError) {
    let (loss, metrics) = try ranks.run(rows, step: state.total) { part throws(TrainingError) in
      try steps.read(Array(part))
    }
    guard loss.isFinite else { throw StepSums.divergence(step: state.step, epoch: state.epoch) }
    StepSums.add(rows.count, loss, metrics, to: &state.sums)
    apply(ranks.gradients, of: ranks.trained, step: state.total)
    ranks.endStep()
  }

  private func apply(_ gradients: [UnsafeMutablePointer<Float>], of trained: [Int], step: Int) {
    let optimizer = steps.specification.optimizer
    let memory = steps.memory
    optimizer.clip(gradients, counts: trained.map { memory.parameters[$0].count })
    for (gradient, index) in zip(gradients, trained) {
      let offset = memory.offsets[index]
      optimizer.update(
        memory.base + offset, gradient, count: memory.parameters[index].count,
        slots: slots.map { $0 + offset }, step: step)
    }
  }
}

extension NetworkSteps {
  /// The optimizer's numbers as they are before the first step.
  func makeSlots() -> [UnsafeMutablePointer<Float>] {
    let optimizer = specification.optimizer
    return (0..<optimizer.slotCount).map { _ in
      let slot = ParameterMemory.allocate(memory.count)
      slot.update(repeating: optimizer.slotStart, count: memory.count)
      return slot
    }
  }
}

/// What is summed over an epoch: examples, and loss and metrics times examples.
enum StepSums {
  static func add(_ count: Int, _ loss: Double, _ metrics: [Double], to sums: inout [Double]) {
    sums[0] += Double(count)
    sums[1] += loss * Double(count)
    for (index, value) in metrics.enumerated() { sums[2 + index] += value * Double(count) }
  }

  static func divergence(step: Int, epoch: Int) -> TrainingError {
    TrainingError(
      .diverged,
      "the loss became no number in step \(step + 1) of epoch \(epoch + 1); use a lower "
        + "learning_rate or clipnorm, and check the data for values that are not finite")
  }
}
