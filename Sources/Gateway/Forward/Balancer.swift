internal import RPC

/// Chooses the instance for a call and decides which of them are fit: least outstanding of two
/// random choices (Mitzenmacher 2001), ejection after failures in a row, re-admission after a
/// wait that doubles and a good health check. Without I/O; one per loop and service.
struct Balancer {
  /// Names an instance for as long as it exists; never used again.
  typealias ID = Int

  enum Link: Equatable {
    /// A first connection is under way.
    case connecting
    case ready
    /// No new calls: the peer is going away.
    case draining
    /// Lost; connect again at this time.
    case down(retryAt: MonotonicTime)
  }

  enum Health: Equatable {
    case unknown, serving
    /// It says so.
    case notServing
    /// It did not answer in time: it hangs, or it is only slow.
    case silent
  }

  enum Outcome {
    case success
    /// The instance's fault: an error of its own.
    case failure
    /// Says nothing about the instance: the client went away, or may have brought it about.
    case neutral
  }

  struct Instance {
    let id: ID
    let endpoint: Endpoint
    var link: Link
    var health = Health.unknown
    var outstanding = 0
    var failures = 0
    var ejections = 0
    var ejectedUntil: MonotonicTime?
    var reconnects = 0
    /// Resolution no longer names it: it goes when its calls have ended.
    var isRetired = false
    /// Where the instance stands in the ranking of homes; the same in every gateway.
    let rank: UInt64
    /// Successes since the last ejection ended, which make it forget how often that happened.
    var successes = 0

    /// 0: best. Others are taken only when nobody is better; nil: never.
    func tier(_ now: MonotonicTime) -> Int? {
      guard !isRetired else { return nil }
      switch link {
      case .ready:
        if health == .notServing { return nil }
        // A machine short of time makes every instance silent at once; they still do their work, and
        // refusing all calls would help nobody.
        if ejectedUntil != nil || health == .silent { return 2 }
        return health == .serving ? 0 : 1
      case .connecting: return 3
      case .draining, .down: return nil
      }
    }
  }

  private let settings: BalancingSettings
  private var random: SplitMix64
  private var nextID = 0
  private(set) var instances: [Instance] = []
  /// Ejections since the start, for metrics.
  private(set) var ejectionCount = 0

  init(settings: BalancingSettings, seed: UInt64) {
    self.settings = settings
    random = SplitMix64(seed: seed)
  }

  func index(of id: ID) -> Int? {
    instances.indices.first { instances[$0].id == id }
  }

  /// Instances that calls go to as a matter of course.
  func readyCount(_ now: MonotonicTime) -> Int {
    instances.count { ($0.tier(now) ?? 9) <= 1 }
  }

  /// Whether anybody could take a call.
  func pickable(_ now: MonotonicTime) -> Bool {
    instances.contains { $0.tier(now) != nil }
  }

  /// The instance for the next call, or nil when none can take it. `excluded` is the one that
  /// has just failed the same call; it is taken again only when there is no other.
  mutating func pick(_ now: MonotonicTime, excluding excluded: ID? = nil) -> ID? {
    var best = 9
    var count = 0
    // By index, here and below: a copy of an instance counts references.
    for index in instances.indices {
      guard let tier = instances[index].tier(now), instances[index].id != excluded else {
        continue
      }
      if tier < best {
        best = tier
        count = 1
      } else if tier == best {
        count += 1
      }
    }
    guard count > 0 else {
      guard let excluded, let index = index(of: excluded) else { return nil }
      return instances[index].tier(now) == nil ? nil : excluded
    }
    let first = Int(random.next(upperBound: UInt64(count)))
    guard count > 1 else { return instances[nth(first, best, now, excluded)].id }
    // The second is drawn from the others, so that two choices are always two instances.
    var second = Int(random.next(upperBound: UInt64(count - 1)))
    if second >= first { second += 1 }
    let left = nth(first, best, now, excluded)
    let right = nth(second, best, now, excluded)
    return instances[
      instances[left].outstanding <= instances[right].outstanding ? left : right
    ].id
  }

  /// The instance that a sequence lives on: of all that resolution names, fit or not, the one that
  /// a hash with the sequence puts first (rendezvous hashing, Thaler and Ravishankar 1998), so that
  /// every loop and every gateway finds the same one, and few move when instances come and go. nil
  /// while it can't take calls: on another instance the sequence would not be there, or an older
  /// one of the same name would.
  func home(of sequence: UInt64, _ now: MonotonicTime) -> ID? {
    var best: (weight: UInt64, index: Int)?
    for index in instances.indices where !instances[index].isRetired {
      var hash = StableHash()
      hash.combine(sequence)
      hash.combine(instances[index].rank)
      if best.map({ hash.value > $0.weight }) ?? true { best = (hash.value, index) }
    }
    guard let home = best?.index, instances[home].tier(now) != nil else { return nil }
    return instances[home].id
  }

