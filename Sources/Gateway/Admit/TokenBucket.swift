internal import Synchronization

/// A token bucket in one word, shared by all loops without a lock: the generic cell rate
/// algorithm (ITU-T I.371), which stores the time at which the bucket will be full again.
struct TokenBucket: ~Copyable, Sendable {
  private let fullAt = Atomic<UInt64>(0)

  /// Takes a token. Returns 0, or the nanoseconds after which one will be there.
  func take(now: UInt64, perSecond: UInt32, burst: UInt32) -> UInt64 {
    guard perSecond > 0 else { return 0 }
    let interval = 1_000_000_000 / UInt64(perSecond)
    let tolerance = interval &* UInt64(max(burst, 1) - 1)
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
}
