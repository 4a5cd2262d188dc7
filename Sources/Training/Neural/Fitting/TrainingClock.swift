internal import Glibc

/// How fast it goes.
struct TrainingClock {
  private var epochStart = 0.0
  private var reported = 0.0
  private var firstStep = 0
  private var steps = 0
  private var examples = 0

  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  mutating func beginEpoch(step: Int) {
    epochStart = Self.now
    reported = epochStart
    (firstStep, steps, examples) = (step, 0, 0)
  }

  /// So many more examples, until step `step` of the epoch.
  mutating func count(examples count: Int, until step: Int) {
    steps = max(0, step - firstStep)
    examples += count
  }

  /// Whether a report is due: twice a second.
  var isDue: Bool {
    mutating get {
      let now = Self.now
      if now - reported < 0.4 { return false }
      reported = now
      return true
    }
  }

  private var elapsed: Double { max(1e-9, Self.now - epochStart) }
  var examplesPerSecond: Double { Double(examples) / elapsed }
  func seconds(forSteps count: Int) -> Double { elapsed / Double(max(1, steps)) * Double(count) }
}
