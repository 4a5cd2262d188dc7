internal import Glibc
public import RPC
internal import Synchronization
internal import Telemetry

/// The auth role of the product: the store, the logic over it, and the server that gateways call.
public final class AuthServer: Sendable {
  private let configuration: AuthConfiguration
  private let store: SQLiteTenantStore
  private let server: Server
  private let metrics: Metrics
  /// What gateways and probes are told; the operator's port says the same.
  private let health = HealthService(initial: .notServing)
  private let operatorEndpoint: OperatorEndpoint?
  private let tlsReloader: TLSReloader
  /// The heartbeat of watches, and the check of the audit log: what goes on beside calls.
  private let background = Mutex<[Task<Void, Never>]>([])
  /// The decisions behind the calls, for tests and tools in the same process.
  public let logic: AuthLogic

  /// Opens the store, and brings it up to date, without listening yet.
  public init(_ configuration: AuthConfiguration) throws {
    self.configuration = configuration
    store = try SQLiteTenantStore(
      path: configuration.databasePath, now: AuthServer.currentTime())
    logic = AuthLogic(store: store)
    metrics = Metrics()
    var tls = configuration.tls
    // Whoever has no certificate has no business here, whatever the configuration says.
    tls.clientCertificates = .required
    // Gateways ask, model services report; each method says whom it is for.
    tls.expectedRoles = ["gateway", "model"]
    tls.minimumVersion = .tls13
    var serverConfiguration = ServerConfiguration(
      endpoints: configuration.listen, tls: tls, loopCount: configuration.loopCount)
    serverConfiguration.limits = .behindGateway
    // The largest request is a key's specification.
    serverConfiguration.limits.messageByteCountMax = 1 << 18
    serverConfiguration.metrics = ServerMetrics(metrics)
    tlsReloader = TLSReloader(metrics, log: configuration.log)
    serverConfiguration.tlsReloader = tlsReloader
    serverConfiguration.tlsMonitor = TLSMonitor(metrics, log: configuration.log)
    server = Server(configuration: serverConfiguration)
    ProcessMetrics.register(metrics)
    operatorEndpoint = configuration.operatorEndpoint.map { [metrics, health] endpoint in
      OperatorEndpoint(
        endpoint: endpoint, metrics: { metrics.render() },
        isReady: { health.status() == .serving })
    }
    let handlers = AuthHandlers(
      logic: logic, now: AuthServer.currentTime, metrics: AuthMetrics(metrics),
      log: configuration.log)
    handlers.register(on: server)
    health.register(on: server)
  }

  /// Makes the first administrator's key if there is none, and answers calls from then on.
  public func start() async throws {
    let bootstrap = try await logic.bootstrapAdminKey(
      file: configuration.adminKeyPath, now: AuthServer.currentTime())
    if bootstrap == .created {
      configuration.log?.write(.info, "made the first administrator's key") {
        $0.field("path", configuration.adminKeyPath)
      }
    }
    try server.start()
    try operatorEndpoint?.start()
    let (logic, interval) = (logic, configuration.heartbeatInterval)
    background.withLock { tasks in
      tasks.append(
        Task {
          while (try? await Task.sleep(for: interval)) != nil { logic.tick() }
        })
      // A long log takes its time to read, and nobody has to wait for it.
      tasks.append(Task { [self] in await checkAuditLog() })
    }
    health.set(.serving)
  }

  /// Says when the audit log was changed in the file. The service goes on: to stop would hand
  /// whoever touched the file the whole product.
  private func checkAuditLog() async {
    guard let sequence = try? await logic.firstBrokenAuditEntry() else { return }
    AuthMetrics(metrics).auditChainBroken.set(1)
    configuration.log?.write(.error, "the audit log was changed outside of this service") {
      $0.field("sequence", Int(clamping: sequence))
    }
  }

  /// Loads the certificates again.
  public func reload() {
    tlsReloader.reload()
  }

  /// Stops accepting, ends watches, lets calls finish, and closes the store.
  public func drain() async {
    health.set(.notServing)
    logic.finishWatching()
    await server.shutdown(gracePeriod: configuration.drainGracePeriod)
    background.withLock { tasks in
      for task in tasks { task.cancel() }
      tasks = []
    }
    operatorEndpoint?.stop()
    do {
      try await store.close()
    } catch {
      // What was acknowledged is on disk already; closing only tidies the journal.
      configuration.log?.write(.warning, "the database could not be closed in good order") {
        $0.field("reason", "\(error)")
      }
    }
    configuration.log?.flush()
  }

  /// Where operators can connect, with the real port; nil when there is no such port.
  public var operatorEndpointBound: Endpoint? { operatorEndpoint?.boundEndpoint }

  /// Where gateways can connect, with real ports; empty before ``start()``.
  public var boundEndpoints: [Endpoint] { server.boundEndpoints }

  /// A client in the same process, for tests; with certificates as any other.
  public func makeInProcessClient(tls: TLSConfiguration) throws -> Client {
    try server.makeInProcessClient(tls: tls)
  }

  private static func currentTime() -> UnixTime {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return UnixTime(milliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
  }
}
