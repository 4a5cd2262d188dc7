internal import Protocols
internal import RPC
internal import Telemetry

/// One instance of a service as one loop sees it: its connection, made again when it breaks, and
/// its health checks.
final class UpstreamLink {
  let id: Balancer.ID
  let endpoint: Endpoint
  let name: String
  /// For the access log.
  let logFields: JSONFields
  private(set) var connection: ClientConnection?
  private unowned let pool: UpstreamPool
  private var healthFailures = 0
  private var timer = TimerHandle.none
  private let anchor = Anchor<UpstreamLink>()
  private let observer: LinkObserver

  /// Answers missed in a row after which the connection counts as dead.
  private static let healthFailuresMax = 3

  init(id: Balancer.ID, endpoint: Endpoint, pool: UpstreamPool) {
    self.id = id
    self.endpoint = endpoint
    self.pool = pool
    let name = endpoint.description
    self.name = name
    logFields = JSONFields { $0.field("upstream", name) }
    observer = LinkObserver(anchor)
    anchor.object = self
  }

  deinit {
    anchor.object = nil
  }

  func connect() {
    guard !pool.isClosed else { return }
    connection = pool.loop.makeClientConnection(
      to: endpoint, tls: pool.tls?.current, configuration: pool.clientConfiguration,
      delegate: observer)
  }

  func close() {
    pool.loop.cancel(timer)
    connection?.close()
  }

  /// Lets calls end. The pool forgets the link when the connection is closed.
  func retire() {
    pool.loop.cancel(timer)
    if let connection, connection.state != .closed {
      connection.drain()
    } else {
      pool.linkEnded(self)
    }
  }

  func connectionReady(_ connection: ClientConnection) {
    healthFailures = 0
    pool.linkReady(self)
    checkHealth()
  }

  func connectionGoingAway(_ connection: ClientConnection) {
    pool.linkDraining(self)
    // Otherwise a peer that stops accepting without closing would hold the connection for ever.
    connection.drain()
  }

  func connectionWillClose(_ connection: ClientConnection, reason: String) {
    pool.linkLost(self, reason)
  }

  func connectionClosed(_ connection: ClientConnection, reason: String) {
    guard self.connection === connection else { return }
    self.connection = nil
    pool.loop.cancel(timer)
    pool.linkEnded(self)
  }

  func reconnect(at time: MonotonicTime) {
    timer = pool.loop.schedule(at: time) { [anchor] in
      guard let self = anchor.object else { return }
      self.pool.linkReconnecting(self)
      self.connect()
    }
  }

  private func checkHealth() {
    guard let connection, connection.state == .ready, !pool.isClosed else { return }
    guard pool.settings.checksHealth else { return pool.healthReported(self, isServing: true) }
    UnaryCall.start(
      "/grpc.health.v1.Health/Check", GRPCHealthV1.HealthCheckRequest().serialized(),
      timeout: pool.settings.healthTimeout, on: pool.loop,
      start: { connection.startCall($0, delegate: $1) },
      completion: { [anchor] result in anchor.object?.healthAnswered(result, on: connection) })
  }

  private func healthAnswered(
    _ result: Result<[UInt8], RPCError>, on connection: ClientConnection
  ) {
    guard connection === self.connection, connection.state == .ready else { return }
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
      if healthFailures >= Self.healthFailuresMax { return connection.close() }
    }
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
