import Protocols
import RPC
import Synchronization
import Testing

@testable import Gateway

/// What a proxy owes both sides: ends, limits and goodbyes of one side reach the other.
@Suite(.timeLimit(.minutes(1))) struct ReverseProxyTests {
  /// One message there and back.
  private func exchange(_ stream: World.InferStream, _ model: String = "m") async throws {
    var request = Inference.ModelInferRequest()
    request.modelName = model
    try await stream.requests.send(request)
    #expect(try await stream.responses.next()?.inferResponse?.modelName == model)
  }

  private func metric(_ world: World, _ line: String) -> Bool {
    String(decoding: world.gateway.renderMetrics(), as: UTF8.self).contains(line)
  }

  @Test func whileAServiceSaysGoodbyeNewCallsTakeANewConnection() async throws {
    let world = try World()
    let stream = try await world.inferStream()
    try await exchange(stream)
    let before = world.models[0].server.connectionCount
    world.models[0].server.renewConnections()
    // The old connection stays for the stream; calls never stop succeeding.
    while world.models[0].server.connectionCount == before { _ = try await world.infer() }
    for _ in 0..<20 { _ = try await world.infer() }
    try await exchange(stream)
    try await stream.requests.finish()
    #expect(try await stream.responses.next() == nil)
    while world.models[0].server.connectionCount > before { _ = try await world.infer() }
    await world.stop()
  }

  @Test func aClientsConnectionIsRenewedWhileItsCallsEnd() async throws {
    let world = try World()
    let stream = try await world.inferStream()
    try await exchange(stream)
    world.gateway.renewConnections()
    while world.gateway.connectionCount < 2 { _ = try await world.infer() }
    try await exchange(stream)
    try await stream.requests.finish()
    #expect(try await stream.responses.next() == nil)
    await world.stop()
  }

  @Test func connectionsGrowWithDemandUpToTheirMaximum() async throws {
    let world = try World { configuration in
      configuration.balancing.outstandingPerConnectionHigh = 4
      configuration.balancing.connectionsPerInstanceMax = 3
    }
    var streams: [World.InferStream] = []
    for _ in 0..<20 {
      let stream = try await world.inferStream()
      try await exchange(stream)
      streams.append(stream)
    }
    #expect(world.models[0].server.connectionCount == 3)
    #expect(metric(world, #"martlet_gateway_upstream_connections{service="model"} 3"#))
    for stream in streams {
      try await exchange(stream)
      try await stream.requests.finish()
      #expect(try await stream.responses.next() == nil)
    }
    await world.stop()
  }

  @Test func surplusConnectionsAreGivenBack() async throws {
    // One stream fills a connection, so that none is idle while the streams are open.
    var limits = ServerLimits.behindGateway
    limits.http2.streamsMax = 1
    let world = try World(modelLimits: limits) { configuration in
      configuration.balancing.surplusIdleMax = .milliseconds(1)
    }
    var streams: [World.InferStream] = []
    for _ in 0..<4 {
      let stream = try await world.inferStream()
      try await exchange(stream)
      streams.append(stream)
    }
    #expect(world.models[0].server.connectionCount >= 4)
    for stream in streams {
      try await stream.requests.finish()
      #expect(try await stream.responses.next() == nil)
    }
    while world.models[0].server.connectionCount > 1 { _ = try await world.infer() }
    _ = try await world.infer()
    await world.stop()
  }

  @Test func aServiceThatAllowsFewStreamsGetsMoreConnections() async throws {
    var limits = ServerLimits.behindGateway
    limits.http2.streamsMax = 2
    let world = try World(modelLimits: limits)
    var streams: [World.InferStream] = []
    for _ in 0..<8 {
      let stream = try await world.inferStream()
      try await exchange(stream)
      streams.append(stream)
    }
    #expect(world.models[0].server.connectionCount >= 4)
    await world.stop()
  }

  @Test func aClientsCancellationReachesTheService() async throws {
    let world = try World()
    world.models[0].state.withLock { $0.isHanging = true }
    let call = Task { try await world.infer() }
    var entered = world.models[0].entered.stream.makeAsyncIterator()
    await entered.next()
    call.cancel()
    await #expect(throws: RPCError.self) { try await call.value }
    while world.models[0].state.withLock({ $0.cancelledCount }) == 0 { await Task.yield() }
    #expect(metric(world, #"status="CANCELLED"} 1"#))
    await world.stop()
  }

  @Test func aServiceSeesAShorterDeadlineThanTheClients() async throws {
    let world = try World()
    _ = try await world.infer(deadline: .now() + .seconds(30))
    let seen = world.models[0].state.withLock { $0.metadata[0] }
    let text = try #require(seen.first { $0.hasPrefix("grpc-timeout: ") }).dropFirst(14)
    let nanoseconds = Array(text.utf8).withUnsafeBytes { GRPCTimeout.parse($0) }
    #expect(try #require(nanoseconds) < 30_000_000_000)
    await world.stop()
  }

  @Test func aStreamThatTheServiceEndsEarlyEndsForTheClient() async throws {
    let world = try World()
    let stream = try await world.inferStream()
    try await exchange(stream)
    try await exchange(stream, FakeModel.lastModel)
    #expect(try await stream.responses.next() == nil)
    // The half that nobody reads any more refuses what is still sent.
    await #expect(throws: RPCError.self) {
      while true { try await exchange(stream) }
    }
    _ = try await world.infer()
    await world.stop()
  }
}
