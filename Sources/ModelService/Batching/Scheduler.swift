internal import Compute
internal import Glibc
internal import RPC
internal import Synchronization

/// The I/O around a ``Batcher``: runs what it says, where it is cheapest. A short run with nothing
/// to wait for happens on the calling thread, without a hand-off.
final class Scheduler: Sendable {
  private struct State {
    var batcher: Batcher<PendingInference>
    /// The wake-up that is under way, so that a busy model doesn't order one per request.
    var timerNanoseconds = UInt64.max
  }

  private let executor: BatchExecutor
  private let resources: ExecutionResources
  private let policy: BatchPolicy
  private let state: Mutex<State>

  init(
    engine: any Engine, signature: ModelSignature, policy: BatchPolicy,
    statistics: ModelStatisticsRecorder, resources: ExecutionResources
  ) {
    executor = BatchExecutor(
      engine: engine, signature: signature, statistics: statistics, now: resources.now)
    self.resources = resources
    self.policy = policy
    state = Mutex(State(batcher: Batcher(policy: policy)))
  }

  /// Runs a request, alone or with others. `deadline` is the caller's; `timeoutMicroseconds` and
  /// `priority` are what the request says about the queue.
  func infer(
    _ request: PreparedInference, priority: UInt64? = nil, timeoutMicroseconds: UInt64? = nil,
    deadline: MonotonicTime? = nil, isLive: @escaping @Sendable () -> Bool = { true }
  ) async throws -> InferenceResult {
    let now = resources.now()
    if let deadline, deadline.nanoseconds <= now { throw Self.deadlineExceeded }
    let pending = PendingInference(request, submittedNanoseconds: now, isLive: isLive)
    let item = Batcher<PendingInference>.Item(
      ticket: pending, rowCount: request.rowCount,
      shapeKey: policy.isBatching ? request.inputs.map { Array($0.shape.dropFirst()) } : [],
      priority: policy.priority(requested: priority),
      arrivedNanoseconds: now, expiresNanoseconds: expiry(now, timeoutMicroseconds, deadline))
    var admission = Batcher<PendingInference>.Admission.accepted(shed: nil)
    let run = executor.usualNanoseconds
    let step = advance {
      admission = $0.submit(item, runNanoseconds: run)
      if case .accepted = admission { return true }
      return false
    }
    switch admission {
    case .accepted(let shed):
      if let shed { shed.resolve(.failure(tooLate(shed, now))) }
    case .full(let wait):
      executor.statistics.recordFailure(nanoseconds: 0)
      throw Self.overloaded(
        "expected at most \(policy.queueCountMax) requests waiting for the model, got more", wait)
    case .late(let wait):
      executor.statistics.recordFailure(nanoseconds: 0)
      throw Self.overloaded(
        "the model is overloaded: a request would wait for \(wait / 1_000_000) ms", wait)
    }
    guard let step else { preconditionFailure("what was accepted has a next step") }
    perform(step)
    return try await pending.value()
  }

  /// Requests waiting now.
  var queuedCount: Int { state.withLock { $0.batcher.queue.count } }

  private func expiry(
    _ now: UInt64, _ requested: UInt64?, _ deadline: MonotonicTime?
  ) -> UInt64? {
    let timeout = policy.timeoutMicroseconds(requested: requested)
    var expires = deadline?.nanoseconds
    if timeout > 0, policy.rejectsOnTimeout {
      let (nanoseconds, overflow) = timeout.multipliedReportingOverflow(by: 1000)
      let (end, overflows) = now.addingReportingOverflow(nanoseconds)
      if !overflow, !overflows { expires = min(expires ?? .max, end) }
    }
    return expires
  }

  static let deadlineExceeded = RPCError(
    code: .deadlineExceeded, message: "the deadline passed before the model could run")

  /// Changes the batcher, asks it what is next, and settles what it dropped outside of the lock.
  private func advance(
    _ change: (inout Batcher<PendingInference>) -> Bool
  ) -> Batcher<PendingInference>.Step? {
    let now = resources.now()
    var dropped: [(PendingInference, Batcher<PendingInference>.Drop)] = []
    let run = executor.usualNanoseconds
    let step = state.withLock { state -> Batcher<PendingInference>.Step? in
      guard change(&state.batcher) else { return nil }
      let step = state.batcher.next(
        now: now, runNanoseconds: run, isLive: { $0.isLive() }
      ) {
        dropped.append(($0, $1))
      }
      guard case .wait(let until) = step else { return step }
      // A wake-up that is already ordered for then or earlier will do.
      if state.timerNanoseconds <= until, state.timerNanoseconds > now { return .idle }
      state.timerNanoseconds = until
      return step
    }
    for (pending, drop) in dropped { pending.resolve(.failure(error(drop, pending, now))) }
    return step
  }

  private func error(
    _ drop: Batcher<PendingInference>.Drop, _ pending: PendingInference, _ now: UInt64
  ) -> RPCError {
    switch drop {
    case .abandoned: return Self.cancelled
    case .expired:
      executor.statistics.recordFailure(nanoseconds: now &- pending.submittedNanoseconds)
      return RPCError(code: .deadlineExceeded, message: "Request timeout expired")
    case .late: return tooLate(pending, now)
    }
  }

  static let cancelled = RPCError(
    code: .cancelled, message: "the caller gave up before the model could run")

  /// The refusal of a request that waited and would not be answered in time any more.
  private func tooLate(_ pending: PendingInference, _ now: UInt64) -> RPCError {
    executor.statistics.recordFailure(nanoseconds: now &- pending.submittedNanoseconds)
    return .overloaded("the model is overloaded: the deadline leaves no time to run it")
  }

  private static func overloaded(_ message: String, _ waitNanoseconds: UInt64) -> RPCError {
    .overloaded(message, retryAfterSeconds: max(1, Int(waitNanoseconds / 1_000_000_000)))
  }

  private func perform(_ step: Batcher<PendingInference>.Step) {
    switch step {
    case .run(let items):
      if executor.costNanoseconds <= resources.settings.inlineNanosecondsMax {
        executor.run(items.map(\.ticket))
        if let next = advance({
          $0.finished(); return true
        }) {
          continueElsewhere(next)
        }
      } else {
        continueElsewhere(step)
      }
    case .wait, .idle: continueElsewhere(step)
    }
  }

  /// This thread has its own request to answer; what else there is runs on a worker.
  private func continueElsewhere(_ step: Batcher<PendingInference>.Step) {
    switch step {
    case .run(let items): resources.workers.submit { self.drive(items) }
    case .wait(let until):
      resources.timer.schedule(atNanoseconds: until) {
        // The timer's thread serves every model: it only hands over.
        self.resources.workers.submit { self.poll() }
      }
    case .idle: break
    }
  }

  private func poll() {
    guard let step = advance({ _ in true }) else { return }
    if case .run(let items) = step { drive(items) } else { continueElsewhere(step) }
  }

  /// Runs batches on this worker while there are any.
  private func drive(_ first: [Batcher<PendingInference>.Item]) {
    var items = first
    while true {
      executor.run(items.map(\.ticket))
      guard
        let step = advance({
          $0.finished(); return true
        })
      else { return }
      guard case .run(let more) = step else { return continueElsewhere(step) }
      items = more
    }
  }
}
