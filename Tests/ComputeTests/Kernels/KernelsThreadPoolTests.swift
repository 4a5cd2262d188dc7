import Glibc
import Synchronization
import Testing

@testable import Compute

@Suite struct KernelsThreadPoolTests {
  /// Counts how often each task ran.
  final class Tally: Sendable {
    let counts: [Mutex<Int>.Holder]
    init(_ count: Int) { counts = (0..<count).map { _ in Mutex<Int>.Holder() } }
  }

  @Test(arguments: [1, 2, 3, 5])
  func everyTaskRunsExactlyOnce(_ participants: Int) {
    let pool = ThreadPool(participants: participants)
    for count in [0, 1, 2, 3, 7, 100] {
      for _ in 0..<50 {
        let tally = Tally(count)
        pool.run(count) { tally.counts[$0].add() }
        #expect(tally.counts.allSatisfy { $0.value == 1 })
      }
    }
  }

  @Test func jobsInsideAnOpenRunFollowEachOtherWithoutLosingATask() {
    let pool = ThreadPool(participants: 2)
    let total = Mutex<Int>.Holder()
    pool.beginRun()
    for _ in 0..<5000 { pool.run(4) { _ in total.add() } }
    pool.endRun()
    #expect(total.value == 20_000)
  }

  @Test func callersAtTheSameTimeAllFinish() {
    let pool = ThreadPool(participants: 2)
    let total = Mutex<Int>.Holder()
    let callers = ThreadPool(participants: 4)
    callers.run(8) { _ in
      for _ in 0..<500 { pool.run(5) { _ in total.add() } }
    }
    #expect(total.value == 8 * 500 * 5)
  }

  @Test func aReleasedPoolEndsItsThreads() {
    // The threads hold the state; when the last one ends, it goes.
    weak var state: SharedState?
    do {
      let pool = ThreadPool(participants: 3)
      pool.run(6) { _ in }
      state = pool.stateForTests
      #expect(state != nil)
    }
    var patience = 5_000_000
    while state != nil, patience > 0 {
      patience -= 1
      sched_yield()
    }
    #expect(state == nil)
  }

  @Test func theBudgetIsDealtOutOnce() {
    #expect(ThreadBudget.coreCount >= 1)
    #expect(ThreadBudget().threadCount == ThreadBudget.coreCount)
    let budget = ThreadBudget(threadCount: 5)
    #expect(budget.take(2) == 2)
    #expect(budget.takeRest() == 3)
    #expect(budget.remaining == 0)
    // Whoever comes too late shares a core.
    #expect(budget.take(4) == 1)
    #expect(budget.remaining == 0)
  }

  @Test func takersOnManyThreadsNeverGetMoreThanThereIs() {
    let budget = ThreadBudget(threadCount: 1_000)
    let granted = Mutex<Int>.Holder()
    let pool = ThreadPool(participants: 4)
    pool.run(999) { _ in
      for _ in 0..<budget.take(1) { granted.add() }
    }
    #expect(granted.value == 999)
    #expect(budget.remaining == 1)
  }
}

extension Mutex<Int> {
  /// A counter that closures can share.
  final class Holder: Sendable {
    private let mutex = Mutex(0)
    func add() { mutex.withLock { $0 += 1 } }
    var value: Int { mutex.withLock { $0 } }
  }
}
