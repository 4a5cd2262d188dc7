public import RPC
public import Telemetry

/// The gateway: terminates TLS, authenticates, admits, routes, forwards and records.
///
///     let gateway = try GatewayServer(configuration)
///     try gateway.start()
///     …
///     await gateway.drain()
public final class GatewayServer: Sendable {
  private let state: GatewayState
  private let server: Server
  private let operatorEndpoint: OperatorEndpoint?

  /// Loads certificates and opens the access log; nothing listens yet. `log` takes what a person
  /// wants to know about the gateway itself.
  public init(
    _ configuration: GatewayConfiguration, log: LogWriter = LogWriter(descriptor: 2)
  ) throws {
    state = try GatewayState(configuration, log: log)
    var settings = ServerConfiguration(
      endpoints: configuration.listen, tls: configuration.tls,
      loopCount: configuration.loopCount)
    settings.acceptsHTTP1 = true
    settings.limits = configuration.limits.server
    settings.makeMachine = configuration.makeMachine
    settings.metrics = ServerMetrics(state.metrics.registry)
    settings.tlsReloader = state.tlsReloader
    settings.tlsMonitor = TLSMonitor(state.metrics.registry, log: log)
    server = Server(configuration: settings)
    let state = state
    ProcessMetrics.register(state.metrics.registry)
    operatorEndpoint = configuration.operatorEndpoint.map {
      OperatorEndpoint(
        endpoint: $0, metrics: { state.metrics.registry.render() },
        isReady: { state.isReady })
    }
  }

  /// Binds, connects to the services and serves.
  public func start() throws {
    let state = state
    let server = server
    state.metrics.registry.gauge(
      "martlet_gateway_connections", help: "Connections of clients open now."
    ) { [weak server] in Double(server?.connectionCount ?? 0) }
    state.metrics.registry.gauge(
      "martlet_gateway_held_bytes", help: "Bytes of bodies that the gateway holds."
    ) { Double(state.heldBytes.count) }
    if let accessLog = state.accessLog {
      state.metrics.registry.gauge(
        "martlet_gateway_access_log_dropped_lines",
        help: "Access-log lines lost because the file was too slow."
      ) { Double(accessLog.droppedLineCount) }
    }
    server.callRouter { loop in LoopGateway(state: state, loop: loop) }
    try server.start()
    try operatorEndpoint?.start()
  }

  /// Where clients connect, with the real port.
  public var boundEndpoints: [Endpoint] { server.boundEndpoints }

  /// The port of the first TCP endpoint.
  public var port: UInt16? { server.port }

  /// The port for operators.
  public var operatorPort: UInt16? { operatorEndpoint?.port }

  /// Whether every loop can reach the services.
  public var isReady: Bool { state.isReady }

  /// What /metrics shows.
  public func renderMetrics() -> [UInt8] { state.metrics.registry.render() }

  /// A client wired to this gateway without a port, for tests.
  public func makeInProcessClient(
    tls: TLSConfiguration? = nil, configuration: ClientConfiguration = .init()
  ) throws -> Client {
    try server.makeInProcessClient(tls: tls, configuration: configuration)
  }

  package var loops: [EventLoop] { server.loops }
  var usage: UsageRegistry { state.usage }
  var heldBytes: Int { state.heldBytes.count }

  /// Connections of clients open now.
  public var connectionCount: Int { server.connectionCount }

  /// Asks every client for a new connection while its calls end.
  public func renewConnections() {
    server.renewConnections()
  }

  /// Loads the certificates again, and opens the access log again in case its file was renamed.
  public func reload() {
    state.tlsReloader.reload()
    state.accessLog?.reopen()
  }

  /// Says to be unready, lets calls under way end for the configured time, then stops.
  public func drain() async {
    state.startDraining()
    await server.shutdown(gracePeriod: state.configuration.drainTime)
    operatorEndpoint?.stop()
    state.accessLog?.close()
  }
}
