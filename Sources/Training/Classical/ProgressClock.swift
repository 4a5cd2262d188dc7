internal import Glibc

/// Makes reports of a training that goes through rounds: iterations, trees, passes.
struct ProgressClock {
  /// Rounds at most.
  let roundCount: Int
  /// Examples that a round looks at.
  let exampleCount: Int
  /// Rounds that a checkpoint has spared.
  var resumedRounds = 0
  private let start = Self.now()
  private var last = -Double.infinity

  init(roundCount: Int, exampleCount: Int) {
    self.roundCount = roundCount
    self.exampleCount = exampleCount
  }

  /// Seconds of a clock that never goes back.
  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Whether the last report is so long ago that another is due.
  var isDue: Bool { Self.now() - last > 0.25 }

  /// A report at the end of a round, counted from 1.
  mutating func report(
    round: Int, metrics: [Metric] = [], endsRound: Bool = true
  ) -> TrainingProgress {
    let now = Self.now()
    last = now
    let done = Double(max(0, round - resumedRounds))
    let seconds = max(now - start, 1e-9)
    return TrainingProgress(
      epoch: max(1, round), epochCount: max(round, roundCount), step: endsRound ? 1 : 0,
      stepCount: 1,
      metrics: metrics, examplesPerSecond: done * Double(exampleCount) / seconds,
      secondsLeft: done > 0 ? seconds / done * Double(max(0, roundCount - round)) : 0,
      endsEpoch: endsRound)
  }
}
