internal import RPC
internal import Synchronization

/// Lets one at a time go on, by turns of tenants (``TurnsByTenant``). Who waits in a task that is
/// cancelled leaves the line at once.
///
/// ``Turnstile`` is for what has no tenants.
final class TenantTurnstile: Sendable {
  /// Called once: without an error when the turn begins, else when there will be none.
  typealias Waiter = @Sendable (RPCError?) -> Void

  private let turns = Mutex(TurnsByTenant<Waiter>())

  /// Those that wait.
  var waitingCount: Int { turns.withLock { $0.count } }

  /// Returns when it is the tenant's turn, which ends with `give`.
  func take(for tenant: String) async throws {
    try await wait(for: tenant) { (continuation: UnsafeContinuation<Void, any Error>) in
      { refusal in
        if let refusal { continuation.resume(throwing: refusal) } else { continuation.resume() }
      }
    }
  }

  /// The turn is over. What it cost decides how soon its tenant gets another.
  func give(cost: UInt64) {
    let next = turns.withLock { turns in
      turns.end(cost: cost)
      return turns.next()
    }
    next?(nil)
  }

  /// Waits for a turn that begins on the thread that ends the one before, with what `waiter` returns;
  /// that thread must not be held up.
  func wait<Result: Sendable>(
    for tenant: String, _ waiter: (UnsafeContinuation<Result, any Error>) -> Waiter
  ) async throws -> Result {
    if Task.isCancelled { throw Scheduler.cancelled }
    let ticket = turns.withLock { $0.ticket(for: tenant) }
    return try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { continuation in
        let waiter = waiter(continuation)
        let next = turns.withLock { turns in
          turns.add(waiter, ticket)
          return turns.next()
        }
        next?(nil)
        // The handler finds nothing to remove when it runs before the line is joined.
        if Task.isCancelled { leave(ticket) }
      }
    } onCancel: {
      leave(ticket)
    }
  }

  private func leave(_ ticket: TurnsByTenant<Waiter>.Ticket) {
    turns.withLock { $0.remove(ticket) }?(Scheduler.cancelled)
  }
}
