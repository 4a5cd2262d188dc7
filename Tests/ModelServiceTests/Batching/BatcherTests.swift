internal import TestSupport
internal import Testing

@testable import ModelService

@Suite struct BatcherTests {
  typealias Subject = Batcher<Int>

  func policy(_ change: (inout BatchPolicy) -> Void = { _ in }) -> BatchPolicy {
    var policy = BatchPolicy()
    policy.isBatching = true
    policy.rowCountMax = 8
    policy.parallelism = 1
    change(&policy)
    return policy
  }

  func item(
    _ id: Int, rows: Int = 1, at now: UInt64 = 0, shape: [[Int]] = [[16]], priority: UInt64 = 0,
    expires: UInt64? = nil
  ) -> Subject.Item {
    Subject.Item(
      ticket: id, rowCount: rows, shapeKey: shape, priority: priority, arrivedNanoseconds: now,
      expiresNanoseconds: expires)
  }

  /// The ids of the batch to run now, nil when there is none.
  func run(_ batcher: inout Subject, now: UInt64 = 0, live: (Int) -> Bool = { _ in true }) -> [Int]?
  {
    if case .run(let items) = batcher.next(now: now, isLive: live, dropped: { _, _ in }) {
      return items.map(\.ticket)
    }
    return nil
  }

  @Test func anIdleModelRunsARequestAtOnce() {
    var batcher = Subject(policy: policy())
    _ = batcher.submit(item(1))
    #expect(run(&batcher) == [1])
  }

  @Test func whatArrivesWhileTheModelRunsGoesTogether() {
    var batcher = Subject(policy: policy())
    _ = batcher.submit(item(1))
    #expect(run(&batcher) == [1])
    for id in 2...12 { _ = batcher.submit(item(id)) }
    #expect(run(&batcher) == nil, "one execution at a time")
    batcher.finished()
    #expect(run(&batcher) == [2, 3, 4, 5, 6, 7, 8, 9])
    batcher.finished()
    #expect(run(&batcher) == [10, 11, 12])
  }

  @Test func rowsCountAndNotRequests() {
    var batcher = Subject(policy: policy())
    for (id, rows) in [(1, 5), (2, 3), (3, 1)] { _ = batcher.submit(item(id, rows: rows)) }
    #expect(run(&batcher) == [1, 2])
    batcher.finished()
    _ = batcher.submit(item(4, rows: 8))
    #expect(run(&batcher) == [3], "8 more rows don't fit")
  }

  @Test func onlyEqualShapesMerge() {
    var batcher = Subject(policy: policy())
    _ = batcher.submit(item(1, shape: [[3]]))
    _ = batcher.submit(item(2, shape: [[4]]))
    _ = batcher.submit(item(3, shape: [[3]]))
    #expect(run(&batcher) == [1, 3])
    batcher.finished()
    #expect(run(&batcher) == [2])
  }

  @Test func aModelWithoutBatchingRunsOneByOne() {
    var batcher = Subject(policy: policy { $0.isBatching = false })
    _ = batcher.submit(item(1))
    _ = batcher.submit(item(2))
    #expect(run(&batcher) == [1])
    batcher.finished()
    #expect(run(&batcher) == [2])
  }

  @Test func aBusyModelWaitsForCompanyUntilTheDelayIsOver() {
    var batcher = Subject(policy: policy { $0.delayNanosecondsMax = 100 })
    // Two arrivals 10 apart: a third within 100 is likely.
    _ = batcher.submit(item(1, at: 0))
    #expect(run(&batcher, now: 0) == [1], "nothing is known about the rate yet")
    batcher.finished()
    _ = batcher.submit(item(2, at: 10))
    guard case .wait(let until) = batcher.next(now: 10, isLive: { _ in true }, dropped: { _, _ in })
    else {
      Issue.record("expected to wait")
      return
    }
    #expect(until == 110)
    _ = batcher.submit(item(3, at: 20))
    #expect(run(&batcher, now: 109) == nil)
    #expect(run(&batcher, now: 110) == [2, 3])
  }

  @Test func aFullBatchDoesNotWait() {
    var batcher = Subject(policy: policy { $0.delayNanosecondsMax = 1_000_000 })
    for id in 1...8 { _ = batcher.submit(item(id, at: UInt64(id))) }
    #expect(run(&batcher, now: 9) == Array(1...8))
  }

  @Test func aPreferredSizeDoesNotWait() {
    var batcher = Subject(
      policy: policy {
        $0.delayNanosecondsMax = 1_000_000
        $0.preferredRowCounts = [2, 4]
      })
    for id in 1...5 { _ = batcher.submit(item(id, at: UInt64(id))) }
    #expect(run(&batcher, now: 6) == [1, 2, 3, 4], "the largest preferred size")
    batcher.finished()
    #expect(run(&batcher, now: 7) == nil)
  }

  @Test func aLoneClientDoesNotWait() {
    var batcher = Subject(policy: policy { $0.delayNanosecondsMax = 100 })
    for id in 1...20 {
      let now = UInt64(id) * 10_000
      _ = batcher.submit(item(id, at: now))
      #expect(run(&batcher, now: now) == [id])
      batcher.finished()
    }
  }

  @Test func aFullQueueRefuses() {
    var batcher = Subject(policy: policy { $0.queueCountMax = 2 })
    let accepted = (1...3).map { isAccepted(batcher.submit(item($0))) }
    #expect(accepted == [true, true, false])
  }

