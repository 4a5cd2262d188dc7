/// What one call has taken of the shares of its connection, key, tenant and gateway, so that
/// exactly that is given back. Counts no references: the call's connection and its decision, which
/// own what is used, outlive the call; ``leave(total:)`` comes before they go.
struct CallUse {
  private(set) unowned(unsafe) var connection: ConnectionUse?
  private unowned(unsafe) var key: Usage?
  private unowned(unsafe) var tenant: Usage?
  private(set) var heldByteCount = 0
  private(set) var byteCountInFlight = 0

  /// A call may have this much without being counted: most calls then touch no shared word.
  static let freeByteCount = 4 << 10
  /// More is counted in steps, so that not each piece of a body touches the shared words.
  private static let stepByteCount = 16 << 10

  init() {}

  init(_ connection: ConnectionUse) {
    self.connection = connection
  }

  /// Takes a stream of the key and of the tenant.
  mutating func enter(_ decision: Decision, key limits: UseLimits) -> Refusal? {
    let tenant = decision.tenantUsage
    guard tenant.streams.enter(max: decision.quota.use.streamsMax) else { return .tenantStreams }
    self.tenant = tenant
    // Without limits of its own a key is not counted.
    guard limits.streamsMax > 0 || limits.bytesInFlightMax > 0 else { return nil }
    guard decision.keyUsage.streams.enter(max: limits.streamsMax) else {
      tenant.streams.leave()
      self.tenant = nil
      return .keyStreams
    }
    key = decision.keyUsage
    return nil
  }

  /// Makes the call's share fit what it has: bytes `held` by the gateway, and `inFlight` here and
  /// behind it. Says whose share is exhausted, if one is.
  mutating func adjust(
    held: Int, inFlight: Int, total: borrowing UseCounter, _ limits: GatewayLimits,
    tenantMax: Int
  ) -> Refusal? {
    let held = Self.rounded(held, heldByteCount)
    if held < heldByteCount {
      connection?.giveBack(heldByteCount - held)
      total.leave(heldByteCount - held)
      heldByteCount = held
    } else if held > heldByteCount {
      let more = held - heldByteCount
      guard connection?.hold(more, limits) ?? true else { return .connectionBytes }
      guard total.enter(more, max: limits.heldByteCountMax) else {
        connection?.giveBack(more)
        return .gatewayBytes
      }
      heldByteCount = held
    }
    guard let tenant else { return nil }
    let inFlight = Self.rounded(inFlight, byteCountInFlight)
    if inFlight < byteCountInFlight {
      key?.bytesInFlight.leave(byteCountInFlight - inFlight)
      tenant.bytesInFlight.leave(byteCountInFlight - inFlight)
    } else if inFlight > byteCountInFlight {
      let more = inFlight - byteCountInFlight
      if let key, !key.bytesInFlight.enter(more, max: limits.key.bytesInFlightMax) {
        return .keyBytes
      }
      guard tenant.bytesInFlight.enter(more, max: tenantMax) else {
        key?.bytesInFlight.leave(more)
        return .tenantBytes
      }
    }
    byteCountInFlight = inFlight
    return nil
  }

  /// Gives everything back. Once.
  mutating func leave(total: borrowing UseCounter) {
    if heldByteCount > 0 {
      connection?.giveBack(heldByteCount)
      total.leave(heldByteCount)
      heldByteCount = 0
    }
    key?.streams.leave()
    tenant?.streams.leave()
    if byteCountInFlight > 0 {
      key?.bytesInFlight.leave(byteCountInFlight)
      tenant?.bytesInFlight.leave(byteCountInFlight)
      byteCountInFlight = 0
    }
    key = nil
    tenant = nil
    connection = nil
  }

  /// What is counted for so many bytes: whole steps, and no less than before while the difference
  /// is small, so that a call at an edge does not go up and down.
  private static func rounded(_ byteCount: Int, _ before: Int) -> Int {
    let needed =
      byteCount <= freeByteCount
      ? 0 : (byteCount + stepByteCount - 1) / stepByteCount * stepByteCount
    return needed < before && needed > 0 && before - needed <= 4 * stepByteCount ? before : needed
  }
}
