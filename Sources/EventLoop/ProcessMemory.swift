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
}
