/// Calls of one loop that have ended and become the next ones: a call with its tables, locks and
/// copied metadata costs three allocations and a dozen reference counts to make and to destroy.
///
/// A handler may keep its context for ever. Such a call stays the handler's: only a call that
/// nobody else refers to begins again.
final class CallPool {
  private var idle: [GRPCServerCall] = []

  /// More than this are not kept; as many calls as are usually open at once on a busy loop.
  private static let idleCountMax = 512

  /// A call to begin again, or nil.
  func take() -> GRPCServerCall? {
    while var call = idle.popLast() {
      if isKnownUniquelyReferenced(&call) { return call }
    }
    return nil
  }

  /// Takes a call whose stream is gone.
  func giveBack(_ call: GRPCServerCall) {
    if idle.count < Self.idleCountMax { idle.append(call) }
  }
}
