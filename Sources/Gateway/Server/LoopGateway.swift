internal import Protocols
internal import RPC
internal import Telemetry

/// The gateway on one loop: its route table, connections to services, keys it knows, and the
/// calls that are open. Confined to the loop, so nothing here is locked.
final class LoopGateway: CallRouter {
  let state: GatewayState
  let loop: EventLoop
  let shard: Int
  let routes: RouteTable
  let models: UpstreamPool
  let auth: AuthClient
  /// nil unless a test mode is configured.
  let tests: UpstreamPool?
  let accessLog: AccessLog
  let limits: GatewayLimits
  /// Each loop has its part of the gateway's calls.
  private let callsMax: Int
  /// Whether clients show certificates, which the access log then names.
  let asksForCertificates: Bool
  var methodMetrics: MethodMetrics
  var requestIDs: RequestIDGenerator
  var retryBudget = RetryBudget()
  var recentKeys = RecentKeys()
  let crossOrigin: CrossOrigin
  /// Streams of translated calls, made with the first of them; see ``TranslatedCall``.
  private(set) lazy var streams = HTTP2StreamPool()
  let transcoder: LoopTranscoder
  /// Header lists in the making; used within one callback only.
  var scratch = HeaderList()

  private var active: [Exchange] = []
  private var free: [Exchange] = []
  /// Exchanges have become free since the last sweep.
  private var hasReleased = false
  private var resolvers: [Resolver] = []
  private let anchor = Anchor<LoopGateway>()
  private var sweepTimer = TimerHandle.none

  private static let sweepInterval = Duration.milliseconds(250)
  private static let freeMax = 1_024

  init(state: GatewayState, loop: EventLoop) {
    self.state = state
    self.loop = loop
    shard = state.addLoop()
    requestIDs = RequestIDGenerator(seed: loop.machine.randomSeed())
    limits = state.configuration.limits
    callsMax = max(1, limits.callsMax / max(1, state.configuration.loopCount))
    asksForCertificates = (state.configuration.tls?.clientCertificates ?? .none) != .none
    crossOrigin = CrossOrigin(state.configuration.crossOrigins)
    transcoder = LoopTranscoder(state.transcoder, loop: loop)
    let isTested = !state.configuration.testServices.isEmpty
    let known = state.configuration.routes
    routes = RouteTable(isTested ? known + Route.testing : known)
    accessLog = AccessLog(state.accessLog, loop: loop)
    methodMetrics = MethodMetrics(
      state.metrics, names: routes.routes.map { "\($0.path)" } + ["unknown"])
    var client = ClientConfiguration()
    client.messageByteCountMax = limits.messageByteCountMax
    client.connectTimeout = .seconds(5)
    client.keepAliveInterval = .seconds(10)
    client.keepAliveTimeout = .seconds(5)
    // What a service may send ahead of a slow client is held here: less than on a long line.
    client.http2.streamWindowByteCount = 128 << 10
    client.http2.streamWindowByteCountStart = 8 << 10
    models = UpstreamPool(
      loop: loop, tls: state.modelTLS, settings: state.configuration.balancing,
      clientConfiguration: client, seed: loop.machine.randomSeed())
    let authPool = UpstreamPool(
      loop: loop, tls: state.authTLS, settings: state.configuration.balancing,
      clientConfiguration: client, seed: loop.machine.randomSeed())
    // Servers of suites answer what the suite asks and nothing else.
    var testBalancing = state.configuration.balancing
    testBalancing.checksHealth = false
    tests =
      isTested
      ? UpstreamPool(
        loop: loop, tls: nil, settings: testBalancing,
        clientConfiguration: client, seed: loop.machine.randomSeed())
      : nil
    let (metrics, shard, log) = (state.metrics, shard, state.log)
    auth = AuthClient(
      loop: loop, pool: authPool, settings: state.configuration.authentication, limits: limits,
      usage: state.usage,
      log: { message, reason in
        if message == "a key could not be checked" { metrics.checksFailed.add(shard: shard) }
        log.write(.warning, message) { $0.field("reason", reason) }
      })
    anchor.object = self
    connect()
  }

