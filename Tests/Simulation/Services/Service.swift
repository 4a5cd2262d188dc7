internal import EventLoop
internal import RPC

/// A service's process: started, killed and started again at the same address.
class Service: @unchecked Sendable {
  let process: Process
  let world: World
  let truth: Truth
  private(set) var server: Server!
  private(set) var health = HealthService(initial: .notServing)
  /// Between SIGTERM and the end.
  private(set) var isDraining = false

  static let port: UInt16 = 7000

  init(_ name: String, world: World, truth: Truth) {
    self.world = world
    self.truth = truth
    process = world.makeProcess(name)
    start()
  }

  var endpoint: Endpoint { .tcp(host: process.address, port: Self.port) }

  /// The loop of the process's only thread.
  var loop: EventLoop { server.loops[0] }

  private func start() {
    var configuration = ServerConfiguration(endpoints: [endpoint])
    isDraining = false
    let process = process
    configuration.makeMachine = { process.makeMachine() }
    server = Server(configuration: configuration)
    health = HealthService(initial: .serving)
    health.register(on: server)
    register(on: server)
    do { try server.start() } catch { preconditionFailure("\(process.name): \(error)") }
  }

  /// Adds the service's methods; overridden.
  func register(on server: Server) {}

  /// Wakes what waits for a change; overridden.
  func changed() {}

  /// Ends at once, and starts again after a time.
  func kill(hostIsUp: Bool, downtime: Duration) {
    guard !process.isDead else { return }
    let server = server!
    process.kill(hostIsUp: hostIsUp) { Self.shutDown(server, .zero) {} }
    world.schedule(after: downtime) { [self] in restart() }
  }

  /// Ends in good order, as on SIGTERM, and starts again after a time.
  func drain(_ gracePeriod: Duration, downtime: Duration) {
    guard process.state == .running else { return }
    let server = server!
    world.log(process.name, "drains")
    isDraining = true
    health.set(.notServing)
    Self.shutDown(server, gracePeriod) { [self] in
      // The process ends now; had it been killed while it drained, it would be another one.
      guard self.server === server, !process.isDead else { return }
      world.schedule(after: .zero) { [self] in kill(hostIsUp: true, downtime: downtime) }
    }
  }

  private func restart() {
    guard process.isDead else { return }
    process.restart()
    start()
  }

  /// For the end of a run.
  func end() {
    let server = server!
    guard !process.isDead else { return }
    process.kill(hostIsUp: true) { Self.shutDown(server, .zero) {} }
    self.server = nil
  }

  private static func shutDown(
    _ server: Server, _ gracePeriod: Duration, _ then: @escaping @Sendable () -> Void
  ) {
    Task(executorPreference: server.loops[0]) {
      await server.shutdown(gracePeriod: gracePeriod)
      then()
    }
  }
}