  @Test func expiredAndForsakenRequestsLeaveTheQueue() {
    var batcher = Subject(policy: policy())
    _ = batcher.submit(item(1, expires: 50))
    _ = batcher.submit(item(2))
    _ = batcher.submit(item(3))
    var dropped: [(Int, Subject.Drop)] = []
    let step = batcher.next(now: 50, isLive: { $0 != 2 }, dropped: { dropped.append(($0, $1)) })
    guard case .run(let items) = step else {
      Issue.record("expected a run")
      return
    }
    #expect(items.map(\.ticket) == [3])
    #expect(dropped.map(\.0) == [1, 2] && dropped.map(\.1) == [.expired, .abandoned])
  }

  @Test func urgentRequestsGoFirstAndEqualsInOrder() {
    var batcher = Subject(policy: policy { $0.isBatching = false })
    for (id, priority) in [(1, 2), (2, 1), (3, 2), (4, 1)] as [(Int, UInt64)] {
      _ = batcher.submit(item(id, priority: priority))
    }
    var order: [Int] = []
    while let next = run(&batcher) {
      order += next
      batcher.finished()
    }
    #expect(order == [2, 4, 1, 3])
  }

  /// Random arrivals, executions of random length, cancellations and timeouts, driven only by what
  /// the batcher answers. Every request ends exactly once; no batch is too large, mixed, late or
  /// out of order; nothing is left when time has passed.
  @Test(arguments: Array(1...12) as [UInt64])
  func anySequenceOfEventsKeepsThePromises(_ seed: UInt64) {
    var generator = SplitMix64(state: seed)
    let delay = [0, 50, 1000].randomElement(using: &generator)!
    let parallelism = Int.random(in: 1...3, using: &generator)
    var batcher = Subject(
      policy: policy {
        $0.delayNanosecondsMax = UInt64(delay)
        $0.parallelism = parallelism
        $0.queueCountMax = 40
        $0.preferredRowCounts = seed % 2 == 0 ? [4] : []
      })
    var simulation = Simulation(generator: generator)
    for _ in 0..<4000 { simulation.step(&batcher) }
    simulation.drain(&batcher)
    #expect(simulation.ended.count == simulation.accepted.count)
    #expect(batcher.queue.isEmpty && batcher.runningCount == 0)
    #expect(simulation.lateMax <= UInt64(delay), "nobody waits longer than the delay when idle")
    print("seed \(seed): \(simulation.batchCount) batches of \(simulation.ended.count)")
  }

  struct Simulation {
    var generator: SplitMix64
    var now: UInt64 = 0
    var wake: UInt64?
    var running: [(until: UInt64, ids: [Int])] = []
    var accepted: [Int: Subject.Item] = [:]
    var cancelled: Set<Int> = []
    var ended: Set<Int> = []
    var batchCount = 0
    var lateMax: UInt64 = 0
    var nextID = 0

    mutating func step(_ batcher: inout Subject) {
      now += UInt64.random(in: 0...60, using: &generator)
      for index in running.indices.reversed() where running[index].until <= now {
        running.remove(at: index)
        batcher.finished()
      }
      if Int.random(in: 0..<3, using: &generator) > 0 {
        nextID += 1
        let item = Subject.Item(
          ticket: nextID, rowCount: Int.random(in: 1...4, using: &generator),
          shapeKey: [[Int.random(in: 1...2, using: &generator)]], priority: 0,
          arrivedNanoseconds: now,
          expiresNanoseconds: Int.random(in: 0..<4, using: &generator) == 0 ? now + 300 : nil)
        if isAccepted(batcher.submit(item)) { accepted[nextID] = item }
      }
      if Int.random(in: 0..<10, using: &generator) == 0,
        let victim = batcher.queue.randomElement(
          using: &generator)
      {
        cancelled.insert(victim.ticket)
      }
      advance(&batcher)
    }

    mutating func advance(_ batcher: inout Subject) {
      while true {
        let dead = cancelled
        var dropped: [(Int, Subject.Drop)] = []
        let step = batcher.next(
          now: now, isLive: { !dead.contains($0) }, dropped: { dropped.append(($0, $1)) })
        for (id, drop) in dropped {
          #expect(ended.insert(id).inserted)
          #expect(
            drop == .expired
              ? accepted[id]!.expiresNanoseconds! <= now : cancelled.contains(id))
        }
        switch step {
        case .idle:
          wake = nil
          return
        case .wait(let until):
          #expect(until > now)
          wake = until
          return
        case .run(let items): check(items, batcher)
        }
      }
    }

    mutating func check(_ items: [Subject.Item], _ batcher: Subject) {
      batchCount += 1
      #expect(!items.isEmpty && items.reduce(0) { $0 + $1.rowCount } <= 8)
      #expect(Set(items.map(\.shapeKey)).count == 1)
      #expect(items.map(\.ticket) == items.map(\.ticket).sorted())
      for item in items {
        #expect(ended.insert(item.ticket).inserted && !cancelled.contains(item.ticket))
        #expect(item.expiresNanoseconds ?? .max > now)
      }
      #expect(batcher.runningCount <= batcher.policy.parallelism)
      running.append((now + UInt64.random(in: 1...200, using: &generator), items.map(\.ticket)))
    }

    mutating func drain(_ batcher: inout Subject) {
      while !batcher.queue.isEmpty || !running.isEmpty {
        let next = min(running.map(\.until).min() ?? .max, wake ?? .max)
        #expect(next != .max, "requests wait and nothing will wake them")
        guard next != .max else { return }
        if let wake, running.isEmpty, let oldest = batcher.queue.map(\.arrivedNanoseconds).min() {
          lateMax = max(lateMax, wake - min(wake, max(oldest, now)))
        }
        now = max(now, next)
        for index in running.indices.reversed() where running[index].until <= now {
          running.remove(at: index)
          batcher.finished()
        }
        advance(&batcher)
      }
    }
  }
}

private func isAccepted(_ admission: Batcher<Int>.Admission) -> Bool {
  if case .accepted = admission { true } else { false }
}
