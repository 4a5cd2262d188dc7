internal import Glibc
internal import TestSupport
internal import Testing

@testable import ModelService

/// More requests than a model can answer, with simulated time. What counts is goodput: answers
/// that come before their deadlines.
@Suite struct OverloadTests {
  typealias Subject = Batcher<Int>

  private static let run: UInt64 = 10_000_000  // one execution: 10 ms
  private static let deadline: UInt64 = 100_000_000

  /// What became of the requests of one simulated load.
  struct Outcome {
    var offered = 0
    var good = 0
    var late = 0
    var refusedAtOnce = 0
    var refusedLater = 0
    var expired = 0
    /// The longest that a refused request had waited.
    var refusalDelayMax: UInt64 = 0

    /// Share of what the model could have answered.
    func goodput(seconds: Int) -> Double { Double(good) / (Double(seconds) * 1e9 / Double(run)) }
  }

  /// Random arrivals at `load` times the capacity. `knows`: the batcher is told how long a run
  /// takes, as the scheduler does; without that it only sees what has expired.
  private func simulate(
    load: Double, seconds: Int = 20, knows: Bool = true, seed: UInt64 = 1,
    deadline: UInt64? = OverloadTests.deadline, jitter: Double = 0.2,
    _ change: (inout BatchPolicy) -> Void = { _ in }
  ) -> Outcome {
    var policy = BatchPolicy()
    change(&policy)
    var batcher = Subject(policy: policy)
    var generator = SplitMix64(state: seed)
    var outcome = Outcome()
    var expiries: [Int: UInt64] = [:]
    var arrivals: [Int: UInt64] = [:]
    var running: [(until: UInt64, ids: [Int])] = []
    var now: UInt64 = 0
    let estimate = knows ? Self.run : 0
    let mean = Double(Self.run) / load / Double(policy.parallelism)

    func advance() {
      while true {
        let step = batcher.next(
          now: now, runNanoseconds: estimate, isLive: { _ in true },
          dropped: { id, drop in
            if drop == .expired { outcome.expired += 1 } else { outcome.refusedLater += 1 }
            outcome.refusalDelayMax = max(outcome.refusalDelayMax, now - arrivals[id]!)
          })
        guard case .run(let items) = step else { return }
        let length =
          Double(Self.run) * Double.random(in: 1 - jitter...1 + jitter, using: &generator)
        running.append((now + UInt64(length), items.map(\.ticket)))
      }
    }

    var nextArrival: UInt64 = 0
    var id = 0
    while now < UInt64(seconds) * 1_000_000_000 {
      let end = running.map(\.until).min() ?? .max
      now = min(end, nextArrival)
      if now == end {
        let index = running.firstIndex { $0.until == end }!
        for id in running.remove(at: index).ids {
          if now <= expiries[id] ?? .max { outcome.good += 1 } else { outcome.late += 1 }
        }
        batcher.finished()
      } else {
        id += 1
        outcome.offered += 1
        arrivals[id] = now
        expiries[id] = deadline.map { now + $0 }
        let item = Subject.Item(
          ticket: id, rowCount: 1, shapeKey: [[1]], priority: 0, arrivedNanoseconds: now,
          expiresNanoseconds: expiries[id])
        switch batcher.submit(item, runNanoseconds: estimate) {
        case .accepted(nil): break
        case .accepted: outcome.refusedLater += 1
        case .full, .late: outcome.refusedAtOnce += 1
        }
        nextArrival =
          now + UInt64(-mean * log(Double.random(in: 1e-9...1, using: &generator)))
      }
      advance()
    }
    return outcome
  }

  @Test(arguments: [1.5, 3, 10])
  func overloadCostsHardlyAnyGoodput(_ load: Double) {
    let outcome = simulate(load: load)
    print("\(load)x: \(outcome)")
    #expect(outcome.goodput(seconds: 20) > 0.85)
    #expect(outcome.expired == 0, "nobody is left to time out")
    #expect(outcome.refusedAtOnce > 9 * outcome.refusedLater, "most refusals come at once")
  }

  @Test func withoutTheEstimateNearlyEverybodyTimesOut() {
    let outcome = simulate(load: 3, knows: false)
    print("3x, only expiry: \(outcome)")
    #expect(outcome.goodput(seconds: 20) < 0.2, "what the estimate is for")
  }

  @Test func aLoadThatFitsIsNotRefused() {
    let outcome = simulate(load: 0.7)
    #expect(outcome.good > outcome.offered * 98 / 100)
  }

  @Test func batchesCountAsOne() {
    // Eight rows a run: eight times the load of one fits.
    let outcome = simulate(load: 6) {
      $0.isBatching = true
      $0.rowCountMax = 8
    }
    #expect(outcome.good > outcome.offered * 98 / 100)
  }

  @Test func withoutDeadlinesTheQueueIsAsLongAsAnybodyWaits() {
    let outcome = simulate(load: 3, deadline: nil) { $0.waitNanosecondsMax = 500_000_000 }
    #expect(outcome.goodput(seconds: 20) > 0.95)
    #expect(outcome.refusedAtOnce > outcome.offered / 2)
  }

  @Test func parallelRunsAreCounted() {
    let outcome = simulate(load: 3) { $0.parallelism = 4 }
    #expect(Double(outcome.good) > 4 * 20 * 100 * 0.85)
  }

  @Test func aFullQueueShedsWhoWouldMissTheDeadlineAnyway() {
    var policy = BatchPolicy()
    policy.queueCountMax = 2
    var batcher = Subject(policy: policy)
    func submit(_ id: Int, expires: UInt64?) -> Subject.Admission {
      batcher.submit(
        Subject.Item(
          ticket: id, rowCount: 1, shapeKey: [], priority: 0, arrivedNanoseconds: 0,
          expiresNanoseconds: expires), runNanoseconds: 10)
    }
    _ = submit(1, expires: nil)
    guard case .run = batcher.next(now: 0, isLive: { _ in true }, dropped: { _, _ in }) else {
      Issue.record("expected a run")
      return
    }
    // Two wait; the second would start at 20 and end at 30, which was in time when it came.
    _ = submit(2, expires: 100)
    _ = submit(3, expires: 31)
    guard case .full = submit(4, expires: nil) else {
      Issue.record("expected a full queue while both can be served")
      return
    }
    // Slower runs than thought: now the third is doomed, and makes room.
    let item = Subject.Item(
      ticket: 5, rowCount: 1, shapeKey: [], priority: 0, arrivedNanoseconds: 5,
      expiresNanoseconds: nil)
    guard case .accepted(shed: 3) = batcher.submit(item, runNanoseconds: 14) else {
      Issue.record("expected the third to be shed")
      return
    }
    #expect(batcher.queue.map(\.ticket) == [2, 5])
  }

  @Test func anIdleModelTriesWhateverTheEstimateSays() {
    var batcher = Subject(policy: BatchPolicy())
    let item = Subject.Item(
      ticket: 1, rowCount: 1, shapeKey: [], priority: 0, arrivedNanoseconds: 0,
      expiresNanoseconds: 50)
    // A first run of seconds (cold memory, a paused machine) must not close the model for ever.
    guard case .accepted = batcher.submit(item, runNanoseconds: 1_000) else {
      Issue.record("expected to be let in")
      return
    }
    let step = batcher.next(
      now: 1, runNanoseconds: 1_000, isLive: { _ in true }, dropped: { _, _ in })
    guard case .run(let items) = step else {
      Issue.record("expected a run")
      return
    }
    #expect(items.map(\.ticket) == [1])
  }
}
