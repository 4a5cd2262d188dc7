import Protocols
import RPC
import Synchronization
import Testing

@testable import Gateway

/// Limits as clients meet them: the status, the advice, and the count.
@Suite(.timeLimit(.minutes(1))) struct LimitsEndToEndTests {
  /// The error of a call that must fail.
  private func refusal(_ body: () async throws -> some Any) async throws -> RPCError {
    do {
      _ = try await body()
    } catch let error as RPCError {
      return error
    }
    throw RPCError(code: .ok, message: "the call was not refused")
  }

  private func count(_ world: World, _ series: String) -> Int {
    let text = String(decoding: world.gateway.renderMetrics(), as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
    return line.flatMap { Int($0.dropFirst(series.count + 1)) } ?? 0
  }

  private func rejected(_ world: World, _ reason: String) -> Int {
    count(world, #"martlet_gateway_rejected_total{reason="\#(reason)"}"#)
  }

  @Test(arguments: ["connection", "key", "tenant"])
  func ratesOfEachScopeAreAnsweredWithAdvice(_ scope: String) async throws {
    let world = try World { configuration in
      let rate = UseLimits(requestsPerSecond: 1, requestsBurst: 2)
      switch scope {
      case "connection": configuration.limits.connection = rate
      case "key": configuration.limits.key = rate
      default: configuration.limits.tenant = rate
      }
    }
    world.auth.add("mk_second_key", grant(key: "k2"))
    // Many at once: a slow machine gives a token back each second.
    let burst = { @Sendable (key: String) async -> [RPCError?] in
      await withTaskGroup(of: RPCError?.self) { group in
        for _ in 0..<60 {
          group.addTask {
            do { _ = try await world.infer(key: key) } catch { return error as? RPCError }
            return nil
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
    }
    let errors = await burst(World.key)
    #expect(errors.count { $0 == nil } >= 2)
    let refused = errors.compactMap(\.self)
    #expect(refused.count > 0)
    #expect(
      refused.allSatisfy {
        $0.code == .resourceExhausted && $0.metadata["retry-after"] == "1"
      })
    #expect(rejected(world, "\(scope)_rate") == refused.count)
    // The tenant's other key has a rate of its own, if keys have one.
    if scope == "key" {
      #expect(await status { try await world.infer(key: "mk_second_key") } == .ok)
    }
    await world.stop()
  }

  @Test func openCallsOfKeyTenantAndGatewayAreLimited() async throws {
    let world = try World { configuration in
      configuration.limits.key.streamsMax = 2
      configuration.limits.tenant.streamsMax = 3
      configuration.limits.callsMax = 4
    }
    world.auth.add("mk_second_key", grant(key: "k2"))
    world.auth.add("mk_other_tenant", grant("other", key: "k3"))
    func open(_ key: String) async throws -> World.InferStream {
      let stream = try await world.inferStream(key: key)
      var request = Inference.ModelInferRequest()
      request.modelName = "m"
      try await stream.requests.send(request)
      _ = try await stream.responses.next()
      return stream
    }
    var streams = [try await open(World.key), try await open(World.key)]
    var error = try await refusal { try await open(World.key) }
    #expect(error.code == .resourceExhausted && error.metadata["retry-after"] == "1")
    streams.append(try await open("mk_second_key"))
    error = try await refusal { try await open("mk_second_key") }
    #expect(error.code == .resourceExhausted)
    streams.append(try await open("mk_other_tenant"))
    error = try await refusal { try await open("mk_other_tenant") }
    #expect(error.code == .unavailable && error.metadata["retry-after"] == "1")
    #expect(rejected(world, "key_streams") == 1 && rejected(world, "tenant_streams") == 1)
    #expect(rejected(world, "gateway_calls") == 1)
    // What is given back can be taken again.
    for stream in streams { try await stream.0.finish() }
    streams = []
    while await status({ try await open(World.key) }) != .ok { await Task.yield() }
    await world.stop()
  }

  @Test func bytesInFlightOfATenantAreLimitedAndGivenBack() async throws {
    let world = try World()
    var quota = MartletV1.Quota()
    quota.bytesInFlightMax = 300_000
    var limited = grant("small", key: "k9")
    limited.quota = quota
    world.auth.add("mk_limited_9", limited)
    let infer = { @Sendable (byteCount: Int) in
      try await world.infer(key: "mk_limited_9", byteCount: byteCount)
    }
    let error = try await refusal { try await infer(400_000) }
    #expect(error.code == .resourceExhausted && error.metadata["retry-after"] == "1")
    for _ in 0..<20 { #expect(await status { try await infer(200_000) } == .ok) }
    // One that waits for its answer takes its share from the others.
    world.models[0].state.withLock { $0.isHanging = true }
    let hanging = Task { try await infer(250_000) }
    var entered = world.models[0].entered.stream.makeAsyncIterator()
    await entered.next()
    world.models[0].state.withLock { $0.isHanging = false }
    #expect(await status { try await infer(100_000) } == .resourceExhausted)
    #expect(await status { try await infer(1_000) } == .ok, "small calls are not counted")
    #expect(await status { try await world.infer(byteCount: 100_000) } == .ok, "nor are others")
    hanging.cancel()
    while await status({ try await infer(100_000) }) != .ok { await Task.yield() }
    #expect(rejected(world, "tenant_bytes") >= 2)
    await world.stop()
    #expect(count(world, "martlet_gateway_held_bytes") == 0)
  }

  @Test func badKeysAreNotAskedAboutForEver() async throws {
    let world = try World { configuration in
      configuration.limits.badKeysPerSecondMax = 1
      configuration.limits.badKeysBurstMax = 10
    }
    _ = try await world.infer()
    var codes: [StatusCode] = []
    var advice: String?
    for index in 0..<120 {
      let error = try await refusal { try await world.infer(key: "mk_made_up_\(index)") }
      codes.append(error.code)
      advice = error.metadata["retry-after"] ?? advice
    }
    #expect(codes.first == .unauthenticated && codes.last == .resourceExhausted)
    #expect(advice != nil)
    // Twice the burst, for a source has two buckets, and two for each second that the test takes.
    #expect(world.auth.checkCount < 100)
    #expect(rejected(world, "bad_keys") > 20)
    #expect(await status { try await world.infer() } == .ok, "a known key is not affected")
    await world.stop()
  }

  @Test func aConnectionOfRefusalsIsClosed() async throws {
    let world = try World { configuration in
      configuration.limits.refusedCallsPerSecondMax = 1
      configuration.limits.refusedCallsBurstMax = 5
    }
    // Many at once: a slow machine forgives one each second.
    let codes = await withTaskGroup(of: StatusCode.self) { group in
      for _ in 0..<60 { group.addTask { await status { try await world.infer(key: nil) } } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(codes.allSatisfy { $0 == .unauthenticated || $0 == .unavailable })
    #expect(count(world, #"martlet_rpc_limit_total{limit="refused_calls"}"#) >= 1)
    while await status({ try await world.infer() }) != .ok { await Task.yield() }
    await world.stop()
  }

  @Test func refusedCallsOfAGoodKeyDoNotCloseItsConnection() async throws {
    let world = try World { configuration in
      configuration.limits.refusedCallsPerSecondMax = 1
      configuration.limits.refusedCallsBurstMax = 2
      configuration.limits.tenant.requestsPerSecond = 1
    }
    for _ in 0..<20 { _ = await status { try await world.infer() } }
    #expect(count(world, #"martlet_rpc_limit_total{limit="refused_calls"}"#) == 0)
    await world.stop()
  }

  @Test func compressedMessagesArePaidForByWhatTheyBecome() async throws {
    let world = try World { configuration in
      configuration.limits.inflatedKilobytesPerSecondMax = 100
      configuration.limits.messageByteCountMax = 1 << 20
    }
    var configuration = ClientConfiguration()
    configuration.compression = .gzip
    let client = try world.gateway.makeInProcessClient(configuration: configuration)
    var request = Inference.ModelInferRequest()
    request.modelName = "digits"
    request.rawInputContents = [[UInt8](repeating: 7, count: 900_000)[...]]
    let infer = { [request] () -> Inference.ModelInferResponse in
      try await client.unary(
        "/inference.GRPCInferenceService/ModelInfer", request, metadata: world.with(World.key))
    }
    // A message is paid for when it is known what it became: the second goes into debt.
    #expect(await status { try await infer() } == .ok)
    #expect(await status { try await infer() } == .ok)
    let error = try await refusal { try await infer() }
    #expect(error.code == .resourceExhausted)
    #expect((Int(error.metadata["retry-after"] ?? "") ?? 0) >= 1)
    #expect(rejected(world, "inflation_rate") == 1)
    client.close()
    await world.stop()
  }

  @Test func aRequestThatStopsComingIsEnded() async throws {
    let world = try World { configuration in
      configuration.limits.transferGrace = .milliseconds(100)
    }
    let (requests, responses) = try await world.inferStream("ModelInfer")
    let error = try await refusal { try await responses.next() }
    #expect(error.code == .cancelled)
    #expect(rejected(world, "slow_request") == 1)
    _ = requests
    await world.stop()
  }

  @Test func aStreamMayRestBetweenItsMessages() async throws {
    let world = try World { configuration in
      configuration.limits.transferGrace = .milliseconds(1)
    }
    let (requests, responses) = try await world.inferStream()
    var request = Inference.ModelInferRequest()
    request.modelName = "m"
    for _ in 0..<3 {
      try await requests.send(request)
      #expect(try await responses.next()?.inferResponse?.modelName == "m")
      // Longer than the gateway's sweep, which is what would end it.
      let end = MonotonicTime.now() + .milliseconds(300)
      while MonotonicTime.now() < end { await Task.yield() }
    }
    #expect(rejected(world, "slow_request") == 0)
    await world.stop()
  }
}
