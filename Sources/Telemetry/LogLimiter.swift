/// Keeps what a peer can cause at will from filling the log: a few lines in each interval, then
/// silence and a count.
public struct LogLimiter: Sendable {
  /// Lines in one interval.
  public let lineCountMax: Int
  /// Nanoseconds.
  public let interval: UInt64
  private var start: UInt64?
  private var count = 0
  private var suppressed = 0

  /// By default ten lines a minute: enough to see what happens, not enough to fill a disk.
  public init(lineCountMax: Int = 10, intervalNanoseconds: UInt64 = 60_000_000_000) {
    self.lineCountMax = lineCountMax
    interval = intervalNanoseconds
  }

  /// How many lines were held back since the last one, when this one may be written; nil when
  /// it may not. `now` is a monotonic clock's, in nanoseconds.
  public mutating func admit(now: UInt64) -> Int? {
    if start.map({ now - $0 >= interval }) ?? true {
      start = now
      count = 0
    }
    count += 1
    guard count <= lineCountMax else {
      suppressed += 1
      return nil
    }
    defer { suppressed = 0 }
    return suppressed
  }
}
