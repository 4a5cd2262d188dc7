internal import Compute
internal import Protocols
public import RPC
internal import Synchronization
internal import Telemetry
internal import Training

/// The model role of the product: repository, registry, data plane, and the server that gateways
/// call.
public final class ModelServer: Sendable {
  /// What a training's step may take; one that takes longer is computed again from its checkpoint.
  private static let trainingGraceSeconds = 2.0

  /// The service without its socket.
  public let dataPlane: DataPlane
  /// `martlet.v1.Models` without its socket.
  public let management: ModelManagement

  private let configuration: ModelServerConfiguration
  private let server: Server
  private let registry: Registry
  private let operatorEndpoint: OperatorEndpoint?
  private let metrics: Metrics
  private let tlsReloader: TLSReloader
  private let health = HealthService(initial: .notServing)
  private let usageReporter: UsageReporter?
  private let training: TrainingSupervisor
  private let reporting = Mutex<Task<Void, Never>?>(nil)

  /// Opens the repository without listening yet. Throws ``RepositoryError``.
  public convenience init(_ configuration: ModelServerConfiguration) throws {
    // A request has one thread, and those that no other request uses.
    var options = ModelOptions(
      threadCount: configuration.threadCount,
      arenaByteCountMax: configuration.inferenceMemoryByteCountMax)
    options.weightByteCountMax = configuration.modelMemoryByteCountMax
    try self.init(
      configuration,
      repository: try DirectoryRepository(path: configuration.repositoryPath),
      loader: LanguageEngineLoader(other: ONNXEngineLoader(options: options)))
  }

  init(
    _ configuration: ModelServerConfiguration, repository: any ModelRepository,
    loader: any EngineLoader,
    makeTrainer: @escaping TrainerFactory = { request throws(TrainingError) in
      try Trainers.trainer(for: request)
    }
  ) throws {
    self.configuration = configuration
    let budget = ThreadBudget(threadCount: configuration.threadCount)
    let loopCount = budget.take(configuration.loopCount)
    let workerCount = budget.takeRest()
    var settings = ExecutionSettings()
    settings.parallelism = loopCount + workerCount
    settings.queueCountMax = configuration.queueCountMax
    settings.sequenceCountMax = configuration.sequenceCountMax
    settings.sequenceStateByteCountMax = configuration.sequenceStateByteCountMax
    settings.inlineNanosecondsMax = UInt64(
      max(0, configuration.inlineRunDurationMax.nanosecondsClamped))
    let execution = ExecutionResources(
      settings: settings, workers: WorkerThreads(count: workerCount, name: "compute"),
      timer: DeadlineTimer())
    // Waits for the disk; loading a model takes a core beyond the budget for a moment.
    let files = WorkerThreads(count: 1, name: "models")
    usageReporter = try Self.usageReporter(configuration, execution.meter)
    registry = Registry(
      repository: repository, loader: loader,
      memoryByteCountMax: configuration.modelMemoryByteCountMax, execution: execution,
      background: { files.submit($0) })
    var dataPlaneSettings = DataPlaneSettings()
    dataPlaneSettings.deployLimits = configuration.deployLimits
    dataPlane = DataPlane(registry: registry, settings: dataPlaneSettings)
    management = ModelManagement(registry: registry, limits: configuration.deployLimits)
    metrics = Metrics()
    tlsReloader = TLSReloader(metrics, log: configuration.log)
    var serverConfiguration = Self.serverConfiguration(
      configuration, loopCount: loopCount, metrics)
    serverConfiguration.tlsReloader = tlsReloader
    server = Server(configuration: serverConfiguration)
    let service = ServiceMetrics(metrics, registry: registry)
    ProcessMetrics.register(metrics)
    operatorEndpoint = configuration.operatorEndpoint.map { [metrics, health] endpoint in
      OperatorEndpoint(
        endpoint: endpoint, metrics: { metrics.render() },
        isReady: { health.status() == .serving })
    }
    let identify = IdentityCheck(peerRole: configuration.peerRole)
    InferenceHandlers(
      dataPlane: dataPlane, identity: identify, health: health, metrics: service,
      files: files
    ).register(on: server)
    GenerationHandlers(registry: registry, identity: identify, metrics: service)
      .register(on: server)
    ManagementHandlers(
      management: management, identity: identify, metrics: service, files: files,
      log: configuration.log
    ).register(on: server)
    let jobs = try JobStore(
      path: configuration.repositoryPath, limits: configuration.training)
    training = Self.supervisor(jobs, configuration, registry, metrics, makeTrainer)
    TrainingHandlers(
      service: TrainingService(store: jobs, registry: registry), identity: identify,
      metrics: service,
      files: WorkerThreads(count: 2, name: "trainings"), log: configuration.log
    ).register(on: server)
    health.register(on: server)
    server.callRouter { _ in PeerGate(identify) }
  }

