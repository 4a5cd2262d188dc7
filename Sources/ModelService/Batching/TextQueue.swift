internal import RPC

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
  /// ends it at once, or when the deadline has passed by then.
  func offload<Result: Sendable>(
    for tenant: String, deadline: MonotonicTime? = nil,
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await turns.wait(for: tenant) { continuation in
      { [self] refusal in
        if let refusal { return continuation.resume(throwing: refusal) }
        threads.submit {
          let start = now()
          let result = Swift.Result { () throws -> Result in
            if let deadline, deadline.nanoseconds <= start { throw Scheduler.deadlineExceeded }
            return try body()
          }
          turns.give(cost: now() &- start)
          continuation.resume(with: result)
        }
      }
    }
  }
}
