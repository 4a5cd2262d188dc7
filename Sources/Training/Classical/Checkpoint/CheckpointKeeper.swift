/// Saves checkpoints of a training now and then, and when it is ended from outside.
struct CheckpointKeeper {
  /// Seconds between checkpoints: what a killed training loses at most.
  static let interval = 5.0

  private let store: (any CheckpointStore)?
  private var last = ProgressClock.now()

  init(_ store: (any CheckpointStore)?) { self.store = store }

  /// The newest checkpoint.
  func load() throws(TrainingError) -> [UInt8]? {
    guard let store else { return nil }
    return try store.load()
  }

  /// Reports a round; if that ends the training, what was done is kept.
  mutating func report(
    _ progress: TrainingProgress, _ report: (TrainingProgress) throws(TrainingError) -> Void,
    state: () -> [UInt8]
  ) throws(TrainingError) {
    do {
      try report(progress)
    } catch {
      // Whoever ended it is to hear why, not that the disk is full too.
      if let store { try? store.save(state()) }
      throw error
    }
    guard let store, ProgressClock.now() - last > Self.interval else { return }
    try store.save(state())
    last = ProgressClock.now()
  }
}