  private func connect() {
    observe(models, "model")
    observe(auth.pool, "auth")
    let authGauge = state.metrics.upstreamsReady(service: "auth")
    let modelGauge = state.metrics.upstreamsReady(service: "model")
    let authConnections = state.metrics.upstreamConnections(service: "auth")
    let modelConnections = state.metrics.upstreamConnections(service: "model")
    let report = { [unowned self] in
      authGauge.set(auth.pool.readyCount, shard: shard)
      modelGauge.set(models.readyCount, shard: shard)
      authConnections.set(auth.pool.connectionCount, shard: shard)
      modelConnections.set(models.connectionCount, shard: shard)
      state.report(
        GatewayState.LoopStatus(
          modelsReady: models.readyCount > 0, authSeen: auth.hasContact), loop: shard)
    }
    models.onChange = report
    auth.onChange = report
    resolve(state.configuration.models, models)
    resolve(state.configuration.auth, auth.pool)
    if let tests {
      observe(tests, "test")
      let connections = state.metrics.upstreamConnections(service: "test")
      let shard = shard
      tests.onChange = { [unowned tests] in
        connections.set(tests.connectionCount, shard: shard)
      }
      resolve(state.configuration.testServices, tests)
    }
    scheduleSweep()
  }

  /// On the loop, after the last client is gone.
  func close() {
    anchor.object = nil
    for exchange in active { exchange.leg.detach() }
    // Exchanges refer to their gateway.
    active = []
    free = []
    transcoder.close()
    loop.cancel(sweepTimer)
    accessLog.flush()
    auth.close()
    models.close()
    tests?.close()
  }

  /// The instances that serve a destination; nil when that is not a service.
  func pool(of destination: Route.Destination) -> UpstreamPool? {
    switch destination {
    case .model: models
    case .auth: auth.pool
    case .test: tests
    case .local, .denied: nil
    }
  }

  private func observe(_ pool: UpstreamPool, _ service: String) {
    let ejections = state.metrics.ejections(service: service)
    let (log, shard) = (state.log, shard)
    pool.onEvent = { link, message, reason in
      if message == "instance ejected" { ejections.add(shard: shard) }
      log.write(reason.isEmpty ? .info : .warning, message) { line in
        line.field("service", service)
        line.field("instance", link.name)
        line.field("loop", shard)
        if !reason.isEmpty { line.field("reason", reason) }
      }
    }
  }

  private func resolve(_ targets: [Endpoint], _ pool: UpstreamPool) {
    let bound = LoopBound(pool, on: loop)
    let loop = loop
    let resolver = Resolver(targets) { endpoints in
      loop.execute { bound.value.update(endpoints) }
    }
    pool.update(resolver.fixed)
    guard resolver.hasNames else { return }
    resolvers.append(resolver)
    resolver.resolve()
    scheduleResolve(resolver)
  }

  private func scheduleResolve(_ resolver: Resolver) {
    loop.schedule(after: state.configuration.balancing.resolveInterval) { [anchor] in
      guard let self = anchor.object else { return }
      resolver.resolve()
      self.scheduleResolve(resolver)
    }
  }

  // MARK: Requests

  func route(_ headers: HeaderBlock, call: ServerCall) -> (any ServerCallDelegate)? {
    let head = RequestHead(headers)
    guard head.isGRPC, head.method == .post else {
      return translate(headers, call)
    }
    let exchange = takeExchange()
    exchange.begin(call, head, headers)
    return exchange
  }

  /// One that serves nobody; ``release(_:)`` takes it back.
  @inline(__always)
  func takeExchange() -> Exchange {
    let exchange = free.popLast() ?? Exchange(self)
    exchange.activeIndex = active.count
    active.append(exchange)
    state.metrics.openCalls.add(1, shard: shard)
    return exchange
  }

  var hasRoomForCalls: Bool { active.count <= callsMax }

  /// A call has ended and nobody refers to it any more, but those who are telling so: they hold no
  /// counted reference, so the exchange must be in one list or the other until they are done.
  func release(_ exchange: Exchange) {
    free.append(exchange)
    hasReleased = true
    let index = exchange.activeIndex
    let last = active.removeLast()
    if last !== exchange {
      active[index] = last
      last.activeIndex = index
    }
    state.metrics.openCalls.add(-1, shard: shard)
  }

  func forEachOpen(_ body: (Exchange) -> Void) {
    for exchange in active { body(exchange) }
  }

  /// Ends calls whose deadline has passed or whose key has changed. Services end calls in time
  /// themselves; this is for those that do not.
  private func scheduleSweep() {
    sweepTimer = loop.schedule(after: Self.sweepInterval) { [anchor] in
      guard let self = anchor.object else { return }
      let now = self.loop.readClock()
      let wall = self.loop.wallMilliseconds()
      for exchange in self.active { exchange.sweep(now, wallMilliseconds: wall) }
      // Here and not when a call ends: see `release`.
      if self.free.count > Self.freeMax { self.free.removeLast(self.free.count - Self.freeMax) }
      if self.hasReleased {
        for exchange in self.free { exchange.releaseMemory() }
        self.hasReleased = false
      }
      self.scheduleSweep()
    }
  }
}
