internal import RPC
internal import Synchronization

/// The I/O around a ``SequenceTable``: lets the requests of a sequence run one after the other and
/// carries its state from each to the next. Runs of different sequences share the model's scheduler,
/// and so its batches.
final class SequenceScheduler: Sendable {
  private typealias Table = SequenceTable<UnsafeContinuation<SequenceAdmission, Never>>

  private struct State {
    var table: Table
    var isExpiryOrdered = false
  }

  private let model: String
  private let signature: SequenceSignature
  private let scheduler: Scheduler
  private let statistics: ModelStatisticsRecorder
  private let resources: ExecutionResources
  private let state: Mutex<State>

  init(
    model: String, signature: SequenceSignature, scheduler: Scheduler,
    statistics: ModelStatisticsRecorder, resources: ExecutionResources
  ) {
    self.model = model
    self.signature = signature
    self.scheduler = scheduler
    self.statistics = statistics
    self.resources = resources
    let settings = resources.settings
    let limits = Table.Limits(
      sequenceCountMax: settings.sequenceCountMax,
      stateByteCountMax: settings.sequenceStateByteCountMax,
      waitingCountMax: settings.queueCountMax, idleNanosecondsMax: signature.idleNanosecondsMax)
    state = Mutex(State(table: Table(limits: limits, initialState: signature.initialState)))
  }

  /// Runs a request when those of its sequence before it have ended.
  func infer(
    _ request: PreparedInference, _ step: SequenceStep?, priority: UInt64?,
    timeoutMicroseconds: UInt64?, deadline: MonotonicTime?,
    isLive: @escaping @Sendable () -> Bool
  ) async throws -> InferenceResult {
    guard let step else {
      throw refused(
        .invalid(
          "inference request to model '\(model)' must specify a non-zero or non-empty correlation "
            + "ID"))
    }
    guard request.rowCount == 1 else {
      throw refused(
        .invalid(
          "inference request to model '\(model)' must specify batch-size 1 due to requirements of "
            + "sequence batcher"))
    }
    let before: SequenceState
    switch await admission(step) {
    case .run(let state): before = state
    case .refuse(let reason): throw refused(status(reason, step))
    }
    let result: InferenceResult
    let after: SequenceState
    do {
      guard isLive() else { throw Scheduler.cancelled }
      (result, after) = signature.parted(
        try await scheduler.infer(
          try signature.extended(request, step, before), priority: priority,
          timeoutMicroseconds: timeoutMicroseconds, deadline: deadline, isLive: isLive))
    } catch {
      _ = finish(step, nil)
      throw error
    }
    guard finish(step, after) else { throw refused(status(.stateTooLarge, step)) }
    return result
  }

  /// Live sequences.
  var sequenceCount: Int { state.withLock { $0.table.count } }

  /// Bytes that their states hold.
  var stateByteCount: Int { state.withLock { $0.table.stateByteCount } }

  /// Sequences that were forgotten because nobody continued them.
  var expiredCount: Int { state.withLock { $0.table.expiredCount } }

  private func admission(_ step: SequenceStep) async -> SequenceAdmission {
    await withUnsafeContinuation { continuation in
      let now = resources.now()
      let (admission, ordersExpiry) = state.withLock { state in
        let admission = state.table.admit(step, ticket: continuation, now: now)
        let orders = !state.isExpiryOrdered && state.table.count > 0
        if orders { state.isExpiryOrdered = true }
        return (admission, orders)
      }
      if ordersExpiry { orderExpiry(atNanoseconds: now &+ signature.idleNanosecondsMax) }
      if let admission { continuation.resume(returning: admission) }
    }
  }

  /// False when the state could not be kept.
  private func finish(_ step: SequenceStep, _ after: SequenceState?) -> Bool {
    let now = resources.now()
    let (isKept, answers) = state.withLock { $0.table.finished(step.id, after, now: now) }
    for (continuation, admission) in answers { continuation.resume(returning: admission) }
    return isKept
  }

  /// One timer at a time, and none while there are no sequences. It does not keep an unloaded
  /// model alive.
  private func orderExpiry(atNanoseconds due: UInt64) {
    resources.timer.schedule(atNanoseconds: due) { [weak self] in self?.expire() }
  }

  private func expire() {
    let now = resources.now()
    let next = state.withLock { state -> UInt64? in
      let next = state.table.expire(now: now)
      state.isExpiryOrdered = next != nil
      return next
    }
    if let next { orderExpiry(atNanoseconds: next) }
  }

  private func refused(_ error: RPCError) -> RPCError {
    statistics.recordFailure(nanoseconds: 0)
    return error
  }

  private func status(_ refusal: SequenceAdmission.Refusal, _ step: SequenceStep) -> RPCError {
    let settings = resources.settings
    return switch refusal {
    case .notStarted:
      .invalid(
        "inference request for sequence \(step.id) to model '\(model)' must specify the START flag "
          + "on the first request of the sequence")
    case .tooManySequences:
      .overloaded(
        "expected at most \(settings.sequenceCountMax) sequences of model '\(model)' at one time, "
          + "got one more: end sequences with sequence_end")
    case .tooManyWaiting:
      .overloaded(
        "expected at most \(settings.queueCountMax) requests waiting for their sequences of model "
          + "'\(model)', got more")
    case .stateTooLarge:
      .overloaded(
        "expected sequences of model '\(model)' whose states hold at most "
          + "\(settings.sequenceStateByteCountMax) bytes together, got more: sequence \(step.id) "
          + "has ended")
    }
  }
}
