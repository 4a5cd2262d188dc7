internal import Protocols
internal import RPC

/// The authenticate phase without I/O: decides from the cache, or says that the auth service must
/// be asked, once for all requests that wait for the same key. One per loop.
///
/// `Waiter` is whatever the caller wants back when the answer is there.
struct Authenticator<Waiter> {
  enum Answer {
    case allowed(Decision)
    case refused(Refusal)
    /// Keep the waiter until ``completeCheck(_:_:now:wallMilliseconds:)`` returns it.
    case wait(startCheck: Bool)
  }

  enum CheckResult {
    case answered(MartletV1.CheckResponse)
    /// No answer: the service is down, slow, or broken.
    case failed
  }

  enum Completion {
    /// The answer was read before a change that is known by now: ask again.
    case askAgain
    case answered(Answer, [Waiter])
  }

  private struct Pending {
    var waiters: [Waiter]
    var epoch: Int
    var attempts = 1
  }

  private let settings: AuthenticationSettings
  private let limits: GatewayLimits
  private let usage: UsageRegistry
  private var good: DecisionCache
  private var bad: DecisionCache
  private var pending: [KeyDigest: Pending] = [:]
  private var changes = InvalidationLog()

  private var watchLostAt: MonotonicTime?
  private var lastContact: MonotonicTime
  private var suspectUntil = MonotonicTime(nanoseconds: 0)

  /// False while no connection to the auth service is up: nothing is asked then.
  var isAuthConnected = true
  /// The revision after which a new Watch stream goes on; 0 asks for everything.
  private(set) var watchRevision: UInt64 = 0

  init(
    settings: AuthenticationSettings, limits: GatewayLimits, usage: UsageRegistry,
    now: MonotonicTime
  ) {
    self.settings = settings
    self.limits = limits
    self.usage = usage
    good = DecisionCache(capacity: settings.decisionsMax)
    bad = DecisionCache(capacity: settings.refusalsMax)
    watchLostAt = now
    lastContact = now
  }

  var cachedCount: Int { good.count }
  var refusedCount: Int { bad.count }
  var pendingCount: Int { pending.count }
  var isWatching: Bool { watchLostAt == nil }

  // MARK: Requests

  /// `mayAsk` is asked about who shows a key that is not known to be good.
  mutating func authenticate(
    _ digest: KeyDigest, now: MonotonicTime, wallMilliseconds: Int64,
    mayAsk isWelcome: () -> Bool = { true }, waiter: () -> Waiter
  ) -> Answer {
    if let decision = good[digest] {
      if decision.isExpired(wallMilliseconds) { return .refused(.expiredKey) }
      if isFresh(decision, now) {
        decision.wasUsed = true
        return .allowed(decision)
      }
      if !mayAsk(now) { return outageAnswer(decision, now) }
    } else if let decision = bad[digest], let refusal = decision.refusal {
      if now - decision.validatedAt < settings.refusalLifetime { return .refused(refusal) }
      bad.remove(digest)
    }
    if !mayAsk(now) { return .refused(.authUnavailable) }
    // A key that is known keeps working, wherever it comes from.
    if good[digest] == nil, !isWelcome() { return .refused(.badKeys) }
    if pending[digest] != nil {
      guard pending[digest]!.waiters.count < settings.waitersPerCheckMax else {
        return .refused(.tooManyChecks)
      }
      pending[digest]!.waiters.append(waiter())
      return .wait(startCheck: false)
    }
    guard pending.count < settings.checksMax else { return .refused(.tooManyChecks) }
    pending[digest] = Pending(waiters: [waiter()], epoch: changes.epoch)
    return .wait(startCheck: true)
  }

