internal import CKernels
internal import Synchronization

/// How many threads this process may compute with. One budget, because event loops and compute
/// threads together must not exceed the cores the process was given.
public enum ThreadBudget {
  private static let configured = Atomic<Int>(0)

  /// Cores this process may run on (its affinity mask, so a container's cpuset counts).
  public static var coreCount: Int { Int(ck_core_count()) }

  /// Threads one call may compute with, the caller included. By default two, where there are two
  /// cores: one beyond the caller.
  public static var computeThreads: Int {
    let asked = configured.load(ordering: .relaxed)
    return asked > 0 ? asked : min(2, coreCount)
  }

  /// Sets `computeThreads`. Takes effect if it comes before the first use of `ThreadPool.shared`.
  public static func configure(computeThreads: Int) {
    precondition(computeThreads >= 1, "computing needs at least the calling thread")
    configured.store(computeThreads, ordering: .relaxed)
  }
}
