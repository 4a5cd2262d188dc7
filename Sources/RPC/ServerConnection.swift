internal import EventLoop
internal import RPCWire

/// One connection of a server: from its first byte to its last call.
final class ServerConnection {
  /// Read from the engine: a first request may come in the handshake's last packet.
  var peer: PeerIdentity? { transport.tls?.peer }
  unowned(unsafe) let owner: ServerLoop
  private var session: HTTP2Session!
  private(set) var transport: Transport!
  /// Instead of `session`, for a client that speaks HTTP/1.1.
  var http1: HTTP1Session?
  private var watch: ConnectionWatch
  private var isDraining = false
  /// Its place among the handshakes of the loop; nil in clear text and once it is established.
  private var handshake: HandshakeGate<ServerConnection>.Ticket?
  /// Of the last call; points into its headers.
  @exclusivity(unchecked) private var request = RequestHead()
  private var requestVersion: UInt64 = 0
  /// See ``ServerCall/connectionObject``.
  var routerObject: AnyObject?

  private let descriptor: Int32
  /// The client's address; asked of the system when somebody wants it.
  private(set) lazy var remoteAddress = owner.loop.machine.peerDescription(descriptor)
  /// The connection's place in its loop's list.
  var index = 0

  /// Owns the descriptor from here on.
  init(owner: ServerLoop, descriptor: Int32, tls: TLSContext?) throws(TLSError) {
    self.owner = owner
    self.descriptor = descriptor
    let limits = owner.configuration.limits
    watch = ConnectionWatch(limits, ageMax: owner.ages.next(), now: owner.loop.now)
    var engine: TLSEngine?
    if let tls { engine = try TLSEngine(tls) }
    session = HTTP2Session(
      role: .server, limits: limits.http2, pool: owner.pool, delegate: self)
    transport = Transport(
      loop: owner.loop, descriptor: descriptor, isConnecting: false, session: session,
      tls: engine, owner: self, awaitsFirstBytes: owner.configuration.acceptsHTTP1)
  }

  var callCount: Int { http1?.streamCount ?? session.streamCount }

  func inspect() -> ConnectionInspection { ConnectionInspection(session, transport) }

  func exceeded(_ limit: ServerLimit) {
    owner.exceeded(limit)
  }

  /// Ends the connection after what is queued.
  func end(_ limit: ServerLimit) {
    if http1 == nil { session.terminate(.enhanceYourCalm) }
    transport.closeWhenFlushed(.limit(limit))
  }

  /// Since when there are no calls, for who must make room; nil while there are.
  var idleSince: MonotonicTime? { callCount > 0 ? nil : watch.lastCall }

  /// Takes its place among the handshakes and begins.
  func start(_ handshake: HandshakeGate<ServerConnection>.Ticket?) {
    self.handshake = handshake
    transport.start()
  }

  /// Called about once a second.
  func check(_ now: MonotonicTime) {
    let seen =
      http1.map { observe($0, now) }
      ?? ConnectionWatch.Observation(
        blockedSince: transport.blockedSince, lastReceived: transport.lastReceived,
        hasShakenHands: session.settingsReceived,
        hasAcknowledgedSettings: session.settingsAcknowledged,
        headersSince: session.incompleteHeadersSince.map { MonotonicTime(nanoseconds: $0) },
        callCount: session.streamCount)
    switch watch.check(seen, now: now) {
    case .none: break
    case .releaseMemory: transport.releaseMemory()
    case .sendPing: session.submitPing()
    case .announce: announceShutdown()
    case .drain(let limit):
      // Counted now: with calls open, the connection will end as drained.
      if session.streamCount > 0 { owner.exceeded(limit) }
      drain(.limit(limit))
    case .close(.settingsAcknowledgement):
      session.terminate(.settingsTimeout)
      transport.closeWhenFlushed(.limit(.settingsAcknowledgement))
    case .close(let limit): transport.close(.limit(limit))
    }
  }

