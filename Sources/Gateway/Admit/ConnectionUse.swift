internal import RPC

/// What the calls of one client's connection use together, and what it has shown of itself.
/// Confined to the connection's loop.
final class ConnectionUse {
  let requests = TokenBucket()
  private let refusedCalls = TokenBucket()
  /// Bytes of bodies that the gateway holds for it.
  private var heldByteCount = 0
  /// One of its calls had a good key.
  var hasGoodKey = false
  /// See ``SourceTable``.
  let source: Int

  init(source: Int) {
    self.source = source
  }

  /// The use of a call's connection.
  static func of(_ call: ServerCall) -> ConnectionUse {
    if let known = call.connectionObject { return unsafeDowncast(known, to: ConnectionUse.self) }
    let use = ConnectionUse(source: SourceTable.source(of: call.remoteAddress))
    call.connectionObject = use
    return use
  }

  /// False when it holds too much already. What was held must be given back.
  func hold(_ byteCount: Int, _ limits: GatewayLimits) -> Bool {
    let max = hasGoodKey ? limits.connectionHeldByteCountMax : limits.strangerHeldByteCountMax
    guard max == 0 || heldByteCount + byteCount <= max else { return false }
    heldByteCount += byteCount
    return true
  }

  func giveBack(_ byteCount: Int) {
    heldByteCount -= byteCount
  }

  /// Counts a call without a good key; false when there were too many.
  func mayGoOnAfterRefusal(now: UInt64, _ limits: GatewayLimits) -> Bool {
    refusedCalls.take(
      now: now, perSecond: limits.refusedCallsPerSecondMax, burst: limits.refusedCallsBurstMax)
      == 0
  }
}
