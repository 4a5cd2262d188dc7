internal import RPC

/// The service's side of an exchange: at most one call at a time, started again for a retry.
final class UpstreamLeg: ClientCallDelegate {
  /// Each exchange makes one leg and keeps it; ``detach()`` comes before the exchange goes. So no
  /// event needs to count a reference.
  private var exchange: Unmanaged<Exchange>?
  private(set) var call: ClientCall?
  private(set) var link: UpstreamLink?
  private(set) var pool: UpstreamPool?
  private var wasReset = false

  var isOpen: Bool { call != nil }

  func start(
    _ pool: UpstreamPool, _ headers: HeaderList, excluding: Balancer.ID?, sequence: UInt64?
  ) -> Bool {
    guard
      let started = pool.startCall(
        headers, excluding: excluding, sequence: sequence, delegate: self)
    else { return false }
    self.pool = pool
    link = started.link
    call = started.call
    wasReset = false
    return true
  }

  func attach(_ exchange: Exchange) {
    self.exchange = Unmanaged.passUnretained(exchange)
  }

  @inline(__always)
  private func withExchange(_ body: (Exchange) -> Void) {
    exchange?._withUnsafeGuaranteedRef(body)
  }

  /// The gateway goes: whatever still comes is nobody's business.
  func detach() {
    exchange = nil
    reset()
  }

  func forget() {
    link = nil
    pool = nil
  }

  func reset() {
    guard let call, !wasReset else { return }
    wasReset = true
    call.reset(.cancel)
  }

  func call(_ call: ClientCall, receivedHeaders headers: HeaderBlock) {
    withExchange { $0.responded(headers) }
  }

  func call(_ call: ClientCall, receivedData bytes: UnsafeRawBufferPointer) {
    withExchange { $0.responded(call, bytes) }
  }

  func call(_ call: ClientCall, receivedTrailers trailers: HeaderBlock) {
    withExchange { $0.responseEnded(trailers) }
  }

  func callReceivedEnd(_ call: ClientCall) {
    withExchange { $0.responseEnded(nil) }
  }

  func callCanSend(_ call: ClientCall) {
    withExchange { $0.returnCredit() }
  }

  func callClosed(_ call: ClientCall, reason: CallCloseReason) {
    self.call = nil
    if let link, let pool {
      pool.callEnded(link, outcome(reason))
    }
    withExchange { $0.legClosed(reason, failed: link?.id) }
  }

  /// What the call says about the instance. What a client can bring about with a request of its
  /// own says nothing: nobody could take an instance away from the others otherwise.
  private func outcome(_ reason: CallCloseReason) -> Balancer.Outcome {
    if wasReset { return .neutral }
    switch reason {
    case .completed:
      // UNAVAILABLE is the answer for a model that is not ready, too; whether the service is
      // able to answer at all, its health check tells.
      let isUnready = exchange?._withUnsafeGuaranteedRef { $0.status == .unavailable } ?? false
      return isUnready ? .neutral : .success
    // RFC 9113 section 7: the one code by which an endpoint speaks of itself.
    case .reset(.internalError): return .failure
    case .reset(.noError): return .success
    // A request that broke a rule, or was one too many. The loss of the connection has taken the
    // instance out already; a refused stream says that it is going down in good order.
    case .reset, .connectionLost: return .neutral
    }
  }
}
