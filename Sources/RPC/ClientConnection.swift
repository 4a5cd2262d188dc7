public import EventLoop
public import RPCWire

/// Told when a client connection changes; on the connection's loop.
public protocol ClientConnectionDelegate: AnyObject {
  /// The connection breaks for this reason; its calls are closed next. Optional.
  func connectionWillClose(_ connection: ClientConnection, reason: String)
  /// The handshake is done and the peer's settings are known.
  func connectionReady(_ connection: ClientConnection)
  /// The peer takes no new calls; open ones go on.
  func connectionGoingAway(_ connection: ClientConnection)
  /// The connection is gone, or could not be made; all its calls were closed before.
  func connectionClosed(_ connection: ClientConnection, reason: String)
}

extension ClientConnectionDelegate {
  /// Nothing to prepare.
  public func connectionWillClose(_ connection: ClientConnection, reason: String) {}
}

/// One HTTP/2 connection to a server, confined to its loop: what a proxy keeps per upstream.
/// It does not reconnect; make another. Alive until it is closed, whoever holds it.
public final class ClientConnection {
  /// Where a connection is in its life.
  public enum State: Sendable, Hashable {
    /// TCP and TLS are under way; calls may be started and wait.
    case connecting
    /// In use.
    case ready
    /// GOAWAY was received: open calls go on.
    case goingAway
    /// Gone.
    case closed
  }

  /// Where the connection is in its life.
  public private(set) var state = State.connecting
  /// The server's verified certificate.
  public var peer: PeerIdentity? { transport?.tls?.peer }

  private let loop: EventLoop
  private let configuration: ClientConfiguration
  private weak var delegate: (any ClientConnectionDelegate)?
  private var session: HTTP2Session!
  private var transport: Transport?
  private var keepAlive: KeepAlive
  private var timer = TimerHandle.none
  /// Calls started so far.
  private var callCount = 0
  /// Keeps the connection alive while its transport lives.
  private var retained: ClientConnection?

  init(
    loop: EventLoop, configuration: ClientConfiguration, delegate: any ClientConnectionDelegate
  ) {
    self.loop = loop
    self.configuration = configuration
    self.delegate = delegate
    keepAlive = KeepAlive(
      interval: configuration.keepAliveInterval, timeout: configuration.keepAliveTimeout)
    session = HTTP2Session(
      role: .client, limits: configuration.http2,
      pool: loop.local(HTTP2StreamPool.self) { HTTP2StreamPool() }, delegate: self)
    retained = self
  }

  /// Calls that are open.
  public var outstandingCallCount: Int { session.streamCount }

  /// How many calls the peer allows at one time; more wait in the session.
  public var peerStreamsMax: Int { session.peerStreamsMax }

  /// What the connection holds; see ``ConnectionInspection``.
  package func inspect() -> ConnectionInspection { ConnectionInspection(session, transport) }

  /// Starts a call. `headers` starts with the pseudo-fields (:method, :scheme, :path,
  /// :authority). nil when the connection takes no calls any more.
  public func startCall(
    _ headers: HeaderList, endOfStream: Bool = false, delegate: any ClientCallDelegate
  ) -> ClientCall? {
    guard state == .connecting || state == .ready,
      let stream = session.submitRequest(headers, endOfStream: endOfStream, handler: delegate)
    else { return nil }
    callCount += 1
    if callCount >= configuration.callsPerConnectionMax, state == .ready { moveOn() }
    return ClientCall(stream)
  }

  /// Takes no more calls, as if the peer had asked for that.
  private func moveOn() {
    drain()
    delegate?.connectionGoingAway(self)
  }

  /// Closes in a moment; open calls are closed with `connectionLost`.
  public func close() {
    if let transport {
      transport.closeSoon(ConnectionEnd(.local, "closed by this side"))
    } else {
      let bound = LoopBound(self, on: loop)
      loop.execute { bound.value.closed("closed by this side") }
    }
  }

  /// Lets open calls end, then closes. Says nothing before: a GOAWAY would overtake the headers of
  /// calls that have just been started, and the server would refuse them.
  public func drain() {
    guard state != .closed else { return }
    state = .goingAway
    if session.streamCount == 0 { close() }
  }

  // MARK: Connecting

  func start(_ target: Endpoint, _ tls: TLSContext?, connector: (@Sendable () throws -> Int32)?) {
    timer = loop.schedule(after: configuration.connectTimeout) { [weak self] in
      self?.fail("cannot connect to \(target): no answer in time")
    }
    do {
      if let connector {
        return try adopt(try connector(), isConnecting: false, tls, host: "localhost")
      }
      switch target {
      case .unix(let path):
        try connect(to: [try Socket.address(ofPath: path)], tls, host: "localhost")
      case .tcp(let host, let port):
        if let addresses = try? SocketAddress.resolve(host: host, port: port, numericOnly: true) {
          try connect(to: addresses, tls, host: host)
        } else {
          lookUp(host, port, tls)
        }
      case .descriptor:
        throw SocketError(code: 0, message: "cannot connect to an inherited descriptor")
      }
    } catch {
      let reason = "cannot connect to \(target): \(error)"
      let bound = LoopBound(self, on: loop)
      loop.execute { bound.value.fail(reason) }
    }
  }

