internal import RPC

/// The admit phase: what a call may take of what its connection, key and tenant share, and how
/// fast it must go.
extension Exchange {
  /// Takes what the call needs at its start.
  func admit(_ decision: Decision) -> Refusal? {
    guard let route else { return .unknownMethod }
    if route.destination == .denied { return .privateMethod }
    if !route.actions.isEmpty, !decision.actions.permits(anyOf: route.actions) {
      return .missingRight
    }
    // Limits are read where they are: a copy of all of them costs more than the rest of this.
    if let connection = use.connection {
      connection.hasGoodKey = true
      if let refusal = take(connection.requests, gateway.limits.connection, or: .connectionRate) {
        return refusal
      }
    }
    let key = gateway.limits.key
    if let refusal = take(decision.keyUsage.requests, key, or: .keyRate) { return refusal }
    if let refusal = take(decision.tenantUsage.requests, decision.quota.use, or: .tenantRate) {
      return refusal
    }
    return use.enter(decision, key: key)
  }

  @inline(__always)
  private func take(
    _ bucket: borrowing TokenBucket, _ limits: UseLimits, or refusal: Refusal
  ) -> Refusal? {
    guard limits.requestsPerSecond > 0 else { return nil }
    let wait = bucket.take(
      now: startedAt.nanoseconds, perSecond: limits.requestsPerSecond,
      burst: limits.requestsBurst)
    guard wait > 0 else { return nil }
    advise(wait)
    return refusal
  }

  private func advise(_ nanoseconds: UInt64) {
    retryAfterSeconds = Int((nanoseconds + 999_999_999) / 1_000_000_000)
  }

  // MARK: Who shows bad keys

  /// Whether the client's source has shown too many bad keys to ask about another.
  func hasShownBadKeys() -> Bool {
    guard let source = use.connection?.source else { return false }
    let wait = gateway.state.sources.wait(
      source, now: startedAt.nanoseconds, perSecond: gateway.limits.badKeysPerSecondMax,
      burst: gateway.limits.badKeysBurstMax)
    if wait > 0 { advise(wait) }
    return wait > 0
  }

  /// A call that nobody answers for was refused. The connection ends when that happens too often.
  func strangerWasRefused(_ refusal: Refusal) {
    guard let connection = use.connection else { return }
    let now = startedAt.nanoseconds
    if refusal.isBadKey {
      gateway.state.sources.charge(
        connection.source, now: now, perSecond: gateway.limits.badKeysPerSecondMax,
        burst: gateway.limits.badKeysBurstMax)
    }
    if !connection.mayGoOnAfterRefusal(now: now, gateway.limits) {
      call.endConnection(.refusedCalls)
    }
  }

  // MARK: Bytes

  /// Counts what the call has, here and behind the gateway; ends it when that is too much.
  @inline(__always)
  func countBytes() {
    // Most calls never have enough to be counted; what is over was given back.
    if clientIsGone { return }
    if byteCountIn <= CallUse.freeByteCount, byteCountOut <= CallUse.freeByteCount { return }
    countManyBytes()
  }

  private func countManyBytes() {
    let queued = hasHeaders ? call.outboundByteCount : 0
    let pending =
      phase == .finished
      ? 0
      : isStreaming
        ? max(wasInspected ? inspector.incompleteByteCount : 0, body.count)
        : hasHeaders ? 0 : byteCountIn
    let refusal = use.adjust(
      held: body.count + translatedByteCount + queued + (leg.call?.outboundByteCount ?? 0),
      inFlight: queued + pending,
      total: gateway.state.heldBytes, gateway.limits,
      tenantMax: decision?.quota.use.bytesInFlightMax ?? 0)
    if let refusal { cutOff(refusal) }
  }

  /// Whether the tenant may have another piece inflated. Asked before that is done: a few KiB may
  /// become a thousand times as much, and the loop does nothing else meanwhile.
  func mayInflate() -> Refusal? {
    guard let decision else { return nil }
    let wait = decision.tenantUsage.inflated.wait(
      now: gateway.loop.now.nanoseconds, perSecond: gateway.limits.inflatedKilobytesPerSecondMax,
      burst: inflatedBurst)
    guard wait > 0 else { return nil }
    advise(wait)
    return .inflationRate
  }

  /// Pays for what compressed messages became.
  func payForInflation() {
    guard inspector.unpaidInflatedCount >= 1_024 else { return }
    payForInflation(kilobytes: inspector.takeInflatedKilobytes())
  }

  func payForInflation(kilobytes: Int) {
    guard let decision else { return }
    decision.tenantUsage.inflated.charge(
      kilobytes, now: gateway.loop.now.nanoseconds,
      perSecond: gateway.limits.inflatedKilobytesPerSecondMax, burst: inflatedBurst)
  }

  /// One message of the largest size.
  private var inflatedBurst: UInt32 { UInt32(clamping: gateway.limits.messageByteCountMax >> 10) }

  // MARK: Pace

  /// Why the client is too slow, if it is. Called now and then.
  func checkPace(_ now: MonotonicTime) -> Refusal? {
    let limits = gateway.limits
    let queued = call.outboundByteCount
    if responsePace.isTooSlow(
      isDue: queued > 0, byteCount: byteCountOut - queued, now: now, limits)
    {
      return .slowReader
    }
    let expectsBytes =
      switch phase {
      case .finished: false
      case .local: !hasHeaders
      case .authenticating, .open:
        !isStreaming || wasInspected && inspector.incompleteByteCount > 0
      }
    // While the window is used up, it is the service that is slow.
    let isDue =
      expectsBytes && !clientEnded && !isTranslating && uncredited < Self.uncreditedMax
    let isSlow = requestPace.isTooSlow(
      isDue: isDue, item: inspector.messageCount, byteCount: byteCountIn, now: now, limits)
    return isSlow ? .slowRequest : nil
  }

  /// Below every client's window.
  private static let uncreditedMax = 32 << 10

  /// Ends a call that is too slow or has too much: with a status while there is none, else at once,
  /// for what is queued is the trouble.
  func cutOff(_ refusal: Refusal) {
    if !hasHeaders, !isResponseComplete { return refuse(refusal) }
    gateway.state.metrics.reject(refusal, shard: gateway.shard)
    if !isResponseComplete {
      status = refusal.code
      complete()
    }
    leg.reset()
    call.reset(.enhanceYourCalm)
  }
}
