/// The live sequences of one model: who may run, who waits, and what each sequence has come to.
/// Sans-I/O: it is told the time and what happened; whoever calls it owns lock, clock and engine.
///
/// Requests of one sequence run one at a time in their order; those of different sequences don't
/// know each other. Sequences of different tenants can't meet here: there is one table per loaded
/// model, whose key contains the tenant.
struct SequenceTable<Ticket: Sendable>: Sendable {
  struct Limits: Sendable {
    /// Sequences at one time.
    var sequenceCountMax: Int
    /// Bytes of all their states together.
    var stateByteCountMax: Int
    /// Requests that wait for an earlier one of their sequence.
    var waitingCountMax: Int
    /// A sequence without a request for so long is forgotten.
    var idleNanosecondsMax: UInt64
  }

  private struct Sequence: Sendable {
    /// nil until the request that begins it has succeeded.
    var state: SequenceState?
    var running: SequenceStep?
    var waiting: [(step: SequenceStep, ticket: Ticket)] = []
    /// The last request that came was not the end.
    var continues = true
    var idleSinceNanoseconds: UInt64 = 0
  }

  let limits: Limits
  private let initialState: SequenceState
  private var sequences: [SequenceID: Sequence] = [:]
  private(set) var stateByteCount = 0
  private(set) var waitingCount = 0
  /// Sequences that nobody ended.
  private(set) var expiredCount = 0

  init(limits: Limits, initialState: SequenceState) {
    self.limits = limits
    self.initialState = initialState
  }

  /// Live sequences.
  var count: Int { sequences.count }

  /// Takes a request in; nil: it waits, and its ticket comes back from ``finished(_:_:now:)``.
  mutating func admit(_ step: SequenceStep, ticket: Ticket, now: UInt64) -> SequenceAdmission? {
    if let sequence = sequences[step.id], isExpired(sequence, now) { expire(step.id) }
    guard var sequence = sequences[step.id] else {
      guard step.isStart else { return .refuse(.notStarted) }
      if sequences.count >= limits.sequenceCountMax { expire(now: now) }
      guard sequences.count < limits.sequenceCountMax else { return .refuse(.tooManySequences) }
      sequences[step.id] = Sequence(running: step, continues: !step.isEnd)
      return .run(initialState)
    }
    guard step.isStart || sequence.continues else { return .refuse(.notStarted) }
    if sequence.running != nil {
      guard waitingCount < limits.waitingCountMax else { return .refuse(.tooManyWaiting) }
      waitingCount += 1
      sequence.waiting.append((step, ticket))
      sequence.continues = !step.isEnd
      sequences[step.id] = sequence
      return nil
    }
    guard let state = step.isStart ? initialState : sequence.state else {
      return .refuse(.notStarted)
    }
    sequence.running = step
    sequence.continues = !step.isEnd
    sequences[step.id] = sequence
    return .run(state)
  }

  /// The running request of a sequence has ended, with the state it left or without one when it
  /// failed. A failed request leaves the sequence as it was before; a failed first or last one
  /// ends it. `answers` is what those get that waited; `isKept` is false when the new state was
  /// too large to keep and the sequence has ended because of that.
  mutating func finished(
    _ id: SequenceID, _ newState: SequenceState?, now: UInt64
  ) -> (isKept: Bool, answers: [(ticket: Ticket, admission: SequenceAdmission)]) {
    guard var sequence = sequences[id], let step = sequence.running else {
      preconditionFailure("expected a running request of the sequence")
    }
    sequence.running = nil
    var isKept = true
    if step.isEnd || (step.isStart && newState == nil) {
      replaceState(of: &sequence, with: nil)
    } else if let newState {
      let before = sequence.state?.byteCount ?? 0
      isKept = stateByteCount - before + newState.byteCount <= limits.stateByteCountMax
      replaceState(of: &sequence, with: isKept ? newState : nil)
    }
    var answers: [(ticket: Ticket, admission: SequenceAdmission)] = []
    while sequence.running == nil, !sequence.waiting.isEmpty {
      let (next, ticket) = sequence.waiting.removeFirst()
      waitingCount -= 1
      if let state = next.isStart ? initialState : sequence.state {
        sequence.running = next
        answers.append((ticket, .run(state)))
      } else {
        answers.append((ticket, .refuse(.notStarted)))
      }
    }
    sequence.idleSinceNanoseconds = now
    sequences[id] = sequence.running == nil && sequence.state == nil ? nil : sequence
    return (isKept, answers)
  }

  /// Forgets sequences that nobody continued; the time at which the next may be forgotten, or nil
  /// when there are none left.
  @discardableResult
  mutating func expire(now: UInt64) -> UInt64? {
    var next: UInt64?
    for (id, sequence) in sequences {
      if isExpired(sequence, now) {
        expire(id)
      } else {
        let since = sequence.running == nil ? sequence.idleSinceNanoseconds : now
        let due = Self.sum(since, limits.idleNanosecondsMax)
        next = min(next ?? due, due)
      }
    }
    return next
  }

  private func isExpired(_ sequence: Sequence, _ now: UInt64) -> Bool {
    sequence.running == nil
      && Self.sum(sequence.idleSinceNanoseconds, limits.idleNanosecondsMax) <= now
  }

  private mutating func expire(_ id: SequenceID) {
    guard let sequence = sequences.removeValue(forKey: id) else { return }
    stateByteCount -= sequence.state?.byteCount ?? 0
    expiredCount += 1
  }

  private mutating func replaceState(of sequence: inout Sequence, with state: SequenceState?) {
    stateByteCount += (state?.byteCount ?? 0) - (sequence.state?.byteCount ?? 0)
    sequence.state = state
  }

  private static func sum(_ time: UInt64, _ duration: UInt64) -> UInt64 {
    let (sum, overflow) = time.addingReportingOverflow(duration)
    return overflow ? .max : sum
  }
}
