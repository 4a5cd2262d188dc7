/// Calls of one loop that have ended and become the next ones: a call with its tables, locks and
/// copied metadata costs three allocations and a dozen reference counts to make and to destroy.
///
/// A handler may keep its context for ever. Such a call stays the handler's: only a call that
/// nobody else refers to begins again.
final class CallPool {
  private var idle: [GRPCServerCall] = []

  /// A call with more memory than this for its metadata is not kept.
  private static let metadataByteCountMax = 4096
  /// More than this are not kept; as many calls as are usually open at once on a busy loop.
  private static let idleCountMax = 512

  /// Idle calls, and what of their clients' messages they still hold.
  var inspection: (count: Int, heldByteCount: Int) {
    (idle.count, idle.reduce(0) { $0 + $1.heldByteCount })
  }

  /// A call to begin again, or nil.
  func take() -> GRPCServerCall? {
    while var call = idle.popLast() {
      if isKnownUniquelyReferenced(&call) { return call }
    }
    return nil
  }

  /// Takes a call whose stream is gone.
  func giveBack(_ call: GRPCServerCall) {
    guard idle.count < Self.idleCountMax,
      call.metadata.headers.capacity <= Self.metadataByteCountMax
    else { return }
    idle.append(call)
  }
}
