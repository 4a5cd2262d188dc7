internal import RPC
internal import Synchronization

/// When each call of a load is due; shared by all who make calls.
final class LoadSchedule: Sendable {
  let start = MonotonicTime.now()
  private let end: MonotonicTime
  /// 0: at once.
  private let interval: Double
  private let taken = Atomic<UInt64>(0)

  init(rate: Double, seconds: Double) {
    end = start + .seconds(seconds)
    interval = rate > 0 ? 1e9 / rate : 0
  }

  /// When the next call is due, or nil when the load is over. It may be in the past: then calls wait
  /// for one another, and that counts.
  func next() -> MonotonicTime? {
    let now = MonotonicTime.now()
    guard interval > 0 else { return now < end ? now : nil }
    let number = taken.wrappingAdd(1, ordering: .relaxed).oldValue
    let due = MonotonicTime(
      nanoseconds: start.nanoseconds + UInt64((Double(number) * interval).rounded()))
    return due < end ? due : nil
  }
}
