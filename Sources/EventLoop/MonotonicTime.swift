// Both have `timespec`; which of them counts as its owner depends on who is read first.
internal import CLinux
internal import Glibc

/// A point on CLOCK_MONOTONIC, in nanoseconds. Comparable only within one machine's uptime.
public struct MonotonicTime: Sendable, Hashable, Comparable {
  /// Nanoseconds since the clock's unspecified start.
  public var nanoseconds: UInt64

  /// A point given in nanoseconds of the clock.
  public init(nanoseconds: UInt64) {
    self.nanoseconds = nanoseconds
  }

  /// Later than every deadline: what "no deadline" means.
  public static let distantFuture = MonotonicTime(nanoseconds: .max)

  /// Reads the clock.
  public static func now() -> MonotonicTime {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return MonotonicTime(
      nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
  }

  /// Earlier in time.
  public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// The point `duration` later; saturates at the ends of the clock.
  public static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
    let nanoseconds = duration.nanosecondsClamped
    if nanoseconds >= 0 {
      let (sum, overflow) = time.nanoseconds.addingReportingOverflow(UInt64(nanoseconds))
      return MonotonicTime(nanoseconds: overflow ? .max : sum)
    }
    let (difference, overflow) = time.nanoseconds.subtractingReportingOverflow(
      nanoseconds.magnitude)
    return MonotonicTime(nanoseconds: overflow ? 0 : difference)
  }

  /// How much later `left` is than `right`; negative when it is earlier.
  public static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
    if left >= right {
      return .nanoseconds(Int64(clamping: left.nanoseconds - right.nanoseconds))
    }
    return .nanoseconds(-Int64(clamping: right.nanoseconds - left.nanoseconds))
  }
}

extension Duration {
  /// Whole nanoseconds, clamped to Int64 (about 292 years).
  public var nanosecondsClamped: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds > 0 ? .max : .min }
    let (sum, carry) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
    return carry ? (seconds > 0 ? .max : .min) : sum
  }
}
