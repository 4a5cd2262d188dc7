internal import CLinux

/// Gives free pages of the heap back to the system after a peak: the allocator keeps them, so a
/// flood of connections or large messages would show in the process's size for ever. Told to look
/// every few seconds, away from the loops.
public struct HeapTrimmer: Sendable {
  /// Less is not worth the page faults of those who need it again.
  static let byteCountMin: UInt64 = 16 << 20

  /// The least resident memory that nobody on the heap used, since the last trim. The program and
  /// whatever is mapped count here as well; it is the growth that matters.
  private var leastUnused: UInt64

  init(unused: UInt64) {
    leastUnused = unused
  }

  /// Starts from what there is now. From here on the allocator keeps what is freed until it is
  /// trimmed.
  public init() {
    martlet_keep_heaps()
    self.init(unused: Self.unused)
  }

  /// For a process of one purpose that makes and frees the same large blocks over and over: they stay,
  /// nobody trims, and threads that begin later share one heap.
  public static func keepLargeBlocks() { martlet_keep_large_blocks() }

  /// Looks, and trims if that may give much back.
  public mutating func look() {
    guard isDue(unused: Self.unused) else { return }
    martlet_trim_heap()
    // What is left is not the heap's, or cannot be given back: not to be tried for again.
    leastUnused = Self.unused
  }

  private static var unused: UInt64 {
    let (resident, used) = (martlet_resident_memory(), martlet_used_heap())
    return resident > used ? resident - used : 0
  }

  /// Memory of the process that is really there.
  static var residentByteCount: UInt64 { martlet_resident_memory() }

  /// Whether so much more is unused than once was, that it is time to trim.
  mutating func isDue(unused: UInt64) -> Bool {
    if unused < leastUnused { leastUnused = unused }
    return unused - leastUnused >= Self.byteCountMin
  }
}
