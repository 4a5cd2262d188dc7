/// Allows events at a rate, and some of them at once: the generic cell rate algorithm
/// (ITU-T I.371) in one word, the time at which all of the burst will be available again.
struct RateLimit {
  private var fullAt: UInt64 = 0

  /// Counts one event; true when it comes too early. `max` events in `window` nanoseconds are
  /// allowed on average, `burst` at once.
  mutating func exceeds(_ max: Int, per window: UInt64, burst: Int, now: UInt64) -> Bool {
    let interval = window / UInt64(Swift.max(max, 1))
    let start = Swift.max(fullAt, now)
    if start - now > interval &* UInt64(Swift.max(burst, 1) - 1) { return true }
    fullAt = start + interval
    return false
  }
}

/// What one peer did lately, against ``HTTP2Limits``.
struct FloodCounters {
  private static let second: UInt64 = 1_000_000_000
  private static let windowUpdateCreditMax = 4_096
  /// One DATA frame may be answered by two WINDOW_UPDATE frames; some clients send them in halves.
  static let windowUpdatesPerFrame = 4

  private var resetsReceived = RateLimit()
  private var resetsSent = RateLimit()
  private var settings = RateLimit()
  private var pings = RateLimit()
  private var priorities = RateLimit()
  private var emptyData = RateLimit()
  private var windowUpdates = RateLimit()
  /// CONTINUATION frames of the header block under way.
  var continuationCount = 0
  /// WINDOW_UPDATE frames that our DATA and the peer's requests explain.
  var windowUpdateCredit = 0

  /// Counts one frame; true when that was one too many.
  mutating func exceeds(_ limit: HTTP2Limit, _ limits: HTTP2Limits, now: UInt64) -> Bool {
    switch limit {
    case .resetsReceived:
      resetsReceived.exceeds(
        limits.resetsReceivedPerSecondMax, per: Self.second,
        burst: limits.resetsReceivedBurstMax, now: now)
    case .resetsSent:
      resetsSent.exceeds(
        limits.resetsSentPerMinuteMax, per: 60 * Self.second,
        burst: limits.resetsSentPerMinuteMax, now: now)
    case .settings: Self.aSecond(&settings, limits.settingsPerSecondMax, now)
    case .pings: Self.aSecond(&pings, limits.pingsPerSecondMax, now)
    case .priorities: Self.aSecond(&priorities, limits.prioritiesPerSecondMax, now)
    case .emptyData: Self.aSecond(&emptyData, limits.emptyDataPerSecondMax, now)
    case .windowUpdates: windowUpdatesExceed(limits, now)
    case .continuations: continuationsExceed(limits.continuationsMax)
    case .streams, .headerList, .headerBlock, .controlQueue: false
    }
  }

  private static func aSecond(_ counter: inout RateLimit, _ max: Int, _ now: UInt64) -> Bool {
    counter.exceeds(max, per: second, burst: max, now: now)
  }

  private mutating func continuationsExceed(_ max: Int) -> Bool {
    continuationCount += 1
    return continuationCount > max
  }

  private mutating func windowUpdatesExceed(_ limits: HTTP2Limits, _ now: UInt64) -> Bool {
    // What was not used lately counts only so far: it would cover a flood.
    windowUpdateCredit = min(windowUpdateCredit, Self.windowUpdateCreditMax)
    if windowUpdateCredit > 0 {
      windowUpdateCredit -= 1
      return false
    }
    return Self.aSecond(&windowUpdates, limits.windowUpdatesPerSecondMax, now)
  }
}