  /// The name service may take seconds: it is asked on a thread of its own.
  private static let resolver = WorkerThreads(count: 2, name: "resolver")

  private func lookUp(_ host: String, _ port: UInt16, _ tls: TLSContext?) {
    let bound = LoopBound(self, on: loop)
    let loop = loop
    Self.resolver.submit {
      let addresses = Result {
        try SocketAddress.resolve(host: host, port: port, numericOnly: false)
      }
      loop.execute {
        let connection = bound.value
        guard connection.state == .connecting else { return }
        do {
          try connection.connect(to: try addresses.get(), tls, host: host)
        } catch {
          connection.fail("cannot connect to \(host):\(port): \(error)")
        }
      }
    }
  }

  private func connect(to addresses: [SocketAddress], _ tls: TLSContext?, host: String) throws {
    guard let address = addresses.first else {
      throw SocketError(code: 0, message: "the host has no address")
    }
    let descriptor = try loop.machine.connect(to: address)
    try adopt(descriptor, isConnecting: true, tls, host: host)
  }

  private func adopt(
    _ descriptor: Int32, isConnecting: Bool, _ tls: TLSContext?, host: String?
  ) throws {
    let transport = Transport(
      loop: loop, descriptor: descriptor, isConnecting: isConnecting, session: session,
      tls: try tls.map { try TLSEngine($0, host: host) }, owner: self)
    self.transport = transport
    transport.start()
  }

  private func fail(_ reason: String) {
    if let transport { transport.close(ConnectionEnd(.local, reason)) } else { closed(reason) }
  }

  private func closed(_ reason: String) {
    guard state != .closed else { return }
    state = .closed
    loop.cancel(timer)
    delegate?.connectionWillClose(self, reason: reason)
    session.close()
    transport = nil
    delegate?.connectionClosed(self, reason: reason)
    retained = nil
  }

  // MARK: Keep-alive

  private func scheduleKeepAlive() {
    guard let interval = keepAlive.checkInterval, state != .closed else { return }
    timer = loop.schedule(after: interval) { [weak self] in
      guard let self, let transport, state != .closed else { return }
      // Only while calls are open: an idle connection has nothing to lose.
      switch keepAlive.check(
        now: loop.now, lastReceived: session.streamCount > 0 ? transport.lastReceived : loop.now)
      {
      case .none: break
      case .sendPing: session.submitPing()
      case .close:
        return transport.close(ConnectionEnd(.local, "the server does not answer"))
      }
      scheduleKeepAlive()
    }
  }
}

extension ClientConnection: TransportOwner {
  func transportEstablished(_ transport: Transport) {}

  func transportWillClose(_ transport: Transport, _ end: ConnectionEnd) {}

  func transportClosed(_ transport: Transport, _ end: ConnectionEnd) {
    closed(end.message)
  }
}

extension ClientConnection: HTTP2SessionDelegate {
  /// Servers only.
  public func session(
    _ session: HTTP2Session, receivedRequest stream: HTTP2StreamReference, headers: HeaderBlock
  ) {}

  /// Sends at the end of the turn.
  public func sessionHasOutput(_ session: HTTP2Session) {
    transport?.scheduleFlush()
  }

  /// Encrypts while the bytes are at hand.
  public func sessionPackedAhead(_ session: HTTP2Session) {
    transport?.encryptAhead()
  }

  /// The first settings make the connection ready.
  public func sessionReceivedSettings(_ session: HTTP2Session) {
    guard state == .connecting else { return }
    state = .ready
    loop.cancel(timer)
    scheduleKeepAlive()
    delegate?.connectionReady(self)
  }

  /// Calls go on; new ones are for another connection.
  public func sessionReceivedGoAway(_ session: HTTP2Session) {
    guard state == .connecting || state == .ready else { return }
    state = .goingAway
    delegate?.connectionGoingAway(self)
    if session.streamCount == 0 { close() }
  }

  /// The server is alive.
  public func sessionReceivedPingAcknowledgement(_ session: HTTP2Session) {
    keepAlive.acknowledged()
  }

  /// A connection that goes away is closed with its last call.
  public func sessionStreamClosed(_ session: HTTP2Session) {
    if state == .goingAway, session.streamCount == 0 { close() }
  }
}

extension EventLoop {
  /// Connects to a server; on the loop's thread. The connection lives on this loop. Make one
  /// `TLSContext` per configuration and keep it: loading certificates takes a millisecond.
  /// The delegate is not retained.
  public func makeClientConnection(
    to target: Endpoint, tls: TLSContext?, configuration: ClientConfiguration = .init(),
    delegate: any ClientConnectionDelegate
  ) -> ClientConnection {
    precondition(isCurrent, "a client connection is made on its loop's thread")
    let connection = ClientConnection(loop: self, configuration: configuration, delegate: delegate)
    connection.start(target, tls, connector: nil)
    return connection
  }
}
