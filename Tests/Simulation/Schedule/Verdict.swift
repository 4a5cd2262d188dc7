internal import EventLoop
internal import Gateway
internal import Protocols
internal import RPCWire

/// Judges the calls of a run, when it is known what went wrong when.
///
/// The rule for calls that may be sent twice: one fails with UNAVAILABLE only when no instance was
/// reachable for its whole life, or its answer was under way or its request too large to keep when
/// the instance was lost, or its key could not be checked, or its client's own connection broke.
/// Other calls may also fail when the instance that had them was lost. Nothing else fails.
struct Verdict {
  let world: World
  let truth: Truth
  let plan: Plan
  let limits: GatewayLimits

  /// How long until the gateway uses an instance again that is back: a connection attempt of 5 s,
  /// a wait of 5 s and a quarter, a health check every 2 s; or 3 health checks of 4 s and the wait.
  private static let modelSettling = Duration.seconds(15)
  /// How long until the watch is back: 15 s of silence, then as above.
  private static let authSettling = Duration.seconds(30)
  /// A client's keep-alive takes this long to see a dead connection.
  private static let clientSettling = Duration.seconds(60)
  /// "A revoked key is refused within a second."
  private static let revocationMax = Duration.seconds(1)
  /// A watch that says nothing for so long is given up; known keys get their grace from then on.
  private static let watchSilenceMax = Duration.seconds(16)

  func judge() {
    for call in truth.calls { judge(call) }
    for acceptance in truth.acceptances { judge(acceptance) }
  }

  // MARK: Calls

  private func judge(_ call: Call) {
    guard let startedAt = call.startedAt, let endedAt = call.endedAt, let status = call.status,
      call.endCount == 1
    else {
      return truth.violate("\(call.description) ended \(call.endCount) times")
    }
    // A stream's reader may rest between messages that had come in time.
    let lag = Duration.milliseconds(50) + call.plan.rest * call.plan.messageCount
    if let deadline = call.deadline, endedAt > deadline + lag {
      truth.violate("\(call.description) ended \(endedAt - deadline) after its deadline")
    }
    if let reason = objection(call, status, startedAt, endedAt) {
      truth.violate(
        "\(call.description) must not end with \(status.name) '\(call.message)': \(reason)")
    }
  }

  private func objection(
    _ call: Call, _ status: StatusCode, _ start: MonotonicTime, _ end: MonotonicTime
  ) -> String? {
    let key = truth.keys[call.plan.key]
    // A grant says its key's expiry in whole milliseconds: it may come up to one early.
    let expiry = key.expiresAt.map { $0 + .milliseconds(-1) }
    let keyHasEnded = [key.revokedAt, expiry].contains { $0.map { $0 <= end } ?? false }
    switch status {
    case .ok: return nil
    case .cancelled: return call.wasCancelled ? nil : "its client did not cancel it"
    case .unauthenticated: return keyHasEnded ? nil : "its key is good"
    case .resourceExhausted:
      return (key.quota?.streamsMax ?? 0) > 0 ? nil : "its key has no quota"
    case .deadlineExceeded:
      guard let deadline = call.deadline, end + .milliseconds(1) >= deadline else {
        return "its deadline has not passed"
      }
      // Long enough to notice a silent instance and to ask the other one.
      guard call.plan.kind == .infer, call.plan.timeout! - call.plan.work > .seconds(17) else {
        return nil
      }
      return unavailableObjection(call, start, end)
    case .unavailable:
      if call.plan.isUnready || call.wasCancelled { return nil }
      if keyHasEnded, call.plan.kind == .stream || call.plan.kind == .deploy { return nil }
      return unavailableObjection(call, start, end)
    default: return "nothing that happened explains it"
    }
  }

  private func unavailableObjection(
    _ call: Call, _ start: MonotonicTime, _ end: MonotonicTime
  ) -> String? {
    let impairments = truth.impairments
    func isImpaired(_ part: Part, _ settling: Duration) -> Bool {
      impairments.touches(part, from: start, to: end, settling: settling)
    }
    if isImpaired(.client(call.plan.client), Self.clientSettling) { return nil }
    // Each loop of the gateway learns keys for itself, so it may have to ask for any call's.
    if isImpaired(.auth, Self.authSettling) { return nil }
    let usesAuth = call.plan.kind == .listKeys || call.plan.kind == .createKey
    let instances: [Part] = usesAuth ? [.auth] : (0..<Plan.modelCount).map { .model($0) }
    let impaired = instances.filter { isImpaired($0, Self.modelSettling) }
    if impaired.isEmpty { return "nothing was impaired" }
    if impaired.count == instances.count { return nil }
    guard call.plan.kind.isRetrySafe else { return nil }
    if call.plan.requestByteCount > limits.retryByteCountMax / 2 || call.wasAnswered { return nil }
    return "an instance was reachable all the time"
  }

  // MARK: Keys

  private func judge(_ acceptance: Truth.Acceptance) {
    let key = truth.keys[acceptance.key]
    if let expiry = key.expiresAt, !acceptance.isStreamed, acceptance.sentAt > expiry {
      truth.violate(
        "call \(acceptance.call) was accepted, sent \(acceptance.sentAt - expiry) after key"
          + " \(acceptance.key) expired")
    }
    guard let revokedAt = key.revokedAt else { return }
    var bound = refusedFrom(revokedAt)
    if acceptance.isStreamed {
      // The sweep ends the stream; what the service holds by then it may still do.
      bound = bound + .seconds(1)
      let wasImpaired = (0..<Plan.modelCount).contains {
        truth.impairments.touches(
          .model($0), from: revokedAt, to: acceptance.acceptedAt, settling: Self.modelSettling)
      }
      if wasImpaired { return }
    }
    if acceptance.sentAt > bound {
      truth.violate(
        "call \(acceptance.call) was accepted, sent \(acceptance.sentAt - revokedAt) after key"
          + " \(acceptance.key) was revoked; expected at most \(bound - revokedAt)")
    }
  }

  /// From when on a key that was revoked must be refused: a second later while the auth service is
  /// reachable; else a second after it has been for long enough, or when known keys run out.
  private func refusedFrom(_ revokedAt: MonotonicTime) -> MonotonicTime {
    let reachable = truth.impairments.calm(
      .auth, from: revokedAt, for: Self.revocationMax, settling: Self.authSettling)
    return min(
      reachable + Self.revocationMax, revokedAt + plan.outageGrace + Self.watchSilenceMax)
  }
}
