/// A job that nobody computes yet.
struct WaitingJob: Sendable, Equatable {
  var key: JobKey
  /// Milliseconds since 1970.
  var createdMilliseconds: Int64
}

/// Whose turn it is: the tenant with the fewest running jobs; of several, the one that was served
/// longest ago; within a tenant the oldest job. However many jobs a tenant has, another's first one
/// waits for at most one job of each tenant.
struct JobQueue {
  private var lastTurns: [String: UInt64] = [:]
  private var turn: UInt64 = 0
  /// Tenants that are remembered. Who is forgotten counts as never served, as those do who were served
  /// longest ago.
  private static let tenantCountMax = 4096

  /// The next job to compute, which counts as its tenant's turn; nil when none waits.
  ///
  /// - Parameter running: jobs that are computed anywhere, by tenant.
  mutating func next(_ waiting: [WaitingJob], running: [String: Int]) -> WaitingJob? {
    let next = waiting.min { left, right in
      order(left, running).lexicographicallyPrecedes(order(right, running))
        || order(left, running) == order(right, running) && left.key.id < right.key.id
    }
    guard let next else { return nil }
    turn += 1
    lastTurns[next.key.tenant] = turn
    if lastTurns.count > Self.tenantCountMax,
      let oldest = lastTurns.min(by: { $0.value < $1.value })
    {
      lastTurns[oldest.key] = nil
    }
    return next
  }

  private func order(_ job: WaitingJob, _ running: [String: Int]) -> [Int64] {
    [
      Int64(running[job.key.tenant] ?? 0), Int64(lastTurns[job.key.tenant] ?? 0),
      job.createdMilliseconds,
    ]
  }
}
