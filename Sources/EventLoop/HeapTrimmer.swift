internal import CLinux

/// Gives free pages of the heap back to the system after a peak: the allocator keeps them, so a
/// flood of connections or large messages would show in the process's size for ever. Told to look
/// every few seconds, away from the loops.
public struct HeapTrimmer: Sendable {
  /// Less is not worth the page faults of those who need it again.
  static let byteCountMin: UInt64 = 16 << 20

  /// The least that was free since the last trim. What was given back then counts as free as well.
  private var leastFree: UInt64

  init(free: UInt64) {
    leastFree = free
  }

  /// Starts from what is free now.
  public init() {
    self.init(free: martlet_free_heap())
  }

  /// Looks, and trims if much has become free.
  public mutating func look() {
    if isDue(free: martlet_free_heap()) { martlet_trim_heap() }
  }

  /// Whether enough has become free since the last time that it was, to trim now.
  mutating func isDue(free: UInt64) -> Bool {
    if free < leastFree { leastFree = free }
    guard free - leastFree >= Self.byteCountMin else { return false }
    leastFree = free
    return true
  }
}
