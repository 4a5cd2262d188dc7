/// Decides which requests of one model run together, and when. Sans-I/O: it is told the time and
/// what happened, and answers what to do; whoever calls it owns lock, clock, timer and engine.
///
/// Requests merge when their inputs agree in everything but the number of rows. Requests of
/// different tenants can't meet here: there is one batcher per loaded model, whose key contains
/// the tenant.
struct Batcher<Ticket: Sendable> {
  /// A request as far as batching goes.
  struct Item: Sendable {
    var ticket: Ticket
    var rowCount: Int
    /// Shapes of the inputs without the batch dimension.
    var shapeKey: [[Int]]
    /// 1 is the most urgent.
    var priority: UInt64
    var arrivedNanoseconds: UInt64
    /// When it is refused if it still waits; nil: never.
    var expiresNanoseconds: UInt64?
  }

  /// What became of a request that wants in.
  enum Admission: Sendable {
    /// It waits. `shed` left the queue for it, because it would have missed its deadline anyway.
    case accepted(shed: Ticket?)
    /// As many wait as may, and all of them can be served.
    case full(waitNanoseconds: UInt64)
    /// It could not be answered in time.
    case late(waitNanoseconds: UInt64)
  }

  /// Why a request leaves the queue without having run.
  enum Drop: Sendable {
    /// Its time is over.
    case expired
    /// It has not enough time left to run.
    case late
    /// Nobody waits for it.
    case abandoned
  }

  /// What to do now.
  enum Step: Sendable {
    /// Run these together, then call ``finished(now:isLive:dropped:)``.
    case run([Item])
    /// Call ``poll(now:isLive:dropped:)`` then at the latest.
    case wait(untilNanoseconds: UInt64)
    /// Nothing: the queue is empty, or an execution will end and bring the next step.
    case idle
  }

  let policy: BatchPolicy
  private(set) var queue: [Item] = []
  private(set) var runningCount = 0
  /// Moving average of the time between arrivals.
  private var intervalNanoseconds: UInt64 = .max / 2
  private var lastArrivalNanoseconds: UInt64?

  init(policy: BatchPolicy) {
    self.policy = policy
  }

  /// Takes a request in if it can be answered in time, as far as `runNanoseconds`, the usual time
  /// of an execution, tells; 0: nothing is known.
  mutating func submit(_ item: Item, runNanoseconds: UInt64 = 0) -> Admission {
    let now = item.arrivedNanoseconds
    // Behind everything as urgent: equal priorities stay in order of arrival.
    var index = queue.count
    while index > 0, queue[index - 1].priority > item.priority { index -= 1 }
    let wait = waitNanoseconds(rowsAhead: rowCount(ahead: index), runNanoseconds)
    // An idle model always tries: otherwise one slow run would be the last.
    let isIdle = queue.isEmpty && runningCount == 0
    if !isIdle,
      Self.misses(item, startingAt: now &+ wait, runNanoseconds)
        || wait > policy.waitNanosecondsMax
    {
      return .late(waitNanoseconds: wait)
    }
    var shed: Ticket?
    if queue.count >= policy.queueCountMax {
      guard let doomed = doomedIndex(now, runNanoseconds) else {
        return .full(waitNanoseconds: wait)
      }
      shed = queue.remove(at: doomed).ticket
      if doomed < index { index -= 1 }
    }
    noteArrival(now)
    queue.insert(item, at: index)
    return .accepted(shed: shed)
  }

  private mutating func noteArrival(_ now: UInt64) {
    if let last = lastArrivalNanoseconds {
      let interval = now &- min(last, now)
      let capped = min(interval, 1_000_000_000)
      intervalNanoseconds =
        intervalNanoseconds > 1_000_000_000 ? capped : (intervalNanoseconds * 7 + capped) / 8
    }
    lastArrivalNanoseconds = now
  }

  // MARK: Deadlines

  /// Rows of the first `count` requests, or their number where each runs alone.
  private func rowCount(ahead count: Int) -> Int {
    policy.isBatching ? queue[..<count].reduce(0) { $0 + $1.rowCount } : count
  }

  /// How long a request waits behind so many rows.
  private func waitNanoseconds(rowsAhead: Int, _ runNanoseconds: UInt64) -> UInt64 {
    let batchSize = policy.isBatching ? policy.rowCountMax : 1
    let ahead = (rowsAhead + batchSize - 1) / batchSize + runningCount
    guard ahead >= policy.parallelism else { return 0 }
    return runNanoseconds &* UInt64(ahead - policy.parallelism + 1) / UInt64(policy.parallelism)
  }

