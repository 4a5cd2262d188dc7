internal import EventLoop

/// What happened in a run, line by line, for a person who replays a seed.
struct Trace {
  /// The lines so far.
  private(set) var lines: [String] = []
  private let start: MonotonicTime
  private let prints: Bool

  /// A trace with times from `start` on; printed as it grows, or kept.
  init(start: MonotonicTime, prints: Bool) {
    self.start = start
    self.prints = prints
  }

  mutating func add(_ time: MonotonicTime, _ who: String, _ what: String) {
    let microseconds = (time.nanoseconds &- start.nanoseconds) / 1_000
    let fraction = "\(1_000_000 + microseconds % 1_000_000)".dropFirst()
    let line = "\(microseconds / 1_000_000).\(fraction)  \(who): \(what)"
    if prints { print(line) } else { lines.append(line) }
  }
}
