internal import RPC
internal import Synchronization
internal import Telemetry

/// What the loops of one gateway share. Nothing here is touched for each request but metrics and
/// the words inside quotas.
final class GatewayState: Sendable {
  /// What one loop sees, for readiness.
  struct LoopStatus: Sendable {
    var modelsReady = false
    var authSeen = false
  }

  let configuration: GatewayConfiguration
  let metrics: GatewayMetrics
  let usage = UsageRegistry()
  /// Bytes of bodies that the gateway holds.
  let heldBytes = UseCounter()
  /// Bad keys by where they come from.
  let sources = SourceTable()
  let transcoder = Transcoder()
  let accessLog: LogWriter?
  let log: LogWriter
  /// Lists what clients may call, and no more.
  let reflection = ReflectionService(services: [
    "inference.GRPCInferenceService", "martlet.v1.Models", "martlet.v1.Generation",
    "martlet.v1.Keys",
    "martlet.v1.Tenants", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
  ])
  let tlsReloader: TLSReloader
  let authTLS: TLSContextSource?
  let modelTLS: TLSContextSource?
  private let loops = Mutex<[LoopStatus]>([])
  private let draining = Atomic<Bool>(false)

  init(_ configuration: GatewayConfiguration, log: LogWriter) throws {
    self.configuration = configuration
    self.log = log
    metrics = GatewayMetrics(shardCount: max(1, configuration.loopCount))
    accessLog =
      switch configuration.accessLog {
      case nil: nil
      case "-": LogWriter(descriptor: 1)
      case .some(let path): try LogWriter(path: path)
      }
    let reloader = TLSReloader(metrics.registry, log: log)
    func context(_ role: String) throws -> TLSContextSource? {
      guard var tls = configuration.upstreamTLS else { return nil }
      tls.expectedRoles = [role]
      return try reloader.load(tls, side: .client, as: role)
    }
    tlsReloader = reloader
    authTLS = try context("auth")
    modelTLS = try context("model")
  }

  /// The number of a new loop: its shard of the metrics.
  func addLoop() -> Int {
    loops.withLock { loops in
      loops.append(LoopStatus())
      return loops.count - 1
    }
  }

  func report(_ status: LoopStatus, loop: Int) {
    loops.withLock { $0[loop] = status }
  }

  func startDraining() {
    draining.store(true, ordering: .relaxed)
  }

  var isDraining: Bool { draining.load(ordering: .relaxed) }

  /// Every loop has an instance for model calls.
  var areModelsReady: Bool {
    loops.withLock { loops in
      loops.count == configuration.loopCount && loops.allSatisfy(\.modelsReady)
    }
  }

  /// Every loop has heard from the auth service. Stays true while auth is down later: known keys
  /// keep working.
  var wasAuthSeen: Bool {
    loops.withLock { loops in
      loops.count == configuration.loopCount && loops.allSatisfy(\.authSeen)
    }
  }

  /// Whether clients should come here.
  var isReady: Bool { !isDraining && wasAuthSeen && areModelsReady }
}
