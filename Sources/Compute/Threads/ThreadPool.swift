internal import CKernels
internal import Glibc
internal import Synchronization

/// Fork-join over a few threads that wait between jobs: about 1 µs a job while a run is open.
///
/// `run` cuts work into tasks that any participant may take; which thread computes a task never
/// changes its result. A pool serves one job at a time: a second caller meanwhile computes its
/// tasks itself, so nobody ever waits for somebody else's model.
public final class ThreadPool: Sendable {
  /// Work below this many floating-point operations (about 20 µs on one core) stays on one thread:
  /// handing over costs more than it gains.
  public static let grainFlops = 2e6
  /// The same gate in nanoseconds, for work that is not counted in operations.
  public static let grainNanoseconds = 20_000

  /// The pool of programs that run one model at a time (`martlet bench`): the caller and one
  /// thread more, where there is a second core. Services give each request one thread of their
  /// ``ThreadBudget`` instead.
  public static let shared = ThreadPool(participants: min(2, ThreadBudget.coreCount))

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

  /// Keeps the pool's threads awake for the duration of `body`: one model run with several jobs.
  /// Outside of it they sleep as soon as a job is done, so that an idle process uses no CPU.
  public func withRun<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    shared.openRun()
    defer { shared.closeRun() }
    return try body()
  }
}
