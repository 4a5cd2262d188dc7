internal import CKernels
internal import Glibc
internal import Synchronization

/// Fork-join over a few threads that wait between jobs: about 1 µs a job while they are awake.
///
/// `run` cuts work into tasks that any participant may take; which thread computes a task never
/// changes its result. A pool serves one job at a time: a second caller meanwhile computes its
/// tasks itself, so nobody ever waits for somebody else's model. Operators do not call it: they
/// say what their work costs, and ``Parallel`` decides.
public final class ThreadPool: Sendable {
  /// What another part of a job must be worth: several times what handing it to a thread that is
  /// awake costs (1 µs).
  static let partNanosecondsMin = 5_000.0
  /// What waking sleeping threads must be worth: the call takes 10 µs of its caller, and the first
  /// of them starts some 20 µs after it (measured on a virtual machine).
  static let wakeNanoseconds = 40_000.0
  /// A task that is much longer is cut again, so that a thread that was interrupted does not hold
  /// up the others.
  static let taskNanosecondsMax = 200_000.0

  /// Which pool: how many take part, and whether in what may wait for everything else.
  private struct Kind: Hashable {
    var participants: Int
    var isBackground: Bool
  }

  /// The pools of this process: a program has the number of participants it was configured with, so one
  /// for requests. However many models are loaded, they share its threads.
  private static let pools = Mutex<[Kind: ThreadPool]>([:])

  /// The pool for work on some threads, the caller's included; nil for its own alone.
  /// - Parameter isBackground: for training. Threads inherit the priority of the one that starts them, so
  ///   those that requests compute on must not be started, or kept busy, by what has the lowest.
  package static func shared(threadCount: Int, isBackground: Bool = false) -> ThreadPool? {
    let kind = Kind(
      participants: min(threadCount, ThreadBudget.coreCount), isBackground: isBackground)
    guard kind.participants > 1 else { return nil }
    return pools.withLock { pools in
      if let pool = pools[kind] { return pool }
      let pool = ThreadPool(participants: kind.participants)
      pools[kind] = pool
      return pool
    }
  }

  /// Threads that take part in a job, the caller included.
  public let participantCount: Int
  private let shared: SharedState

  /// A pool with `participants - 1` threads of its own. They end when the pool is released.
  public init(participants: Int) {
    precondition(participants >= 1 && participants <= 1024, "a pool has 1 to 1024 participants")
    shared = SharedState()
    var started = 0
    for _ in 1..<participants where shared.startThread() { started += 1 }
    participantCount = started + 1
  }

  deinit { shared.stop() }

  /// What the pool's threads share, to see it go.
  var stateForTests: SharedState { shared }

  /// Calls `body` once for each of 0..<taskCount, on any participant, and returns when all have.
  /// `taskCount` is at most 65,535; `body` must not throw, block or call `run` on this pool.
  public func run(_ taskCount: Int, _ body: (Int) -> Void) {
    precondition(taskCount <= 0xffff, "a job has at most 65,535 tasks, got \(taskCount)")
    guard taskCount > 1, participantCount > 1, shared.acquire() else {
      for task in 0..<max(0, taskCount) { body(task) }
      return
    }
    withoutActuallyEscaping(body) { shared.forkJoin(taskCount, $0) }
    shared.release()
  }

  /// An inference begins, with the jobs in it, on the calling thread: threads that compute for
  /// others are not there to help. Every one ends with `endRun`.
  func beginRun() { shared.openRun() }
  /// Ends what `beginRun` began.
  func endRun() { shared.closeRun() }

  /// Into how many tasks work of some length is to be cut now; 1: not at all.
  func taskCount(nanoseconds: Double, evenly: Bool) -> Int {
    let worth = Int(min(nanoseconds / Self.partNanosecondsMin, 1e6))
    guard worth > 1 else { return 1 }
    let free = participantCount - max(0, shared.openRunCount - 1)
    guard free > 1, shared.isWorthWaking(nanoseconds) else { return 1 }
    let threads = min(free, worth)
    let pieces = evenly ? 1 : Int(min(nanoseconds / Double(threads) / Self.taskNanosecondsMax, 4))
    return threads * max(1, pieces)
  }
}