  private static func misses(
    _ item: Item, startingAt start: UInt64, _ runNanoseconds: UInt64
  ) -> Bool {
    guard runNanoseconds > 0, let expires = item.expiresNanoseconds else { return false }
    return start &+ runNanoseconds > expires
  }

  /// Of the requests that will miss their deadlines where they are, the one whose comes first.
  private func doomedIndex(_ now: UInt64, _ runNanoseconds: UInt64) -> Int? {
    var rows = 0
    var found: Int?
    for (index, item) in queue.enumerated() {
      let start = now &+ waitNanoseconds(rowsAhead: rows, runNanoseconds)
      rows += policy.isBatching ? item.rowCount : 1
      guard Self.misses(item, startingAt: start, runNanoseconds) else { continue }
      if let other = found,
        queue[other].expiresNanoseconds ?? .max <= item.expiresNanoseconds ?? .max
      {
        continue
      }
      found = index
    }
    return found
  }

  /// An execution has ended.
  mutating func finished() {
    precondition(runningCount > 0)
    runningCount -= 1
  }

  /// The next thing to do. Requests that expired or will, or that `isLive` says nobody waits for,
  /// leave the queue through `dropped`.
  mutating func next(
    now: UInt64, runNanoseconds: UInt64 = 0, isLive: (Ticket) -> Bool,
    dropped: (Ticket, Drop) -> Void
  ) -> Step {
    drop(now, runNanoseconds, isLive: isLive, dropped: dropped)
    guard !queue.isEmpty, runningCount < policy.parallelism else { return .idle }
    guard policy.isBatching else {
      runningCount += 1
      return .run([queue.removeFirst()])
    }
    var earliest = UInt64.max
    var seen: [[[Int]]] = []
    for item in queue where !seen.contains(item.shapeKey) {
      seen.append(item.shapeKey)
      switch candidate(item.shapeKey, now: now) {
      case .ready(let indices):
        runningCount += 1
        return .run(take(indices))
      case .waits(let until): earliest = min(earliest, until)
      }
    }
    return .wait(untilNanoseconds: earliest)
  }

  private enum Candidate {
    case ready([Int])
    case waits(until: UInt64)
  }

  /// The batch that the requests of one shape could make, and whether it should wait for more.
  private func candidate(_ key: [[Int]], now: UInt64) -> Candidate {
    var indices: [Int] = []
    var rowCount = 0
    var preferred: Int?
    var oldest = UInt64.max
    var isFull = false
    for (index, item) in queue.enumerated() where item.shapeKey == key {
      if rowCount + item.rowCount > policy.rowCountMax, !indices.isEmpty {
        isFull = true
        break
      }
      indices.append(index)
      rowCount += item.rowCount
      oldest = min(oldest, item.arrivedNanoseconds)
      if policy.preferredRowCounts.contains(rowCount) { preferred = indices.count }
    }
    if let preferred { return .ready(Array(indices[..<preferred])) }
    let (due, overflow) = oldest.addingReportingOverflow(policy.delayNanosecondsMax)
    if isFull || rowCount >= policy.rowCountMax || now >= due || overflow || !expectsCompany {
      return .ready(indices)
    }
    return .waits(until: due)
  }

  /// Waiting only pays when another request is likely to come within the delay; a lone client
  /// would be slowed down for nothing.
  private var expectsCompany: Bool { intervalNanoseconds <= policy.delayNanosecondsMax }

  private mutating func take(_ indices: [Int]) -> [Item] {
    let items = indices.map { queue[$0] }
    for index in indices.reversed() { queue.remove(at: index) }
    return items
  }

  private mutating func drop(
    _ now: UInt64, _ runNanoseconds: UInt64, isLive: (Ticket) -> Bool,
    dropped: (Ticket, Drop) -> Void
  ) {
    // An idle model runs what is left, even too late: see ``submit(_:runNanoseconds:)``.
    var spares = runningCount == 0
    if spares, runNanoseconds > 0 {
      spares = queue.allSatisfy { Self.misses($0, startingAt: now, runNanoseconds) }
    }
    let last = spares ? queue.map { $0.expiresNanoseconds ?? .max }.max() : nil
    queue.removeAll { item in
      let drop: Drop
      if let expires = item.expiresNanoseconds, expires <= now {
        drop = .expired
      } else if !isLive(item.ticket) {
        drop = .abandoned
      } else if Self.misses(item, startingAt: now, runNanoseconds),
        item.expiresNanoseconds != last
      {
        drop = .late
      } else {
        return false
      }
      dropped(item.ticket, drop)
      return true
    }
  }
}
