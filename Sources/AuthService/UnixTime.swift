/// A point in time as the store keeps it: milliseconds since 1970 (UTC).
///
/// The logic never reads a clock; its caller passes the time in.
public struct UnixTime: Comparable, Hashable, Sendable {
  /// Milliseconds since 1970.
  public var milliseconds: Int64

  /// The time so many milliseconds after 1970 began.
  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// The earlier of two times is the smaller.
  public static func < (left: UnixTime, right: UnixTime) -> Bool {
    left.milliseconds < right.milliseconds
  }

  /// This time, so many seconds later.
  public func adding(seconds: Int64) -> UnixTime {
    UnixTime(milliseconds: milliseconds + seconds * 1000)
  }
}
