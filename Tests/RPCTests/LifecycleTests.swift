import EventLoop
import RPC
import RPCWire
import Synchronization
import Telemetry
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LifecycleTests {
  @Test func shutdownLetsCallsEndAndRefusesNewOnes() async throws {
    let started = Counter()
    let gate = Gate()
    let server = Server(configuration: .init())
    server.unary("/t.T/Wait") { (request: [UInt8], _) -> [UInt8] in
      started.add()
      await gate.wait()
      return request
    }
    try server.start()
    let client = try server.makeInProcessClient()
    let call = Task { try await client.unary("/t.T/Wait", [1]) }
    while started.value == 0 { await Task.yield() }
    let shutdown = Task { await server.shutdown(gracePeriod: .seconds(20)) }
    // Refused from the moment the shutdown has begun; calls before that would wait at the gate.
    gate.open()
    #expect(try await call.value == [1])
    await shutdown.value
    #expect(server.connectionCount == 0)
    let error = await #expect(throws: RPCError.self) { try await client.unary("/t.T/Wait", [2]) }
    #expect(error != nil)
  }

  @Test func connectionsBeyondTheLimitAreClosed() async throws {
    let gate = Gate()
    let started = Counter()
    var configuration = ServerConfiguration()
    configuration.limits.connectionsMax = 1
    let registry = Metrics()
    configuration.metrics = ServerMetrics(registry)
    let server = Server(configuration: configuration)
    server.unary("/t.T/Wait") { (request: [UInt8], _) -> [UInt8] in
      started.add()
      await gate.wait()
      return request
    }
    try server.start()
    let first = try server.makeInProcessClient()
    let second = try server.makeInProcessClient()
    let call = Task { try await first.unary("/t.T/Wait", [1]) }
    while started.value == 0 { await Task.yield() }
    let error = await #expect(throws: RPCError.self) { try await second.unary("/t.T/Wait", [1]) }
    #expect(error?.code == .unavailable)
    gate.open()
    #expect(try await call.value == [1])
    let text = String(decoding: registry.render(), as: UTF8.self)
    #expect(text.contains(#"martlet_rpc_limit_total{limit="connections"} 1"#))
    #expect(text.contains(#"martlet_rpc_connections_closed_total{reason="connections"} 1"#))
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func anIdleConnectionMakesRoomForAnother() async throws {
    var configuration = ServerConfiguration()
    configuration.limits.connectionsMax = 2
    // The sweep, which notes who is idle, runs four times as often as the shortest timeout.
    configuration.limits.keepAliveTimeout = .milliseconds(40)
    let server = Server(configuration: configuration)
    server.unary("/t.T/Echo") { request, _ in request }
    try server.start()
    let clients = try (0..<2).map { _ in try server.makeInProcessClient() }
    for client in clients { #expect(try await client.unary("/t.T/Echo", [1]) == [1]) }
    let late = try server.makeInProcessClient()
    // Refused at most until the next sweep.
    while (try? await late.unary("/t.T/Echo", [2])) == nil {}
    #expect(server.connectionCount == 2)
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func idleConnectionIsClosedAndTheClientComesBack() async throws {
    var configuration = ServerConfiguration()
    configuration.limits.idleTimeout = .milliseconds(40)
    let server = Server(configuration: configuration)
    server.unary("/t.T/Echo") { request, _ in request }
    try server.start()
    let client = try server.makeInProcessClient()
    #expect(try await client.unary("/t.T/Echo", [1]) == [1])
    while server.connectionCount > 0 { await Task.yield() }
    // The client may not have seen the end yet when it sends: then the call fails.
    while (try? await client.unary("/t.T/Echo", [2])) != [2] { await Task.yield() }
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func healthIsCheckedAndWatched() async throws {
    let health = HealthService(initial: .notServing)
    let server = Server(configuration: .init())
    health.register(on: server)
    try server.start()
    let client = try server.makeInProcessClient()
    // HealthCheckResponse { status = 1 }: NOT_SERVING, then SERVING.
    let check = "/grpc.health.v1.Health/Check"
    #expect(try await client.unary(check, [UInt8]()) == [8, 2])
    let changes = try await client.serverStreaming("/grpc.health.v1.Health/Watch", [UInt8]())
    #expect(try await changes.next() == [8, 2])
    health.set(.serving)
    #expect(try await changes.next() == [8, 1])
    #expect(try await client.unary(check, [UInt8]()) == [8, 1])
    let unknown = await #expect(throws: RPCError.self) {
      try await client.unary(check, [10, 1, UInt8(ascii: "x")])
    }
    #expect(unknown?.code == .notFound)
    await server.shutdown(gracePeriod: .milliseconds(100))
  }

  @Test func offloadedWorkResumesOnTheLoop() async throws {
    let workers = WorkerThreads(count: 1)
    let server = Server(configuration: .init())
    let loop = server.loops[0]
    server.unary("/t.T/Compute") { (request: [UInt8], _) -> [UInt8] in
      #expect(loop.isCurrent)
      let sum = try await workers.offload {
        #expect(!loop.isCurrent)
        return request.reduce(0, &+)
      }
      #expect(loop.isCurrent)
      return [sum]
    }
    try server.start()
    let client = try server.makeInProcessClient()
    #expect(try await client.unary("/t.T/Compute", [1, 2, 3]) == [6])
    await server.shutdown(gracePeriod: .milliseconds(200))
  }
}

/// Holds tasks until it is opened.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiters.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }

  func open() {
    let waiters = state.withLock { state in
      state.isOpen = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }
}
