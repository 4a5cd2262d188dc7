internal import Protocols
internal import RPC
internal import Telemetry

/// One instance of a service as one loop sees it: its connections, as many as the load asks for, made
/// again when they break, and its health checks.
final class UpstreamLink {
  let id: Balancer.ID
  let endpoint: Endpoint
  let name: String
  /// For the access log.
  let logFields: JSONFields
  /// Those that take new calls, or will when they are ready.
  private(set) var connections: [ClientConnection] = []
  /// Those that only let their calls end.
  private var leaving: [ClientConnection] = []
  private unowned let pool: UpstreamPool
  private let choice: ConnectionChoice
  private var healthFailures = 0
  private var timer = TimerHandle.none
  private var surplusTimer = TimerHandle.none
  /// Since when the last connection has had no call.
  private var surplusSince: MonotonicTime?
  private let anchor = Anchor<UpstreamLink>()
  private let observer: LinkObserver

  /// Answers missed in a row after which the connections count as dead.
  private static let healthFailuresMax = 3

  init(id: Balancer.ID, endpoint: Endpoint, pool: UpstreamPool) {
    self.id = id
    self.endpoint = endpoint
    self.pool = pool
    choice = ConnectionChoice(pool.settings)
    let name = endpoint.description
    self.name = name
    logFields = JSONFields { $0.field("upstream", name) }
    observer = LinkObserver(anchor)
    anchor.object = self
  }

  deinit {
    anchor.object = nil
  }

  /// Those that are leaving included.
  var openConnections: [ClientConnection] { connections + leaving }
  var connectionCount: Int { connections.count + leaving.count }

  func connect() {
    guard !pool.isClosed else { return }
    connections.append(
      pool.loop.makeClientConnection(
        to: endpoint, tls: pool.tls?.current, configuration: pool.clientConfiguration,
        delegate: observer))
    if connections.count == 2 { watchSurplus() }
  }

  /// Starts a call on the connection that has room; nil when there is none.
  func startCall(_ headers: HeaderList, delegate: any ClientCallDelegate) -> ClientCall? {
    let answer = choice.choose(connections.count) { index in
      let connection = connections[index]
      return ConnectionChoice.Load(
        isReady: connection.state == .ready, outstanding: connection.outstandingCallCount,
        streamsMax: connection.peerStreamsMax)
    }
    if answer.opensAnother {
      connect()
      pool.connectionsChanged(self)
    }
    guard let index = answer.index, index < connections.count else { return nil }
    return connections[index].startCall(headers, delegate: delegate)
  }

  func close() {
    pool.loop.cancel(timer)
    pool.loop.cancel(surplusTimer)
    for connection in openConnections { connection.close() }
  }

  /// Lets calls end. The pool forgets the link when its last connection is closed.
  func retire() {
    pool.loop.cancel(timer)
    if connectionCount == 0 { return pool.linkEnded(self) }
    for connection in connections { leave(connection) }
  }

  private func leave(_ connection: ClientConnection) {
    connections.removeAll { $0 === connection }
    leaving.append(connection)
    connection.drain()
  }

  func connectionReady(_ connection: ClientConnection) {
    let readyCount = connections.count { $0.state == .ready }
    guard readyCount == 1 else { return pool.connectionsChanged(self) }
    healthFailures = 0
    pool.linkReady(self)
    checkHealth()
  }

  /// The peer takes no new calls here: they go to a new connection at once, while the old ones end.
  func connectionGoingAway(_ connection: ClientConnection) {
    guard connections.contains(where: { $0 === connection }) else { return }
    leave(connection)
    if connections.isEmpty {
      pool.linkDraining(self)
      connect()
    } else {
      pool.connectionsChanged(self)
    }
  }

  func connectionWillClose(_ connection: ClientConnection, reason: String) {
    guard let index = connections.firstIndex(where: { $0 === connection }) else { return }
    connections.remove(at: index)
    // Those that stay will take what this one had; if they are dead too, they will say so.
    if connections.isEmpty { pool.linkLost(self, reason) }
  }

