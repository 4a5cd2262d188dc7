internal import Synchronization

/// A token bucket in one word, shared by all loops without a lock: the generic cell rate
/// algorithm (ITU-T I.371), which stores the time at which the bucket will be full again.
struct TokenBucket: ~Copyable, Sendable {
  private let fullAt = Atomic<UInt64>(0)

  /// Takes a token. Returns 0, or the nanoseconds after which one will be there. A rate of 0 is no
  /// limit; a burst of 0 is one second's worth.
  func take(now: UInt64, perSecond: UInt32, burst: UInt32) -> UInt64 {
    guard perSecond > 0 else { return 0 }
    let (interval, tolerance) = Self.terms(perSecond, burst)
    var current = fullAt.load(ordering: .relaxed)
    while true {
      let start = max(current, now)
      if start - now > tolerance { return start - now - tolerance }
      let (exchanged, original) = fullAt.weakCompareExchange(
        expected: current, desired: start + interval, ordering: .relaxed)
      if exchanged { return 0 }
      current = original
    }
  }

  /// What ``take(now:perSecond:burst:)`` would return, without taking.
  func wait(now: UInt64, perSecond: UInt32, burst: UInt32) -> UInt64 {
    guard perSecond > 0 else { return 0 }
    let (_, tolerance) = Self.terms(perSecond, burst)
    let start = max(fullAt.load(ordering: .relaxed), now)
    return start - now > tolerance ? start - now - tolerance : 0
  }

  /// Takes tokens that are spent already, whether they are there or not. A debt ends after
  /// ``debtNanosecondsMax`` at the latest.
  func charge(_ count: Int, now: UInt64, perSecond: UInt32, burst: UInt32) {
    guard perSecond > 0, count > 0 else { return }
    let (interval, tolerance) = Self.terms(perSecond, burst)
    let latest = now + tolerance + Self.debtNanosecondsMax
    var current = fullAt.load(ordering: .relaxed)
    while true {
      let desired = min(max(current, now) + interval &* UInt64(count), latest)
      let (exchanged, original) = fullAt.weakCompareExchange(
        expected: current, desired: desired, ordering: .relaxed)
      if exchanged { return }
      current = original
    }
  }

  private static let debtNanosecondsMax: UInt64 = 10_000_000_000

  private static func terms(_ perSecond: UInt32, _ burst: UInt32) -> (UInt64, UInt64) {
    let interval = 1_000_000_000 / UInt64(perSecond)
    return (interval, interval &* UInt64(max(burst == 0 ? perSecond : burst, 1) - 1))
  }
}
