internal import RPC

/// Says who calls. Only a gateway may, and only what it attached counts.
struct IdentityCheck: Sendable {
  /// The role a peer's certificate must have; nil for tests without certificates.
  let peerRole: String?

  /// The caller of a call, or the status that refuses it.
  func caller(_ context: CallContext) throws(RPCError) -> Caller {
    try checkPeer(context.peer)
    return try Caller(metadata: context.metadata)
  }

  /// Refuses peers that are not a gateway.
  func checkPeer(_ peer: PeerIdentity?) throws(RPCError) {
    guard let peerRole else { return }
    guard let peer else {
      throw RPCError(
        code: .unauthenticated, message: "expected a client certificate, got none")
    }
    guard peer.role == peerRole else {
      throw .denied(
        "expected a peer with the role '\(peerRole)', got \(peer.role.map { "'\($0)'" } ?? "none")")
    }
  }
}

/// Turns other peers away at the first bytes of a call, before a message is read.
final class PeerGate: CallRouter {
  private let identity: IdentityCheck

  init(_ identity: IdentityCheck) {
    self.identity = identity
  }

  func route(_ headers: HeaderBlock, call: ServerCall) -> (any ServerCallDelegate)? {
    do {
      try identity.checkPeer(call.peer)
      return nil
    } catch {
      call.sendStatus(error.code, error.message)
      return RefusedCall()
    }
  }
}

/// A call that was answered already: what still comes is dropped.
private final class RefusedCall: ServerCallDelegate {
  func call(_ call: ServerCall, receivedData bytes: UnsafeRawBufferPointer) {
    call.consume(bytes.count)
  }
  func callReceivedEnd(_ call: ServerCall) {}
  func callCanSend(_ call: ServerCall) {}
  func callClosed(_ call: ServerCall, reason: CallCloseReason) {}
}
