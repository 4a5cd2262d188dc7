internal import TestSupport
internal import Testing

@testable import ModelService

@Suite struct SequenceTableTests {
  typealias Table = SequenceTable<Int>

  func table(
    sequences: Int = 8, bytes: Int = 1 << 20, waiting: Int = 8, idle: UInt64 = 100
  ) -> Table {
    Table(
      limits: Table.Limits(
        sequenceCountMax: sequences, stateByteCountMax: bytes, waitingCountMax: waiting,
        idleNanosecondsMax: idle), initialState: state(0))
  }

  func state(_ value: UInt8, count: Int = 1) -> SequenceState {
    let bytes = [UInt8](repeating: value, count: count)
    return SequenceState(tensors: [.init(shape: [count], bytes: bytes[...])])
  }

  func step(_ id: UInt64, start: Bool = false, end: Bool = false) -> SequenceStep {
    SequenceStep(id: .number(id), isStart: start, isEnd: end)
  }

  /// `run N` (on a state of N), `wait`, or the refusal.
  func text(_ admission: SequenceAdmission?) -> String {
    switch admission {
    case nil: "wait"
    case .run(let state): "run \(state.tensors[0].bytes.first ?? 0)"
    case .refuse(let reason): "\(reason)"
    }
  }

  func answers(_ table: inout Table, _ id: UInt64, _ new: SequenceState?, _ now: UInt64 = 0)
    -> [String]
  {
    table.finished(.number(id), new, now: now).answers.map { "\($0.ticket): \(text($0.admission))" }
  }

  @Test func theStateOfEachRequestReachesTheNext() {
    var table = table()
    #expect(text(table.admit(step(1, start: true), ticket: 1, now: 0)) == "run 0")
    #expect(answers(&table, 1, state(5)) == [])
    #expect(text(table.admit(step(1), ticket: 2, now: 0)) == "run 5")
    #expect(answers(&table, 1, state(9)) == [])
    #expect(text(table.admit(step(1, end: true), ticket: 3, now: 0)) == "run 9")
    #expect(table.stateByteCount == 1)
    #expect(answers(&table, 1, state(11)) == [])
    #expect(table.count == 0 && table.stateByteCount == 0)
    #expect(text(table.admit(step(1), ticket: 4, now: 0)) == "notStarted")
  }

  @Test func requestsOfOneSequenceRunOneAtATimeInTheirOrder() {
    var table = table()
    #expect(text(table.admit(step(1, start: true), ticket: 1, now: 0)) == "run 0")
    #expect(text(table.admit(step(1), ticket: 2, now: 0)) == "wait")
    #expect(text(table.admit(step(1, end: true), ticket: 3, now: 0)) == "wait")
    // Its end is known, though it has not run.
    #expect(text(table.admit(step(1), ticket: 4, now: 0)) == "notStarted")
    // Another sequence doesn't wait, and a new one of the same id waits for the old.
    #expect(text(table.admit(step(2, start: true), ticket: 5, now: 0)) == "run 0")
    #expect(text(table.admit(step(1, start: true), ticket: 6, now: 0)) == "wait")
    #expect(answers(&table, 1, state(1)) == ["2: run 1"])
    #expect(answers(&table, 1, state(2)) == ["3: run 2"])
    #expect(answers(&table, 1, state(3)) == ["6: run 0"])
    #expect(table.waitingCount == 0)
  }

  @Test func aNumberAndItsTextAreTwoSequences() {
    var table = table()
    _ = table.admit(step(1, start: true), ticket: 1, now: 0)
    let text1 = SequenceStep(id: .text("1"))
    #expect(text(table.admit(text1, ticket: 2, now: 0)) == "notStarted")
  }

  @Test func aStartBeginsAnewWhateverWasThere() {
    var table = table()
    _ = table.admit(step(1, start: true), ticket: 1, now: 0)
    _ = answers(&table, 1, state(5))
    #expect(text(table.admit(step(1, start: true), ticket: 2, now: 0)) == "run 0")
    _ = answers(&table, 1, state(6))
    #expect(text(table.admit(step(1), ticket: 3, now: 0)) == "run 6")
    #expect(table.stateByteCount == 1)
  }

  @Test func aFailureLeavesTheStateAsItWas() {
    var table = table()
    _ = table.admit(step(1, start: true), ticket: 1, now: 0)
    _ = answers(&table, 1, state(5))
    _ = table.admit(step(1), ticket: 2, now: 0)
    #expect(answers(&table, 1, nil) == [])
    #expect(text(table.admit(step(1), ticket: 3, now: 0)) == "run 5")
  }

  @Test func aFailedStartIsNoSequenceAndThoseBehindItAreTold() {
    var table = table()
    _ = table.admit(step(1, start: true), ticket: 1, now: 0)
    _ = table.admit(step(1), ticket: 2, now: 0)
    _ = table.admit(step(1, start: true), ticket: 3, now: 0)
    #expect(answers(&table, 1, nil) == ["2: notStarted", "3: run 0"])
    #expect(answers(&table, 1, nil) == [])
    #expect(table.count == 0)
  }

