internal import Glibc
internal import JSON
internal import Synchronization
internal import Training

@testable import ModelService

/// Counts to `epochs`, with a checkpoint after each: what the service does around a trainer can be
/// tested without one. The model it makes says the sum of its data and of its epochs.
struct CountingTrainer: Trainer {
  let request: TrainingRequest
  let epochCount: Int
  /// The epoch after which it does nothing but report, until it may go on; nil: none.
  let holdsAfter: Int?
  let failure: TrainingError?

  /// Epochs that were computed, by all trainers of a test.
  final class Counts: Sendable {
    let epochs = Mutex<[Int]>([])
    let mayGoOn = Atomic<Bool>(false)
  }
  let counts: Counts

  init(_ request: TrainingRequest, _ counts: Counts) throws(TrainingError) {
    guard let epochs = request.specification["epochs"], case .integer(let epochCount) = epochs
    else { throw TrainingError(.specification, "expected epochs") }
    self.request = request
    self.epochCount = Int(epochCount)
    holdsAfter = request.specification["holds_after"]?.whole.map { Int($0) }
    failure =
      request.specification["diverges"] == .bool(true)
      ? TrainingError(.diverged, "the loss is no number any more: lower the learning rate") : nil
    self.counts = counts
  }

  mutating func run(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> TrainedModel {
    var done = Int(try request.checkpoints?.load()?.first ?? 0)
    while done < epochCount {
      for step in 1...2 { try report(progress(done + 1, step, endsEpoch: false)) }
      while done == holdsAfter, !counts.mayGoOn.load(ordering: .acquiring) {
        usleep(1000)
        try report(progress(done + 1, 2, endsEpoch: false))
      }
      if let failure, done == 1 { throw failure }
      done += 1
      counts.epochs.withLock { $0.append(done) }
      try request.checkpoints?.save([UInt8(done)])
      try report(progress(done, 2, endsEpoch: true))
    }
    return TrainedModel(
      onnx: Array("simple".utf8), metrics: [Metric("loss", 1 / Double(epochCount))],
      notes: ["\(request.training.count) examples"])
  }

  private func progress(_ epoch: Int, _ step: Int, endsEpoch: Bool) -> TrainingProgress {
    TrainingProgress(
      epoch: epoch, epochCount: epochCount, step: step, stepCount: 2,
      metrics: [Metric("loss", 1 / Double(epoch)), Metric("weird", .nan)], examplesPerSecond: 10,
      secondsLeft: 1, endsEpoch: endsEpoch)
  }
}
