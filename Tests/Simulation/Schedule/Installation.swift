internal import EventLoop
internal import Gateway
internal import Protocols
internal import RPC
internal import Telemetry

/// The processes of one run: clients, a gateway, two model services, the auth service.
final class Installation {
  let world: World
  let truth: Truth
  let plan: Plan
  let auth: AuthService
  let models: [ModelService]
  let gatewayProcess: Process
  private(set) var gateway: GatewayServer!
  private(set) var customer: Customer!
  /// When the last fault so far ends.
  private(set) var lastFaultEnd = MonotonicTime(nanoseconds: 0)
  /// What the gateway should keep to.
  let limits: GatewayLimits

  init(world: World, truth: Truth, plan: Plan, mutation: Mutation?) {
    self.world = world
    self.truth = truth
    self.plan = plan
    world.network.capacity = plan.socketByteCount
    for key in plan.keys {
      var quota: MartletV1.Quota?
      if key.streamsMax > 0 {
        quota = MartletV1.Quota()
        quota?.streamsMax = key.streamsMax
      }
      truth.addKey(
        tenant: key.tenant, actions: key.actions, quota: quota,
        expiresAt: key.expiresAt.map { world.now + Plan.warmUp + $0 })
    }
    auth = AuthService(world: world, truth: truth, losesChanges: mutation == .lostRevocation)
    models = (0..<Plan.modelCount).map {
      ModelService($0, world: world, truth: truth, mutation: mutation)
    }
    var limits = GatewayLimits()
    if plan.hasSmallLimits {
      limits.retryByteCountMax = 32 << 10
      limits.server.http2.streamWindowByteCount = 96 << 10
    }
    self.limits = limits
    if mutation == .unboundedWindow {
      limits.server.http2.streamWindowByteCount = 64 << 20
      limits.server.http2.connectionWindowByteCount = 64 << 20
      limits.retryByteCountMax = 1 << 30
    }
    gatewayProcess = world.makeProcess("gateway")
    gateway = makeGateway(mutation, limits)
    let clients = world.makeProcess("client")
    customer = Customer(
      world: world, truth: truth, process: clients, gateway: gatewayEndpoint,
      count: plan.clientCount)
  }

  private var gatewayEndpoint: Endpoint { .tcp(host: gatewayProcess.address, port: 8443) }

  private func makeGateway(_ mutation: Mutation?, _ limits: GatewayLimits) -> GatewayServer {
    var configuration = GatewayConfiguration(
      listen: [gatewayEndpoint], auth: [auth.endpoint], models: models.map(\.endpoint))
    configuration.loopCount = plan.gatewayLoopCount
    configuration.limits = limits
    configuration.authentication.outageGrace = plan.outageGrace
    configuration.drainTime = .seconds(5)
    let process = gatewayProcess
    configuration.makeMachine = { process.makeMachine() }
    if mutation == .unsafeRetry {
      for index in configuration.routes.indices { configuration.routes[index].isRetrySafe = true }
    }
    if mutation == .foreverEjected {
      configuration.balancing.failuresMax = 1
      configuration.balancing.ejectionMin = .seconds(3_600)
      configuration.balancing.ejectionMax = .seconds(3_600)
    }
    let world = world
    let log = LogWriter { line in world.log("gateway", Self.withoutTime(line)) }
    do {
      let gateway = try GatewayServer(configuration, log: log)
      try gateway.start()
      return gateway
    } catch {
      preconditionFailure("the gateway could not be started: \(error)")
    }
  }

  private static func withoutTime(_ line: [UInt8]) -> String {
    let text = String(decoding: line.dropLast(), as: UTF8.self)
    return text.split(separator: ",").dropFirst().joined(separator: ",")
  }

  // MARK: Faults

  func begin(_ fault: Fault) {
    world.log("fault", "\(fault.kind) at \(fault.target) for \(fault.duration)")
    let end = world.now + fault.duration
    // TCP needs a moment to send again what was lost.
    lastFaultEnd = max(lastFaultEnd, end + .seconds(2))
    var impairedUntil = end
    switch (fault.target, fault.kind) {
    case (.model, .kill), (.auth, .kill):
      service(fault.target)?.kill(hostIsUp: true, downtime: fault.duration)
    case (.model, .powerLoss), (.auth, .powerLoss):
      service(fault.target)?.kill(hostIsUp: false, downtime: fault.duration)
    case (.model, .drain(let grace)), (.auth, .drain(let grace)):
      impairedUntil = end + grace
      service(fault.target)?.drain(grace, downtime: fault.duration)
    case (_, .pause):
      let process = process(fault.target)
      guard process.state == .running else { return }
      process.pause()
      world.schedule(at: end) { process.resume() }
    case (_, .starvation(let cost)):
      let process = process(fault.target)
      process.turnCostRange = .zero...cost
      world.schedule(at: end) { process.turnCostRange = Process.usualTurnCost }
    case (.gateway, _), (.client, .kill), (.client, .powerLoss), (.client, .drain): return
    case (_, .cut(let toGateway, let fromGateway)):
      let other = process(fault.target)
      let link = world.network.link(other, gatewayProcess)
      if toGateway { link.cut(from: other) }
      if fromGateway { link.cut(from: gatewayProcess) }
      world.schedule(at: end) { [world] in world.network.mend(link) }
    case (_, .reset(let probability)):
      impairedUntil = world.now
      world.network.resetConnections(
        of: world.network.link(process(fault.target), gatewayProcess), probability: probability)
    case (_, .loss(let probability)):
      let link = world.network.link(process(fault.target), gatewayProcess)
      link.lossProbability = probability
      impairedUntil = end + .seconds(8)  // what was lost last may have to be sent six times
      world.schedule(at: end) { link.lossProbability = 0 }
    case (_, .delay(let delay)):
      let link = world.network.link(process(fault.target), gatewayProcess)
      link.delayRange = delay...(delay * 2)
      world.schedule(at: end) { link.delayRange = Link.usualDelay }
    }
    for part in fault.impairs { truth.impairments.add(part, from: world.now, to: impairedUntil) }
  }

  private func service(_ target: Fault.Target) -> Service? {
    switch target {
    case .model(let number): models[number]
    case .auth: auth
    case .gateway, .client: nil
    }
  }

  private func process(_ target: Fault.Target) -> Process {
    switch target {
    case .gateway: gatewayProcess
    case .client: customer.process
    case .model, .auth: service(target)!.process
    }
  }

  // MARK: The end

  /// SIGTERM to the gateway; true when it has ended by `limit`.
  func drainGateway(until limit: MonotonicTime) -> Bool {
    final class Flag: @unchecked Sendable { var isSet = false }
    let ended = Flag()
    let gateway = gateway!
    Task(executorPreference: gateway.loops[0]) {
      await gateway.drain()
      ended.isSet = true
    }
    self.gateway = nil
    return world.run(until: limit) { ended.isSet }
  }

  /// Ends what is left and gives its memory back.
  func end() {
    for service in models + [auth] as [Service] { service.end() }
    customer.close()
    world.run(until: world.now + .seconds(1))
    customer.stop()
    world.run(until: world.now + .milliseconds(1))
  }
}
