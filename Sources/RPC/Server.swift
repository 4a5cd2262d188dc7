public import EventLoop
public import RPCWire
internal import Synchronization

/// A gRPC server over HTTP/2. Routes are registered before ``start()``; afterwards the server
/// is usable from any thread.
public final class Server: Sendable {
  struct State {
    var routes = RouteTable()
    var makeRouter: (@Sendable (EventLoop) -> any CallRouter)?
    var loops: [EventLoop] = []
    var parts: [LoopBound<ServerLoop>] = []
    var listeners: [LoopBound<Listener>] = []
    var bound: [Endpoint] = []
    var isStarted = false
    var isStopped = false
    var nextLoop = 0
  }

  /// As given.
  public let configuration: ServerConfiguration
  let state = Mutex(State())
  private let counter = ConnectionCounter()

  /// A server that does not listen yet.
  public init(configuration: ServerConfiguration) {
    precondition(configuration.loopCount > 0, "a server needs a loop")
    var configuration = configuration
    configuration.tls?.acceptsHTTP1 = configuration.acceptsHTTP1
    self.configuration = configuration
    state.withLock { state in
      state.loops = (0..<configuration.loopCount).map { _ in
        EventLoop(on: configuration.makeMachine())
      }
    }
  }

  /// The loops that serve connections; each callback route lives on one of them.
  public var loops: [EventLoop] { state.withLock { $0.loops } }

  /// Where the server listens, with the real port; empty before ``start()``.
  public var boundEndpoints: [Endpoint] { state.withLock { $0.bound } }

  /// The port of the first TCP endpoint, or nil.
  public var port: UInt16? {
    for case .tcp(_, let port) in boundEndpoints { return port }
    return nil
  }

  /// Connections that are open now.
  public var connectionCount: Int { counter.count }

  /// The paths of all registered methods.
  public var methodPaths: [String] { state.withLock { $0.routes.paths } }

  /// Binds the endpoints and starts the loops. Throws ``SocketError`` or ``TLSError``.
  public func start() throws {
    let tls = try configuration.tls.map {
      try configuration.tlsReloader?.load($0, side: .server, as: "server")
        ?? TLSContextSource($0, side: .server)
    }
    let machine = loops[0].machine
    let sockets = try configuration.endpoints.map { try machine.listen(on: $0, backlog: 1024) }
    let (loops, routes, makeRouter) = state.withLock { state in
      precondition(!state.isStarted, "a server starts once")
      state.isStarted = true
      state.bound = sockets.map(\.endpoint)
      return (state.loops, state.routes, state.makeRouter)
    }
    configuration.tlsReloader?.start()
    for (index, loop) in loops.enumerated() {
      loop.start(name: "loop-\(index)")
      // In order per loop: the part is there before any connection is handed over.
      loop.execute { [self] in
        let part = ServerLoop(
          loop: loop, configuration: configuration, routes: routes, tls: tls, counter: counter,
          shard: index, makeRouter: makeRouter)
        let bound = LoopBound(part, on: loop)
        state.withLock { $0.parts.append(bound) }
        loop.keep(part)
      }
    }
    // One acceptor deals connections round-robin: with few connections, SO_REUSEPORT leaves
    // some loops idle.
    guard let first = loops.first else { return }
    for socket in sockets {
      first.execute { [self] in
        let listener = Listener(loop: first, descriptor: socket.descriptor) { descriptor in
          self.deal(descriptor, isInProcess: false)
        }
        let bound = LoopBound(listener, on: first)
        state.withLock { $0.listeners.append(bound) }
      }
    }
  }

  private func deal(_ descriptor: Int32, isInProcess: Bool) {
    let loop = state.withLock { state in
      let loop = state.loops[state.nextLoop % state.loops.count]
      state.nextLoop += 1
      return loop
    }
    loop.execute {
      guard let part = loop.kept(ServerLoop.self) else { return loop.machine.close(descriptor) }
      part.adopt(descriptor, isInProcess: isInProcess)
    }
  }

  /// A connected socket whose other end is this server.
  func connectInProcess(isTLS: Bool = false) throws -> Int32 {
    guard state.withLock({ $0.isStarted && !$0.isStopped }) else {
      throw SocketError(code: 0, message: "the server does not run")
    }
    let (mine, theirs) = try Socket.pair()
    deal(theirs, isInProcess: !isTLS)
    return mine
  }

  /// A client wired to this server without a port or a name, for tests. The server must be
  /// started; it needs no endpoints. With `tls` it handshakes like any other client, and without
  /// it speaks clear text even to a server that has TLS.
  public func makeInProcessClient(
    tls: TLSConfiguration? = nil, configuration: ClientConfiguration = .init(),
    loop: EventLoop? = nil
  ) throws -> Client {
    let context = try tls.map { try TLSContext($0, side: .client) }
    return Client(tls: context, configuration: configuration, loop: loop) { [self] in
      try connectInProcess(isTLS: context != nil)
    }
  }

  /// Asks every client for a new connection while the calls on the old ones end, as a connection's
  /// age does: after a change of what new connections get.
  public func renewConnections() {
    for loop in loops {
      loop.execute { loop.kept(ServerLoop.self)?.renewConnections() }
    }
  }

  /// Stops accepting, tells clients to go elsewhere (GOAWAY), lets calls end for at most
  /// `gracePeriod`, then closes what is left and stops the loops.
  public func shutdown(gracePeriod: Duration = .seconds(10)) async {
    let (loops, listeners) = state.withLock { state in
      defer { state.listeners = [] }
      state.isStopped = true
      return (state.loops, state.listeners)
    }
    for listener in listeners { loops[0].execute { listener.value.close() } }
    configuration.tlsReloader?.stop()
    await withTaskGroup(of: Void.self) { group in
      for loop in loops {
        group.addTask { await Self.drain(loop, gracePeriod) }
      }
    }
    for loop in loops { loop.stop() }
  }

  /// How long clients have to see the notice before calls under way to us would be refused.
  static let noticeDelay = Duration.milliseconds(100)

  private static func drain(_ loop: EventLoop, _ gracePeriod: Duration) async {
    await withUnsafeContinuation { continuation in
      loop.execute {
        guard let part = loop.kept(ServerLoop.self) else { return continuation.resume() }
        var isDone = false
        func finish() {
          guard !isDone else { return }
          isDone = true
          part.closeAll()
          loop.forget(ServerLoop.self)
          continuation.resume()
        }
        part.announceShutdown()
        loop.schedule(after: min(noticeDelay, gracePeriod)) {
          part.drain { finish() }
        }
        loop.schedule(after: gracePeriod) { finish() }
      }
    }
  }
}
