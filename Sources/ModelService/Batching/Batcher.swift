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

  /// Takes a request in; false when the queue is full.
  mutating func submit(_ item: Item) -> Bool {
    guard queue.count < policy.queueCountMax else { return false }
    if let last = lastArrivalNanoseconds {
      let interval = item.arrivedNanoseconds &- min(last, item.arrivedNanoseconds)
      let capped = min(interval, 1_000_000_000)
      intervalNanoseconds =
        intervalNanoseconds > 1_000_000_000 ? capped : (intervalNanoseconds * 7 + capped) / 8
    }
    lastArrivalNanoseconds = item.arrivedNanoseconds
    // Behind everything as urgent: equal priorities stay in order of arrival.
    var index = queue.count
    while index > 0, queue[index - 1].priority > item.priority { index -= 1 }
    queue.insert(item, at: index)
    return true
  }

  /// An execution has ended.
  mutating func finished() {
    precondition(runningCount > 0)
    runningCount -= 1
  }

  /// The next thing to do. Requests that expired, or that `isLive` says nobody waits for, leave the
  /// queue through `dropped`.
  mutating func next(
    now: UInt64, isLive: (Ticket) -> Bool, dropped: (Ticket, _ isExpired: Bool) -> Void
  ) -> Step {
    drop(now: now, isLive: isLive, dropped: dropped)
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
    now: UInt64, isLive: (Ticket) -> Bool, dropped: (Ticket, Bool) -> Void
  ) {
    queue.removeAll { item in
      if let expires = item.expiresNanoseconds, expires <= now {
        dropped(item.ticket, true)
        return true
      }
      guard isLive(item.ticket) else {
        dropped(item.ticket, false)
        return true
      }
      return false
    }
  }
}