  private static func supervisor(
    _ jobs: JobStore, _ configuration: ModelServerConfiguration, _ registry: Registry,
    _ metrics: Metrics, _ makeTrainer: @escaping TrainerFactory
  ) -> TrainingSupervisor {
    let threadCount = configuration.training.threadCountMax
    let around = JobRun.Surroundings(
      registry: registry, deployLimits: configuration.deployLimits,
      limits: configuration.training,
      // At the lowest priority, so the cores that this process shares with others are there as well.
      threadCountMax: threadCount == 0 ? ThreadBudget.coreCount : threadCount,
      makeTrainer: makeTrainer)
    return TrainingSupervisor(
      store: jobs, around, metrics: TrainingMetrics(metrics), log: configuration.log)
  }

  private static func usageReporter(
    _ configuration: ModelServerConfiguration, _ meter: UsageMeter
  ) throws -> UsageReporter? {
    guard !configuration.usageReceivers.isEmpty else { return nil }
    var tls = configuration.tls
    tls?.clientCertificates = .none
    tls?.expectedRoles = ["auth"]
    return UsageReporter(
      meter, log: configuration.log,
      send: try UsageReporter.sending(to: configuration.usageReceivers, tls: tls))
  }

  private static func serverConfiguration(
    _ configuration: ModelServerConfiguration, loopCount: Int, _ metrics: Metrics
  ) -> ServerConfiguration {
    var tls = configuration.tls
    // Whoever has no certificate has no business here, whatever the configuration says.
    tls?.clientCertificates = .required
    tls?.expectedRoles = configuration.peerRole.map { [$0] } ?? []
    tls?.minimumVersion = .tls13
    var server = ServerConfiguration(
      endpoints: configuration.listen, tls: tls, loopCount: loopCount)
    server.limits = .behindGateway
    server.limits.messageByteCountMax = configuration.messageByteCountMax
    server.metrics = ServerMetrics(metrics)
    server.tlsMonitor = TLSMonitor(metrics, log: configuration.log)
    return server
  }

  /// Listens, and answers calls from then on. Models are loaded behind that, or when first used.
  public func start() async throws {
    try server.start()
    try operatorEndpoint?.start()
    if let usageReporter {
      let interval = configuration.usageReportInterval
      reporting.withLock {
        $0 = Task {
          while (try? await Task.sleep(for: interval)) != nil { await usageReporter.report() }
        }
      }
    }
    training.start()
    health.set(.serving)
    configuration.log?.write(.info, "serves models") { _ in }
    if configuration.loadsAtStart {
      let registry = registry
      Task { await registry.loadAll() }
    }
  }

  /// Loads the certificates again.
  public func reload() {
    tlsReloader.reload()
  }

  /// Stops accepting, lets calls finish, and stops.
  public func drain() async {
    health.set(.notServing)
    training.stop(seconds: 0)
    await server.shutdown(gracePeriod: configuration.drainGracePeriod)
    reporting.withLock { $0?.cancel() }
    // The last calls have ended; what they used is not to be lost.
    await usageReporter?.report()
    operatorEndpoint?.stop()
    training.stop(seconds: Self.trainingGraceSeconds)
    configuration.log?.flush()
  }

  /// Where gateways can connect, with real ports; empty before ``start()``.
  public var boundEndpoints: [Endpoint] { server.boundEndpoints }

  /// Bytes that loaded models hold.
  public var modelMemoryByteCount: Int { registry.memoryByteCount }

  /// A client in the same process, for tests.
  public func makeInProcessClient(tls: TLSConfiguration? = nil) throws -> Client {
    try server.makeInProcessClient(tls: tls)
  }
}
