import Protocols
import RPC
import Synchronization
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct EndToEndTests {
  @Test func aRequestGoesThroughWithTheGatewaysIdentity() async throws {
    let world = try World()
    let response = try await world.infer(
      metadata: [
        "x-martlet-tenant": "evil", "x_martlet_tenant": "evil", "x-martlet-rights": "admin",
        "custom": "kept", "triton_grpc_error": "true",
      ])
    #expect(response.message.modelName == "digits")
    #expect(response.message.id == "acme")
    #expect(response.initialMetadata["served-by"] == "m0")
    #expect(response.initialMetadata["x-martlet-tenant"] == nil)
    #expect(response.trailingMetadata["cost"] == "1")
    let seen = world.models[0].state.withLock { $0.metadata[0] }
    #expect(seen.contains("x-martlet-tenant: acme") && seen.contains("x-martlet-key: k1"))
    #expect(seen.contains("x-martlet-rights: infer") && seen.contains("x-martlet-models: *"))
    #expect(seen.contains("custom: kept") && seen.contains("triton_grpc_error: true"))
    #expect(!seen.contains { $0.contains("evil") || $0.contains("mk_") })
    #expect(seen.count { $0.hasPrefix("x-martlet-request-id: ") } == 1)
    let lines = await world.stop()
    #expect(lines.count == 1)
    #expect(lines[0].contains(#""tenant":"acme","key":"k1","method":"#))
    #expect(lines[0].contains(#""model":"digits","status":"OK""#))
    #expect(!lines[0].contains("mk_"))
  }

  @Test func keysDecideWhoGetsIn() async throws {
    let world = try World()
    world.auth.add("mk_deployer_1", grant(key: "k2", actions: [.deploy]))
    world.auth.add("mk_limited_1", grant(key: "k3", models: ["team-*"]))
    #expect(await status { try await world.infer(key: nil) } == .unauthenticated)
    #expect(await status { try await world.infer(key: "mk_wrong_key") } == .unauthenticated)
    #expect(await status { try await world.infer(key: "not a key") } == .unauthenticated)
    #expect(await status { try await world.infer(key: "mk_deployer_1") } == .permissionDenied)
    #expect(
      await status { try await world.infer("other", key: "mk_limited_1") } == .permissionDenied)
    #expect(await status { try await world.infer("team-a", key: "mk_limited_1") } == .ok)
    #expect(
      await status {
        try await world.infer(metadata: ["x-api-key": World.key])
      } == .unauthenticated)
    #expect(world.models[0].inferCount == 1)
    let checks = world.auth.checkCount
    for _ in 0..<20 { _ = try await world.infer("team-b", key: "mk_limited_1") }
    #expect(world.auth.checkCount == checks, "decisions are cached")
    await world.stop()
  }

  @Test func unlistedMethodsAreDenied() async throws {
    let world = try World()
    let ask = { (path: String, key: String?) in
      await status { try await world.client.unary(path, [], metadata: world.with(key)) }
    }
    #expect(await ask("/no.such.Service/Method", nil) == .unauthenticated)
    #expect(await ask("/no.such.Service/Method", World.key) == .unimplemented)
    #expect(await ask("/martlet.v1.Auth/Check", World.key) == .permissionDenied)
    #expect(await ask("/martlet.v1.Auth/Watch", nil) == .unauthenticated)
    #expect(
      await ask("/inference.GRPCInferenceService/LogSettings", World.key) == .permissionDenied)
    #expect(await ask("/martlet.v1.Tenants/ListTenants", World.key) == .permissionDenied)
    await world.stop()
  }

  @Test func aRevokedKeyIsRefusedOnceTheWatchSaysSo() async throws {
    let world = try World()
    _ = try await world.infer()
    try await world.auth.revoke("k1")
    // How soon is for the simulation to say, which has a clock of its own.
    while await status({ try await world.infer() }) == .ok { await Task.yield() }
    #expect(await status { try await world.infer() } == .unauthenticated)
    await world.stop()
  }

  @Test func streamsPassMessageByMessageAndEachIsAuthorised() async throws {
    let world = try World()
    world.auth.add("mk_limited_1", grant(key: "k3", models: ["team-*"]))
    let (requests, responses) = try await world.inferStream(key: "mk_limited_1")
    for index in 0..<20 {
      var request = Inference.ModelInferRequest()
      request.modelName = "team-\(index)"
      request.rawInputContents = [[UInt8](repeating: 1, count: index * 1_000)[...]]
      try await requests.send(request)
      let response = try await responses.next()
      #expect(response?.inferResponse?.modelName == "team-\(index)")
    }
    var request = Inference.ModelInferRequest()
    request.modelName = "other"
    try await requests.send(request)
    await #expect(throws: RPCError.self) { try await responses.next() }
    await world.stop()
  }

  @Test func aStreamEndsWhenItsKeyIsRevoked() async throws {
    let world = try World()
    let (requests, responses) = try await world.inferStream()
    var request = Inference.ModelInferRequest()
    request.modelName = "a"
    try await requests.send(request)
    _ = try await responses.next()
    try await world.auth.revoke("k1")
    let error = await #expect(throws: RPCError.self) { try await responses.next() }
    #expect(error?.code == .unavailable, "the client may find out with another call")
    await world.stop()
  }

  @Test func largeMessagesFlowBothWaysWithoutBeingHeld() async throws {
    let world = try World()
    let response = try await world.infer(byteCount: 20 << 20)
    #expect(response.message.rawOutputContents.first?.count == 20 << 20)
    await world.stop()
  }

  @Test func deploysNeedTheRightAndStream() async throws {
    let world = try World()
    world.auth.add("mk_deployer_1", grant(key: "k2", actions: [.deploy]))
    let deploy = { (key: String) -> MartletV1.DeployResponse in
      try await world.client.clientStreaming(
        "/martlet.v1.Models/Deploy", metadata: world.with(key)
      ) { (writer: RequestWriter<MartletV1.DeployRequest>) in
        for index in 0..<10 {
          var part = MartletV1.DeployRequest()
          if index == 0 { part.name = "m" }
          part.data = [UInt8](repeating: 1, count: 200_000)
          try await writer.send(part)
        }
      }
    }
    #expect(try await deploy("mk_deployer_1").version == 2_000_000)
    #expect(await status { try await deploy(World.key) } == .permissionDenied)
    await world.stop()
  }

  @Test func aCallInFlightOnAnInstanceThatDiesSucceedsOnTheOther() async throws {
    let world = try World(modelCount: 2)
    for model in world.models { model.state.withLock { $0.isHanging = true } }
    async let answer = world.infer()
    let dying = await withTaskGroup(of: Int.self) { group in
      for (index, model) in world.models.enumerated() {
        group.addTask {
          var iterator = model.entered.stream.makeAsyncIterator()
          await iterator.next()
          return index
        }
      }
      defer { group.cancelAll() }
      return await group.next()!
    }
    world.models[1 - dying].state.withLock { $0.isHanging = false }
    await world.models[dying].kill()
    #expect(try await answer.initialMetadata["served-by"] == "m\(1 - dying)")
    let lines = await world.stop()
    #expect(lines.contains { $0.contains(#""retries":1"#) })
  }

  @Test func withoutAnInstanceCallsAreUnavailable() async throws {
    let world = try World()
    _ = try await world.infer()
    await world.models[0].kill()
    #expect(await status { try await world.infer() } == .unavailable)
    await world.stop()
  }

  @Test func knownKeysWorkWhileAuthIsDownAndUnknownOnesAreUnavailable() async throws {
    let world = try World()
    _ = try await world.infer()
    await world.auth.kill()
    for _ in 0..<10 { _ = try await world.infer() }
    #expect(await status { try await world.infer(key: "mk_unknown_1") } == .unavailable)
    await world.stop()
  }

  @Test func quotasAnswerWithRetryAdvice() async throws {
    let world = try World()
    var quota = MartletV1.Quota()
    quota.requestsPerSecond = 1
    quota.requestsBurst = 2
    var limited = grant(key: "k9")
    limited.quota = quota
    limited.tenant = "small"
    world.auth.add("mk_limited_9", limited)
    // Many at once: however slow the machine is, they do not take a second each.
    let refusals = await withTaskGroup(of: RPCError?.self) { group in
      for _ in 0..<20 {
        group.addTask {
          do {
            _ = try await world.infer(key: "mk_limited_9")
            return nil
          } catch {
            return error as? RPCError ?? RPCError(code: .unknown, message: "\(error)")
          }
        }
      }
      return await group.reduce(into: [RPCError]()) { if let error = $1 { $0.append(error) } }
    }
    #expect((1...18).contains(refusals.count))
    for refusal in refusals {
      #expect(refusal.code == .resourceExhausted)
      #expect(refusal.metadata["retry-after"] == "1")
    }
    var bytes = MartletV1.Quota()
    bytes.messageBytesMax = 1_000
    var small = grant("bytes", key: "k10")
    small.quota = bytes
    world.auth.add("mk_limited_10", small)
    #expect(
      await status { try await world.infer(key: "mk_limited_10", byteCount: 2_000) }
        == .resourceExhausted)
    await world.stop()
  }

  @Test func deadlinesPassOnAndEndCalls() async throws {
    let world = try World()
    _ = try await world.infer(deadline: MonotonicTime.now() + .seconds(30))
    world.models[0].state.withLock { $0.isHanging = true }
    #expect(
      await status { try await world.infer(deadline: MonotonicTime.now() + .milliseconds(50)) }
        == .deadlineExceeded)
    await world.stop()
  }

  @Test func compressedRequestsAreAuthorisedToo() async throws {
    let world = try World()
    world.auth.add("mk_limited_1", grant(key: "k3", models: ["team-*"]))
    var configuration = ClientConfiguration()
    configuration.compression = .gzip
    let client = try world.gateway.makeInProcessClient(configuration: configuration)
    let ask = { (model: String) -> Inference.ModelInferResponse in
      var request = Inference.ModelInferRequest()
      request.modelName = model
      request.rawInputContents = [[UInt8](repeating: 7, count: 100_000)[...]]
      return try await client.unary(
        "/inference.GRPCInferenceService/ModelInfer", request,
        metadata: world.with("mk_limited_1"))
    }
    #expect(try await ask("team-a").rawOutputContents.first?.count == 100_000)
    #expect(await status { try await ask("other") } == .permissionDenied)
    client.close()
    await world.stop()
  }

  @Test func servicesErrorsComeThroughUnchanged() async throws {
    let world = try World()
    world.models[0].state.withLock {
      $0.failure = RPCError(code: .notFound, message: "no model 'ä'", metadata: ["why": "x"])
    }
    do {
      _ = try await world.infer()
      Issue.record("expected NOT_FOUND")
    } catch let error as RPCError {
      #expect(error.code == .notFound && error.message == "no model 'ä'")
      #expect(error.metadata["why"] == "x")
    }
    #expect(world.models[0].inferCount == 1, "an answer is not retried")
    await world.stop()
  }

  @Test func healthIsOpenForTheWholeAndReflectionNeedsAKey() async throws {
    let world = try World()
    _ = try await world.infer()  // both services are connected now
    let check = { (service: String, key: String?) -> GRPCHealthV1.HealthCheckResponse in
      var request = GRPCHealthV1.HealthCheckRequest()
      request.service = service
      return try await world.client.unary(
        "/grpc.health.v1.Health/Check", request, metadata: world.with(key))
    }
    #expect(try await check("", nil).status == .serving)
    #expect(await status { try await check("martlet.v1.Keys", nil) } == .unauthenticated)
    #expect(try await check("martlet.v1.Keys", World.key).status == .serving)
    #expect(await status { try await check("no.such", World.key) } == .notFound)
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
    let reflect = { (key: String?) -> GRPCReflectionV1.ServerReflectionResponse? in
      let (requests, responses):
        (
          RequestWriter<GRPCReflectionV1.ServerReflectionRequest>,
          ResponseStream<GRPCReflectionV1.ServerReflectionResponse>
        ) = try await world.client.bidirectional(path, metadata: world.with(key))
      var request = GRPCReflectionV1.ServerReflectionRequest()
      request.messageRequest = .listServices("")
      try await requests.send(request)
      let response = try await responses.next()
      try await requests.finish()
      _ = try await responses.next()
      return response
    }
    #expect(await status { try await reflect(nil) } == .unauthenticated)
    guard case .listServicesResponse(let list) = try await reflect(World.key)?.messageResponse
    else {
      Issue.record("expected a list of services")
      return
    }
    #expect(list.service.map(\.name).contains("inference.GRPCInferenceService"))
    #expect(!list.service.map(\.name).contains("martlet.v1.Auth"))
    await world.stop()
  }

  @Test func manyCallsAtOnceAllArriveAndAreCounted() async throws {
    let world = try World(modelCount: 3) { $0.loopCount = 2 }
    let okay = await withTaskGroup { group in
      for index in 0..<300 {
        group.addTask {
          await status { try await world.infer("m\(index)", byteCount: index * 100) } == .ok
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(okay == 300)
    #expect(world.models.map(\.inferCount).reduce(0, +) == 300)
    let metrics = String(decoding: world.gateway.renderMetrics(), as: UTF8.self)
    #expect(metrics.contains(#"status="OK"} 300"#))
    #expect(await world.stop().count == 300)
  }
}