  private func nth(_ n: Int, _ tier: Int, _ now: MonotonicTime, _ excluded: ID?) -> Int {
    var rest = n
    for index in instances.indices
    where instances[index].id != excluded && instances[index].tier(now) == tier {
      if rest == 0 { return index }
      rest -= 1
    }
    preconditionFailure("the count of candidates changed while choosing")
  }

  // MARK: Calls

  mutating func callStarted(_ id: ID) {
    guard let index = index(of: id) else { return }
    instances[index].outstanding += 1
  }

  mutating func callEnded(_ id: ID, _ outcome: Outcome, _ now: MonotonicTime) {
    guard let index = index(of: id) else { return }
    instances[index].outstanding -= 1
    switch outcome {
    case .neutral: break
    case .success:
      instances[index].failures = 0
      instances[index].successes += 1
      if instances[index].successes >= 100 { instances[index].ejections = 0 }
    case .failure:
      instances[index].failures += 1
      if instances[index].failures >= settings.failuresMax { eject(index, now) }
    }
  }

  private mutating func eject(_ index: Int, _ now: MonotonicTime) {
    guard instances[index].ejectedUntil == nil else { return }
    let wait = Self.doubled(
      settings.ejectionMin, instances[index].ejections, settings.ejectionMax)
    instances[index].ejections += 1
    instances[index].successes = 0
    instances[index].ejectedUntil = now + jittered(wait)
    ejectionCount += 1
  }

  // MARK: Connections and health

  mutating func connectionReady(_ id: ID) {
    guard let index = index(of: id) else { return }
    instances[index].link = .ready
    instances[index].health = .unknown
  }

  mutating func connectionDraining(_ id: ID) {
    guard let index = index(of: id) else { return }
    instances[index].link = .draining
  }

  /// The peer goes away and another connection to it is being made: it may be a restart, or only
  /// the connection's age.
  mutating func connectionReplaced(_ id: ID) {
    guard let index = index(of: id) else { return }
    instances[index].link = .connecting
    instances[index].health = .unknown
  }

  /// Lost, or never made. The instance is connected to again after a growing wait.
  mutating func connectionLost(_ id: ID, _ now: MonotonicTime) {
    guard let index = index(of: id) else { return }
    let wasReady = instances[index].link == .ready
    // A drained connection went as announced: no reason to wait long.
    if instances[index].link == .draining { instances[index].reconnects = 0 }
    let wait = Self.doubled(
      settings.reconnectMin, instances[index].reconnects, settings.reconnectMax)
    instances[index].reconnects += 1
    instances[index].link = .down(retryAt: now + jittered(wait))
    instances[index].health = .unknown
    if wasReady { instances[index].failures = 0 }
  }

  mutating func reconnecting(_ id: ID) {
    guard let index = index(of: id) else { return }
    // Not `.connecting`: after a loss nobody waits for a connection that may not come.
    instances[index].link = .down(retryAt: .distantFuture)
  }

  mutating func healthReported(_ id: ID, isServing: Bool, _ now: MonotonicTime) {
    guard let index = index(of: id), instances[index].link == .ready else { return }
    instances[index].health = isServing ? .serving : .notServing
    guard isServing else { return }
    instances[index].reconnects = 0
    if let until = instances[index].ejectedUntil, now >= until {
      instances[index].ejectedUntil = nil
      instances[index].failures = 0
    }
  }

  /// No answer to a health check.
  mutating func healthFailed(_ id: ID, _ now: MonotonicTime) {
    guard let index = index(of: id), instances[index].link == .ready else { return }
    instances[index].health = .silent
  }

  // MARK: Resolution

  /// Makes the set of instances those of `endpoints`: new ones are added, to be connected to, and
  /// missing ones retire. Returns what to connect to.
  mutating func update(_ endpoints: [Endpoint]) -> [ID] {
    for index in instances.indices {
      instances[index].isRetired = !endpoints.contains(instances[index].endpoint)
    }
    var added: [ID] = []
    for endpoint in endpoints where !instances.contains(where: { $0.endpoint == endpoint }) {
      var rank = StableHash()
      rank.combine(endpoint.description.utf8)
      instances.append(
        Instance(id: nextID, endpoint: endpoint, link: .connecting, rank: rank.value))
      added.append(nextID)
      nextID += 1
    }
    return added
  }

  /// Forgets a retired instance.
  mutating func remove(_ id: ID) {
    instances.removeAll { $0.id == id }
  }

  private static func doubled(_ first: Duration, _ times: Int, _ most: Duration) -> Duration {
    min(first * (1 << min(times, 20)), most)
  }

  /// Between three quarters and five quarters of a wait, so that loops and gateways do not come
  /// back all at once.
  private mutating func jittered(_ wait: Duration) -> Duration {
    wait * (0.75 + 0.5 * Double(random.next() >> 11) / Double(1 << 53))
  }
}
