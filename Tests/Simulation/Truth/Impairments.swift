internal import EventLoop

/// Parts of the system that faults touch.
enum Part: Hashable {
  case model(Int)
  case auth
  case gateway
  /// A client's way to the gateway.
  case client(Int)
}

/// When each part was not as it should be: what the checks excuse, and nothing else.
struct Impairments {
  private var intervals: [Part: [(start: MonotonicTime, end: MonotonicTime)]] = [:]

  mutating func add(_ part: Part, from start: MonotonicTime, to end: MonotonicTime) {
    intervals[part, default: []].append((start, end))
  }

  /// Whether a part was impaired between two points, or shortly before: it is given `settling` to
  /// be found and used again.
  func touches(
    _ part: Part, from start: MonotonicTime, to end: MonotonicTime, settling: Duration = .zero
  ) -> Bool {
    intervals[part, default: []].contains { $0.start <= end && $0.end + settling >= start }
  }

  func isActive(at time: MonotonicTime) -> Bool {
    intervals.values.contains { $0.contains { $0.end > time } }
  }

  /// The first moment from `start` on that begins a stretch of `length` without an impairment.
  func calm(
    _ part: Part, from start: MonotonicTime, for length: Duration, settling: Duration
  ) -> MonotonicTime {
    var time = start
    while let hit = intervals[part, default: []].first(where: {
      $0.start <= time + length && $0.end + settling >= time
    }) { time = hit.end + settling + .nanoseconds(1) }
    return time
  }
}
