internal import RPC
internal import Synchronization

/// Prepares texts of all models on a thread of its own: templates, tokens, grammars and searches of
/// them may take long. Tenants take turns by the time that they took, and nothing is begun for a caller
/// that has gone.
struct TextQueue: Sendable {
  private let threads: WorkerThreads
  private let turns = TenantTurnstile()
  /// Nanoseconds of a clock that never goes back.
  private let now: @Sendable () -> UInt64

  init(
    threads: WorkerThreads = WorkerThreads(count: 1, name: "texts"),
    now: @escaping @Sendable () -> UInt64 = { MonotonicTime.now().nanoseconds }
  ) {
    (self.threads, self.now) = (threads, now)
  }

  /// What waits behind the one that is under way.
  var waitingCount: Int { turns.waitingCount }

  /// Runs `body` when it is the tenant's turn. It is not begun when the task is cancelled before, which
  /// ends it at once, or when the deadline has passed by then; when that happens meanwhile, what `body`
  /// is given says so, and whatever it throws then is told as that.
  func offload<Result: Sendable>(
    for tenant: String, deadline: MonotonicTime? = nil,
    _ body: @escaping @Sendable (_ isWanted: @escaping @Sendable () -> Bool) throws -> Result
  ) async throws -> Result {
    let waiter = Waiter()
    let refusal: @Sendable () -> RPCError? = { [now] in
      if waiter.isGone.load(ordering: .relaxed) { return Scheduler.cancelled }
      guard let deadline, deadline.nanoseconds <= now() else { return nil }
      return Scheduler.deadlineExceeded
    }
    return try await withTaskCancellationHandler {
      try await turns.wait(for: tenant) { continuation in
        { [self] refused in
          if let refused { return continuation.resume(throwing: refused) }
          threads.submit {
            let start = now()
            let result = Swift.Result { () throws -> Result in
              if let refused = refusal() { throw refused }
              do { return try body { refusal() == nil } } catch { throw refusal() ?? error }
            }
            turns.give(cost: now() &- start)
            continuation.resume(with: result)
          }
        }
      }
    } onCancel: {
      waiter.isGone.store(true, ordering: .relaxed)
    }
  }

  /// Whoever waits for a result.
  private final class Waiter: Sendable {
    let isGone = Atomic(false)
  }
}
