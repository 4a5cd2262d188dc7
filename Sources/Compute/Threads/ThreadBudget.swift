internal import CKernels
internal import Synchronization

/// The cores a process was given, dealt out to its event loops and compute threads: together they
/// never exceed it. One for each process; whoever makes threads that compute takes them from here.
///
/// Threads that mostly wait (for a disk, a name service, a clock) are not counted.
public final class ThreadBudget: Sendable {
  /// Cores this process may run on (its affinity mask, so a container's cpuset counts).
  public static var coreCount: Int { Int(ck_core_count()) }

  /// Threads to deal out.
  public let threadCount: Int
  private let taken = Atomic<Int>(0)

  /// A budget of some threads; by default one for each core.
  public init(threadCount: Int = ThreadBudget.coreCount) {
    precondition(threadCount >= 1, "a budget: expected at least one thread, got \(threadCount)")
    self.threadCount = threadCount
  }

  /// Threads that nobody has taken.
  public var remaining: Int { max(0, threadCount - taken.load(ordering: .relaxed)) }

  /// Takes up to `asked` threads, as many as remain. One is always granted, because nobody works
  /// without a thread: a budget smaller than its takers shares cores.
  public func take(_ asked: Int) -> Int {
    precondition(asked >= 1, "threads to take: expected at least one, got \(asked)")
    var current = taken.load(ordering: .relaxed)
    while true {
      let granted = max(1, min(asked, threadCount - current))
      let (exchanged, original) = taken.weakCompareExchange(
        expected: current, desired: current + granted, ordering: .relaxed)
      if exchanged { return granted }
      current = original
    }
  }

  /// Takes what remains.
  public func takeRest() -> Int { take(threadCount) }
}