  func connectionClosed(_ connection: ClientConnection, reason: String) {
    leaving.removeAll { $0 === connection }
    if connections.isEmpty {
      pool.loop.cancel(timer)
      pool.linkEnded(self)
    }
    pool.connectionsChanged(self)
  }

  func reconnect(at time: MonotonicTime) {
    pool.loop.cancel(timer)
    timer = pool.loop.schedule(at: time) { [anchor] in
      guard let self = anchor.object, self.connections.isEmpty else { return }
      self.pool.linkReconnecting(self)
      self.connect()
    }
  }

  /// Gives the last connection back when it has had no call for a while; one at a time, because
  /// calls fill the first ones first.
  private func watchSurplus() {
    let pause = pool.settings.surplusIdleMax / 4
    surplusTimer = pool.loop.schedule(after: pause) { [anchor] in
      guard let self = anchor.object, !self.pool.isClosed, self.connections.count > 1,
        let last = self.connections.last
      else { return }
      let now = self.pool.loop.now
      if last.outstandingCallCount > 0 || last.state != .ready {
        self.surplusSince = nil
      } else if let since = self.surplusSince, now - since >= self.pool.settings.surplusIdleMax {
        self.surplusSince = nil
        self.leave(last)
        self.pool.connectionsChanged(self)
      } else if self.surplusSince == nil {
        self.surplusSince = now
      }
      self.watchSurplus()
    }
  }

  private func checkHealth() {
    guard connections.contains(where: { $0.state == .ready }), !pool.isClosed else { return }
    guard pool.settings.checksHealth else { return pool.healthReported(self, isServing: true) }
    let free = connections.first {
      $0.state == .ready && $0.outstandingCallCount < $0.peerStreamsMax
    }
    // A check that waits for the end of a call would miss its time and say nothing about the
    // instance; connections with calls are watched by their keep-alive.
    guard let connection = free else { return scheduleHealthCheck() }
    UnaryCall.start(
      "/grpc.health.v1.Health/Check", GRPCHealthV1.HealthCheckRequest().serialized(),
      timeout: pool.settings.healthTimeout, on: pool.loop,
      start: { connection.startCall($0, delegate: $1) },
      completion: { [anchor] result in anchor.object?.healthAnswered(result, on: connection) })
  }

  private func healthAnswered(
    _ result: Result<[UInt8], RPCError>, on connection: ClientConnection
  ) {
    // Of a connection that is leaving or gone, an answer says nothing; ask another.
    guard connection.state == .ready else { return checkHealth() }
    switch result {
    case .success(let message):
      healthFailures = 0
      let response = try? GRPCHealthV1.HealthCheckResponse(protobuf: message)
      pool.healthReported(self, isServing: response?.status == .serving)
    case .failure(let error) where error.code == .unimplemented:
      // A service without the health protocol is healthy as long as it answers.
      healthFailures = 0
      pool.healthReported(self, isServing: true)
    case .failure:
      healthFailures += 1
      pool.healthFailed(self)
      if healthFailures >= Self.healthFailuresMax {
        for connection in connections { connection.close() }
        return
      }
    }
    scheduleHealthCheck()
  }

  /// One at a time, also when connections come and go meanwhile.
  private func scheduleHealthCheck() {
    pool.loop.cancel(timer)
    timer = pool.loop.schedule(after: pool.settings.healthInterval) { [anchor] in
      anchor.object?.checkHealth()
    }
  }
}

/// What the connection refers to, weakly, in place of its link.
private final class LinkObserver: ClientConnectionDelegate {
  private let anchor: Anchor<UpstreamLink>

  init(_ anchor: Anchor<UpstreamLink>) {
    self.anchor = anchor
  }

  func connectionReady(_ connection: ClientConnection) {
    anchor.object?.connectionReady(connection)
  }

  func connectionGoingAway(_ connection: ClientConnection) {
    anchor.object?.connectionGoingAway(connection)
  }

  func connectionWillClose(_ connection: ClientConnection, reason: String) {
    anchor.object?.connectionWillClose(connection, reason: reason)
  }

  func connectionClosed(_ connection: ClientConnection, reason: String) {
    anchor.object?.connectionClosed(connection, reason: reason)
  }
}