  @Test func aFailedEndEndsTheSequence() {
    var table = table()
    _ = table.admit(step(1, start: true), ticket: 1, now: 0)
    _ = answers(&table, 1, state(5))
    _ = table.admit(step(1, end: true), ticket: 2, now: 0)
    _ = answers(&table, 1, nil)
    #expect(table.count == 0 && table.stateByteCount == 0)
  }

  @Test func sequencesAreAsManyAsAllowedAndIdleOnesMakeRoom() {
    var table = table(sequences: 2, idle: 100)
    _ = table.admit(step(1, start: true), ticket: 1, now: 0)
    _ = table.admit(step(2, start: true), ticket: 2, now: 0)
    _ = answers(&table, 1, state(1), 50)
    #expect(text(table.admit(step(3, start: true), ticket: 3, now: 60)) == "tooManySequences")
    // The first was idle for 100; the second still runs and is not idle.
    #expect(text(table.admit(step(3, start: true), ticket: 4, now: 150)) == "run 0")
    #expect(table.count == 2 && table.expiredCount == 1 && table.stateByteCount == 0)
  }

  @Test func idleSequencesAreForgottenAndRunningOnesAreNot() {
    var table = table(idle: 100)
    #expect(table.expire(now: 0) == nil)
    _ = table.admit(step(1, start: true), ticket: 1, now: 0)
    _ = table.admit(step(2, start: true), ticket: 2, now: 0)
    _ = answers(&table, 1, state(1), 10)
    #expect(table.expire(now: 50) == 110)
    #expect(table.expire(now: 110) == 210)
    #expect(table.count == 1)
    #expect(text(table.admit(step(1), ticket: 3, now: 110)) == "notStarted")
    // Exact at each request, whether or not anybody called `expire`.
    _ = answers(&table, 2, state(2), 120)
    #expect(text(table.admit(step(2), ticket: 4, now: 220)) == "notStarted")
    #expect(table.count == 0 && table.expiredCount == 2)
  }

  @Test func waitingRequestsAreAsManyAsAllowed() {
    var table = table(waiting: 2)
    _ = table.admit(step(1, start: true), ticket: 1, now: 0)
    #expect(text(table.admit(step(1), ticket: 2, now: 0)) == "wait")
    #expect(text(table.admit(step(1), ticket: 3, now: 0)) == "wait")
    #expect(text(table.admit(step(1), ticket: 4, now: 0)) == "tooManyWaiting")
    #expect(answers(&table, 1, state(1)) == ["2: run 1"])
    #expect(text(table.admit(step(1), ticket: 5, now: 0)) == "wait")
  }

  @Test func statesThatGrowTooLargeEndTheirSequence() {
    var table = table(bytes: 10)
    _ = table.admit(step(1, start: true), ticket: 1, now: 0)
    let (isKept, _) = table.finished(.number(1), state(1, count: 8), now: 0)
    #expect(isKept && table.stateByteCount == 8)
    _ = table.admit(step(2, start: true), ticket: 2, now: 0)
    _ = table.admit(step(2), ticket: 3, now: 0)
    let second = table.finished(.number(2), state(1, count: 3), now: 0)
    #expect(!second.isKept && second.answers.map { text($0.admission) } == ["notStarted"])
    #expect(table.count == 1 && table.stateByteCount == 8)
  }

  /// Against the obvious model: a dictionary of sums, with requests at random.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func randomRequestsFollowTheRules(_ seed: UInt64) {
    var generator = SplitMix64(state: seed)
    var table = table(sequences: 4, waiting: 6, idle: 40)
    var running: [UInt64: UInt8] = [:]
    var waitingCount = 0
    for round in 0..<20_000 {
      let now = UInt64(round)
      let id = UInt64.random(in: 1...6, using: &generator)
      if let value = running[id], Bool.random(using: &generator) {
        let succeeds = Int.random(in: 0..<5, using: &generator) > 0
        let (_, answers) = table.finished(
          .number(id), succeeds ? state(value &+ 1) : nil, now: now)
        running[id] = nil
        waitingCount -= answers.count
        for answer in answers {
          guard case .run(let state) = answer.admission else { continue }
          #expect(running[id] == nil, "two run at one time, seed \(seed)")
          running[id] = state.tensors[0].bytes.first
        }
      } else {
        let step = step(
          id, start: Int.random(in: 0..<3, using: &generator) == 0,
          end: Int.random(in: 0..<6, using: &generator) == 0)
        switch table.admit(step, ticket: round, now: now) {
        case nil:
          #expect(running[id] != nil, "seed \(seed)")
          waitingCount += 1
        case .run(let state):
          #expect(running[id] == nil, "seed \(seed)")
          running[id] = state.tensors[0].bytes.first
        case .refuse: break
        }
      }
      #expect(table.count <= 4 && table.waitingCount == waitingCount, "seed \(seed)")
      #expect(waitingCount <= 6 && table.stateByteCount <= 4, "seed \(seed)")
    }
  }
}
