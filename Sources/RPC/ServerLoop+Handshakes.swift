internal import EventLoop
internal import RPCWire
internal import Telemetry

/// A connected socket whose handshake has to wait for its turn.
struct WaitingSocket {
  var descriptor: Int32
  var since: MonotonicTime
}

/// The part that keeps handshakes from taking over; see ``HandshakeGate``.
extension ServerLoop {
  func wait(_ descriptor: Int32) {
    waiting.append(WaitingSocket(descriptor: descriptor, since: loop.now))
    configuration.tlsMonitor?.waiting.add(1, shard: shard)
    evictHandshakes(now: loop.now)
  }

  func beginHandshake(_ connection: ServerConnection) -> HandshakeGate<ServerConnection>.Ticket {
    configuration.tlsMonitor?.inProgress.add(1, shard: shard)
    return gate.begin(connection, now: loop.now)
  }

  func handshakeEnded(_ handshake: HandshakeGate<ServerConnection>.Ticket, isResumed: Bool) {
    configuration.tlsMonitor?.completed(isResumed: isResumed, shard: shard)
    giveWay(handshake)
  }

  func handshakeFailed(
    _ handshake: HandshakeGate<ServerConnection>.Ticket, _ error: TLSError,
    peer: @autoclosure () -> String
  ) {
    configuration.tlsMonitor?.failed(error, now: loop.now, shard: shard, peer: peer)
    giveWay(handshake)
  }

  /// The next handshakes may begin.
  private func giveWay(_ handshake: HandshakeGate<ServerConnection>.Ticket) {
    gate.end(handshake)
    configuration.tlsMonitor?.inProgress.add(-1, shard: shard)
    while !waiting.isEmpty, gate.hasRoom, !isDraining {
      let next = waiting.removeFirst()
      configuration.tlsMonitor?.waiting.add(-1, shard: shard)
      serve(next.descriptor, tls)
    }
  }

  /// Called about once a second.
  func checkHandshakes(_ now: MonotonicTime) {
    dropWaiting(before: now, .limit(.handshakesPerLoop))
    evictHandshakes(now: now)
  }

  /// Ends handshakes that have had their time, as many as others wait.
  private func evictHandshakes(now: MonotonicTime) {
    for _ in waiting.indices {
      guard let connection = gate.overdue(now: now) else { return }
      connection.transport.close(.limit(.handshakesPerLoop))
    }
  }

  /// Closes what has waited as long as a handshake may take.
  func dropWaiting(before now: MonotonicTime, _ reason: ConnectionEnd.Reason) {
    while let first = waiting.first, now - first.since >= configuration.limits.handshakeTimeout {
      waiting.removeFirst()
      configuration.tlsMonitor?.waiting.add(-1, shard: shard)
      close(first.descriptor, reason)
    }
  }
}

extension TLSError {
  /// A handshake that TLS itself found nothing wrong with.
  init(_ end: ConnectionEnd) {
    let code: TLSFailure =
      switch end.reason {
      case .limit(.handshakesPerLoop): .evicted
      case .limit: .timeout
      default: .closedByPeer
      }
    self.init(code, "TLS handshake: \(end.message)")
  }
}