  /// First step of a shutdown: asks the client to open no more calls.
  func announceShutdown() {
    if http1 != nil { return }
    session.submitShutdownNotice()
  }

  /// Refuses new calls; closes when the last one ends.
  func drain(_ end: ConnectionEnd = .drained) {
    guard !isDraining else { return }
    isDraining = true
    if let http1 { return http1.drain() }
    session.submitGoAway()
    if session.streamCount == 0 { transport.closeWhenFlushed(end) }
  }
}

extension ServerConnection: TransportOwner {
  func transportEstablished(_ transport: Transport) {
    if let handshake, let tls = transport.tls {
      self.handshake = nil
      owner.handshakeEnded(handshake, isResumed: tls.isResumed)
    }
    if owner.configuration.acceptsHTTP1, !transport.speaksHTTP2 { beginHTTP1(session) }
  }

  func transportWillClose(_ transport: Transport, _ end: ConnectionEnd) {
    guard let handshake else { return }
    self.handshake = nil
    owner.handshakeFailed(
      handshake, transport.tls?.failure ?? TLSError(end), peer: remoteAddress)
  }

  func transportClosed(_ transport: Transport, _ end: ConnectionEnd) {
    http1?.abandon()
    session.close()
    owner.closed(self, end.reason)
  }
}

extension ServerConnection: HTTP2SessionDelegate {
  func session(
    _ session: HTTP2Session, receivedRequest stream: HTTP2StreamReference, headers: HeaderBlock
  ) {
    Unmanaged.passUnretained(owner)._withUnsafeGuaranteedRef {
      received(stream, headers, $0)
    }
  }

  private func received(
    _ stream: HTTP2StreamReference, _ headers: HeaderBlock, _ owner: ServerLoop
  ) {
    let call = ServerCall(stream)
    if let router = owner.router, let delegate = router.route(headers, call: call) {
      stream.setHandler(delegate)
      return
    }
    if stream.headersWereTooLarge {
      let limit = session.limits.headerListByteCountMax
      call.sendStatus(
        .resourceExhausted, "metadata too large: expected at most \(limit) bytes")
      return
    }
    if headers.version == 0 || headers.version != requestVersion {
      requestVersion = headers.version
      request = RequestHead()
      headers.forEach { request.read($0) }
    }
    guard request.isCall else {
      return stream.setHandler(PlainCall(headers, isServing: !isDraining))
    }
    guard let route = owner.routes.find(request.path) else {
      let path = String(decoding: request.path, as: UTF8.self)
      return call.sendStatus(.unimplemented, "no such method: \(path)")
    }
    if let (code, message) = request.refusal?.status {
      var headers = ResponseHeaders.base
      headers.append("grpc-accept-encoding", "identity,deflate,gzip" as StaticString)
      headers.appendStatus(code, message, Metadata())
      return call.sendHeaders(headers, endOfStream: true)
    }
    owner.beginCall(route, stream, request, headers, peer: peer)
  }

  func sessionHasOutput(_ session: HTTP2Session) {
    transport?.scheduleFlush()
  }

  func sessionPackedAhead(_ session: HTTP2Session) {
    transport?.encryptAhead()
  }

  func sessionReceivedSettings(_ session: HTTP2Session) {}

  /// The client opens no more streams: the connection has served its time.
  func sessionReceivedGoAway(_ session: HTTP2Session) {
    drain(.peerClosed)
  }

  func sessionReceivedPingAcknowledgement(_ session: HTTP2Session) {
    watch.pingAcknowledged()
  }

  func sessionStreamClosed(_ session: HTTP2Session) {
    if isDraining, session.streamCount == 0 { transport?.closeWhenFlushed(.drained) }
  }

  func session(_ session: HTTP2Session, exceeded limit: HTTP2Limit) {
    owner.exceeded(limit)
  }
}
