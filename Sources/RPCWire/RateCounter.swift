/// Counts events in windows of a fixed length: cheap, and at most twice the rate slips through.
struct RateCounter {
  private var windowStart: UInt64 = 0
  private var count = 0

  /// Counts one event; true when there were more than `max` in this window.
  mutating func exceeds(_ max: Int, per nanoseconds: UInt64, now: UInt64) -> Bool {
    if now &- windowStart >= nanoseconds {
      windowStart = now
      count = 0
    }
    count += 1
    return count > max
  }
}

/// What one peer did lately, against ``HTTP2Limits``.
struct FloodCounters {
  private static let second: UInt64 = 1_000_000_000

  var resetsReceived = RateCounter()
  var resetsSent = RateCounter()
  var settings = RateCounter()
  var pings = RateCounter()
  var priorities = RateCounter()
  var emptyData = RateCounter()

  mutating func receivedReset(_ limits: HTTP2Limits, now: UInt64) -> Bool {
    resetsReceived.exceeds(limits.resetsReceivedPerSecondMax, per: Self.second, now: now)
  }

  mutating func sentReset(_ limits: HTTP2Limits, now: UInt64) -> Bool {
    resetsSent.exceeds(limits.resetsSentPerMinuteMax, per: 60 * Self.second, now: now)
  }

  mutating func receivedSettings(_ limits: HTTP2Limits, now: UInt64) -> Bool {
    settings.exceeds(limits.settingsPerSecondMax, per: Self.second, now: now)
  }

  mutating func receivedPing(_ limits: HTTP2Limits, now: UInt64) -> Bool {
    pings.exceeds(limits.pingsPerSecondMax, per: Self.second, now: now)
  }

  mutating func receivedPriority(_ limits: HTTP2Limits, now: UInt64) -> Bool {
    priorities.exceeds(limits.prioritiesPerSecondMax, per: Self.second, now: now)
  }

  mutating func receivedEmptyData(_ limits: HTTP2Limits, now: UInt64) -> Bool {
    emptyData.exceeds(limits.emptyDataPerSecondMax, per: Self.second, now: now)
  }
}
