internal import EventLoop
internal import RPCWire

/// A server's part on one loop: its connections there, its router, its sweep.
final class ServerLoop {
  let loop: EventLoop
  let configuration: ServerConfiguration
  let routes: RouteTable
  let pool: HTTP2StreamPool
  let tasks: HandlerTasks
  let calls = CallPool()
  private let messageByteCountMax: Int
  let shard: Int
  var ages: ConnectionAges
  private(set) var router: (any CallRouter)?
  let tls: TLSContextSource?
  private let counter: ConnectionCounter
  /// In an order that follows from what happened, so that a simulation can be repeated.
  private var connections: [ServerConnection] = []
  var gate: HandshakeGate<ServerConnection>
  /// Connected sockets whose handshake has not begun, in order.
  var waiting: [WaitingSocket] = []
  private var whenEmpty: (() -> Void)?
  private var idleLongest: [ServerConnection] = []
  private(set) var isDraining = false
  private var timer = TimerHandle.none

  init(
    loop: EventLoop, configuration: ServerConfiguration, routes: RouteTable, tls: TLSContextSource?,
    counter: ConnectionCounter, shard: Int, makeRouter: (@Sendable (EventLoop) -> any CallRouter)?
  ) {
    self.loop = loop
    self.configuration = configuration
    self.routes = routes
    self.tls = tls
    self.counter = counter
    ages = ConnectionAges(
      configuration.limits.connectionAgeMax, seed: loop.machine.randomSeed())
    self.shard = shard
    gate = HandshakeGate(
      countMax: configuration.limits.handshakesPerLoopMax,
      patience: configuration.limits.handshakePatience)
    pool = loop.local(HTTP2StreamPool.self) { HTTP2StreamPool() }
    tasks = HandlerTasks(loop: loop)
    messageByteCountMax = configuration.limits.messageByteCountMax
    router = makeRouter?(loop)
    scheduleSweep()
  }

  /// Takes a connected socket over.
  func adopt(_ descriptor: Int32, isInProcess: Bool = false) {
    configuration.metrics?.connectionOpened(shard: shard)
    guard !isDraining, makeRoom() else { return loop.machine.close(descriptor) }
    guard let tls, !isInProcess else { return serve(descriptor, nil) }
    guard waiting.isEmpty, gate.hasRoom else { return wait(descriptor) }
    serve(descriptor, tls)
  }

  func serve(_ descriptor: Int32, _ tls: TLSContextSource?) {
    do throws(TLSError) {
      let connection = try ServerConnection(
        owner: self, descriptor: descriptor, tls: tls?.current)
      connection.index = connections.count
      connections.append(connection)
      connection.start(tls.map { _ in beginHandshake(connection) })
    } catch {
      close(descriptor, .tlsFailed)
    }
  }

  func inspect() -> [ConnectionInspection] {
    connections.map { $0.inspect() }
  }

  /// Closes a counted socket that became no connection.
  func close(_ descriptor: Int32, _ reason: ConnectionEnd.Reason) {
    loop.machine.close(descriptor)
    configuration.metrics?.connectionClosed(reason, shard: shard)
    counter.remove()
  }

  /// Counts one connection more. When there are as many as may be, one without calls goes:
  /// otherwise whoever holds many idle connections would lock everybody else out.
  private func makeRoom() -> Bool {
    let max = configuration.limits.connectionsMax
    if counter.add(max: max) { return true }
    while let candidate = idleLongest.popLast() {
      guard candidate.idleSince != nil, !candidate.transport.isClosed else { continue }
      candidate.transport.close(.limit(.connections))
      if counter.add(max: max) { return true }
    }
    configuration.metrics?.connectionClosed(.limit(.connections), shard: shard)
    return false
  }

  /// Who makes room in the next second, if somebody must: the last is idle for longest.
  private func chooseIdlest() {
    guard counter.count >= configuration.limits.connectionsMax / 10 * 9 else {
      return idleLongest = []
    }
    idleLongest =
      connections
      .compactMap { connection in connection.idleSince.map { (connection, $0) } }
      .sorted { $0.1 > $1.1 }
      .map(\.0)
  }

  func closed(_ connection: ServerConnection, _ reason: ConnectionEnd.Reason) {
    let index = connection.index
    guard index < connections.count, connections[index] === connection else { return }
    let last = connections.removeLast()
    if last !== connection {
      connections[index] = last
      last.index = index
    }
    configuration.metrics?.connectionClosed(reason, shard: shard)
    counter.remove()
    if connections.isEmpty, let whenEmpty {
      self.whenEmpty = nil
      whenEmpty()
    }
  }

  func exceeded(_ limit: HTTP2Limit) {
    configuration.metrics?.exceeded(limit, shard: shard)
  }

  /// Makes a gRPC request the call of its route.
  func beginCall(
    _ route: Unmanaged<Route>, _ stream: HTTP2StreamReference, _ request: borrowing RequestHead,
    _ headers: HeaderBlock, peer: PeerIdentity?
  ) {
    let call =
      calls.take()
      ?? GRPCServerCall(
        loop: loop, tasks: tasks, pool: calls, route: route.takeUnretainedValue())
    stream.setHandler(call)
    call.begin(
      route, stream, headers, peer: peer,
      deadline: request.timeoutNanoseconds.map {
        loop.now + .nanoseconds(Int64(clamping: $0))
      },
      messageByteCountMax: messageByteCountMax, receiveCompression: request.compression,
      sendCompression: request.responseCompression(configuration.compression))
  }

  func exceeded(_ limit: ServerLimit) {
    configuration.metrics?.exceeded(limit, shard: shard)
  }

  // One timer for all connections: a second's precision is enough for every timeout here.
  private func scheduleSweep() {
    let limits = configuration.limits
    let shortest = min(
      limits.handshakeTimeout, limits.settingsTimeout, limits.headersTimeout,
      limits.writeStallTimeout, limits.keepAliveTimeout,
      limits.idleTimeout ?? .seconds(4), limits.keepAliveInterval ?? .seconds(4))
    let interval = min(max(shortest / 4, .milliseconds(5)), .seconds(1))
    // Not weakly: an object with weak references counts all its references the slow way.
    timer = loop.schedule(after: interval) { [self] in
      for connection in connections { connection.check(loop.now) }
      checkHandshakes(loop.now)
      pool.releaseUnused()
      chooseIdlest()
      scheduleSweep()
    }
  }

  /// The notice first, so that calls under way to us are not refused.
  func renewConnections() {
    for connection in connections { connection.announceShutdown() }
    let old = connections
    loop.schedule(after: Server.noticeDelay) {
      for connection in old where !connection.transport.isClosed { connection.drain() }
    }
  }

  func announceShutdown() {
    isDraining = true
    dropWaiting(before: .distantFuture, .local)
    for connection in connections { connection.announceShutdown() }
  }

  /// Refuses new calls on all connections and calls back when the last one is closed.
  func drain(_ whenEmpty: @escaping () -> Void) {
    if connections.isEmpty { return whenEmpty() }
    self.whenEmpty = whenEmpty
    for connection in connections { connection.drain() }
  }

  func closeAll() {
    for connection in connections {
      connection.transport.close(ConnectionEnd(.local, "the server stopped"))
    }
    router?.close()
    router = nil
    tasks.stop()
    loop.cancel(timer)
  }
}