  mutating func completeCheck(
    _ digest: KeyDigest, _ result: CheckResult, now: MonotonicTime, wallMilliseconds: Int64
  ) -> Completion {
    guard let asked = pending[digest] else { return .answered(.refused(.authUnavailable), []) }
    switch result {
    case .failed:
      pending[digest] = nil
      suspectUntil = now + settings.retryAfterFailure
      if let decision = good[digest], !decision.isExpired(wallMilliseconds) {
        return .answered(outageAnswer(decision, now), asked.waiters)
      }
      return .answered(.refused(.authUnavailable), asked.waiters)
    case .answered(let response):
      lastContact = now
      suspectUntil = MonotonicTime(nanoseconds: 0)
      let keyID = response.grant?.keyID ?? response.keyID
      let tenant = response.grant?.tenant ?? ""
      if changes.isStale(
        keyID: keyID, tenant: tenant, revision: response.revision, epoch: asked.epoch)
      {
        if asked.attempts < settings.attemptsPerCheckMax {
          pending[digest]!.attempts += 1
          pending[digest]!.epoch = changes.epoch
          return .askAgain
        }
        pending[digest] = nil
        return .answered(.refused(.authUnavailable), asked.waiters)
      }
      pending[digest] = nil
      return .answered(install(response, keyID, digest, now, wallMilliseconds), asked.waiters)
    }
  }

  private mutating func install(
    _ response: MartletV1.CheckResponse, _ keyID: String, _ digest: KeyDigest,
    _ now: MonotonicTime, _ wallMilliseconds: Int64
  ) -> Answer {
    if response.verdict == .allowed, let grant = response.grant, !grant.tenant.isEmpty {
      let decision = Decision(
        grant: grant, revision: response.revision, usage: usage, limits: limits, now: now)
      bad.remove(digest)
      good.insert(decision, for: digest)
      return decision.isExpired(wallMilliseconds) ? .refused(.expiredKey) : .allowed(decision)
    }
    let refusal: Refusal
    switch response.verdict {
    case .unknownKey: refusal = .unknownKey
    case .expired: refusal = .expiredKey
    case .revoked: refusal = .revokedKey
    // An answer this gateway cannot read is no permission, and no reason to call the key bad.
    default: return .refused(.authUnavailable)
    }
    good[digest]?.isInvalidated = true
    good.remove(digest)
    bad.insert(
      Decision(refusal: refusal, keyID: keyID, revision: response.revision, now: now),
      for: digest)
    return .refused(refusal)
  }

  /// Forgets the requests that wait: nobody will answer them.
  mutating func removeWaiters() {
    pending = [:]
  }

  // MARK: Freshness

  private func isFresh(_ decision: Decision, _ now: MonotonicTime) -> Bool {
    let age = now - decision.validatedAt
    guard age < settings.decisionLifetime else { return false }
    guard let watchLostAt else { return true }
    // Without a watch nobody reports changes: a short outage is tolerated, then each decision
    // must be confirmed as often as that.
    return now - watchLostAt < settings.watchOutageMax || age < settings.watchOutageMax
  }

  private func mayAsk(_ now: MonotonicTime) -> Bool {
    isAuthConnected && now >= suspectUntil
  }

  /// A known key while auth is down: good for a stated time after the last sign of life.
  private func outageAnswer(_ decision: Decision, _ now: MonotonicTime) -> Answer {
    now - lastContact < settings.outageGrace
      ? .allowed(decision) : .refused(.authUnavailable)
  }

  // MARK: The watch

  mutating func watchStarted(now: MonotonicTime) {
    watchLostAt = nil
    lastContact = now
  }

  mutating func watchEnded(now: MonotonicTime) {
    guard watchLostAt == nil else { return }
    watchLostAt = now
    lastContact = now
  }

  mutating func apply(_ event: MartletV1.WatchEvent, now: MonotonicTime) {
    lastContact = now
    switch event.change {
    case .keyID(let keyID):
      changes.record(keyID: keyID, revision: event.revision)
      invalidate { $0.keyID == keyID && $0.revision < event.revision }
    case .tenant(let tenant):
      changes.record(tenant: tenant, revision: event.revision)
      invalidate { $0.tenant == tenant && $0.revision < event.revision }
    case .resync where watchRevision == 0:
      // The start of the first watch: what was read at its revision or later is up to date.
      changes.recordStart(revision: event.revision)
      invalidate { $0.revision < event.revision }
    case .resync:
      changes.recordResync()
      invalidate { _ in true }
      watchRevision = event.revision
      return
    case .heartbeat, nil: break
    }
    watchRevision = max(watchRevision, event.revision)
  }

  private mutating func invalidate(_ isOutdated: (Decision) -> Bool) {
    good.invalidate(isOutdated)
    bad.invalidate(isOutdated)
  }
}
