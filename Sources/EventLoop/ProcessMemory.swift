internal import CLinux

/// Memory of the whole process.
public enum ProcessMemory {
  /// Gives back what only the start needed: free pages of the heap, and the pages of the program
  /// and its libraries that were read to link them and to set up types. Half of a service's
  /// resident memory is of the latter kind. What is used again is mapped again, from the page cache.
  public static func releaseAfterStart() {
    martlet_trim_heap()
    martlet_release_code()
  }

  /// Bytes of the process that are in memory: of the heap, of the program and its libraries, of stacks.
  public static var residentByteCount: UInt64 { martlet_resident_memory() }
  /// Bytes of the heap that are in use: what grows without end is a leak.
  public static var usedHeapByteCount: UInt64 { martlet_used_heap() }
  /// Bytes that the allocator has from the system: in use, or free and kept.
  public static var heldHeapByteCount: UInt64 { martlet_held_heap() }
}
