internal import Protocols
internal import RPC
internal import Testing

@testable import ModelService

/// The handlers on a real server, reached in process.
@Suite struct ServerTests {
  let folder = TemporaryFolder()
  let loader = TestLoader()

  func start(_ change: (inout ModelServerConfiguration) -> Void = { _ in }) async throws
    -> ModelServer
  {
    var configuration = ModelServerConfiguration(insecureWithRepository: folder.path)
    configuration.drainGracePeriod = .milliseconds(200)
    change(&configuration)
    let server = try ModelServer(
      configuration, repository: DirectoryRepository(path: folder.path), loader: loader)
    try await server.start()
    return server
  }

  let identity: Metadata = [
    "x-martlet-tenant": "acme", "x-martlet-key": "k1", "x-martlet-rights": "infer,deploy",
    "x-martlet-models": "*",
  ]

  static let infer = "/inference.GRPCInferenceService/ModelInfer"

  func deploy(_ client: Client, metadata: Metadata, content: String = "simple") async throws
    -> MartletV1.DeployResponse
  {
    let bytes = try await client.clientStreaming(
      "/martlet.v1.Models/Deploy", metadata: metadata
    ) { requests in
      for (index, part) in content.utf8.enumerated() {
        var request = MartletV1.DeployRequest()
        if index == 0 { request.name = "simple" }
        (request.path, request.data) = ("model.onnx", [part])
        try await requests.send(request.serialized())
      }
    }
    return try MartletV1.DeployResponse(protobuf: bytes)
  }

  @Test func aModelIsDeployedAskedAndListed() async throws {
    let server = try await start()
    let client = try server.makeInProcessClient()
    #expect(try await deploy(client, metadata: identity).version == 1)
    let answer = try Inference.ModelInferResponse(
      protobuf: try await client.unary(
        Self.infer, Inference.ModelInferRequest.simple().serialized(), metadata: identity))
    #expect(elements(answer.rawOutputContents[0], Int32.self).first == 5)
    let list = try MartletV1.ListModelsResponse(
      protobuf: try await client.unary(
        "/martlet.v1.Models/ListModels", [], metadata: identity))
    #expect(list.models.map(\.name) == ["simple"])
    client.close()
    await server.drain()
  }

  @Test func streamsAnswerByIdAndKeepErrorsInside() async throws {
    let server = try await start()
    let client = try server.makeInProcessClient()
    _ = try await deploy(client, metadata: identity)
    let (requests, responses) = try await client.bidirectional(
      "/inference.GRPCInferenceService/ModelStreamInfer", metadata: identity)
    for (id, model) in [("a", "simple"), ("b", "absent"), ("c", "simple")] {
      var request = Inference.ModelInferRequest.simple(model)
      request.id = id
      try await requests.send(request.serialized())
    }
    try await requests.finish()
    var ids: [String] = []
    var errors: [String] = []
    for try await bytes in responses {
      let message = try Inference.ModelStreamInferResponse(protobuf: bytes)
      ids.append(message.inferResponse?.id ?? "")
      errors.append(message.errorMessage)
    }
    #expect(ids == ["a", "b", "c"])
    #expect(errors == ["", "Request for unknown model: 'absent' is not found", ""])
    client.close()
    await server.drain()
  }

  @Test func withoutATenantNothingIsAnswered() async throws {
    let server = try await start()
    let client = try server.makeInProcessClient()
    for metadata in [[:], ["x-martlet-tenant": "../acme"], ["x-martlet-rights": "admin"]]
      as [Metadata]
    {
      for method in ["ServerLive", "ModelInfer", "RepositoryIndex"] {
        let error = await status {
          _ = try await client.unary(
            "/inference.GRPCInferenceService/\(method)", [], metadata: metadata)
        }
        #expect(error?.code == .permissionDenied, "\(method)")
      }
      let error = await status { _ = try await deploy(client, metadata: metadata) }
      #expect(error?.code == .permissionDenied)
    }
    #expect(folder.list("").filter { !$0.hasPrefix(".") } == [])
    client.close()
    await server.drain()
  }

  @Test func aPeerThatIsNoGatewayIsTurnedAway() async throws {
    let server = try await start { $0.peerRole = "gateway" }
    let client = try server.makeInProcessClient()
    for path in [Self.infer, "/martlet.v1.Models/ListModels", "/grpc.health.v1.Health/Check"] {
      let error = await status {
        _ = try await client.unary(path, [], metadata: identity)
      }
      #expect(error?.code == .unauthenticated, "\(path)")
    }
    client.close()
    await server.drain()
  }

  @Test(arguments: ["auth", "model", nil] as [String?])
  func onlyTheRoleGatewayPasses(_ role: String?) {
    let check = IdentityCheck(peerRole: "gateway")
    let refused = #expect(throws: RPCError.self) {
      try check.checkPeer(PeerIdentity(role: role, subject: "CN=x"))
    }
    #expect(refused?.code == .permissionDenied)
    #expect(throws: Never.self) {
      try check.checkPeer(PeerIdentity(role: "gateway", subject: "CN=g"))
    }
  }

  @Test func sharedMemoryIsUnimplementedAndItsStatusEmpty() async throws {
    let server = try await start()
    let client = try server.makeInProcessClient()
    for kind in ["System", "Cuda"] {
      let path = "/inference.GRPCInferenceService/\(kind)SharedMemory"
      #expect(try await client.unary(path + "Status", [], metadata: identity).isEmpty)
      for call in ["Register", "Unregister"] {
        let error = await status {
          _ = try await client.unary(path + call, [], metadata: identity)
        }
        #expect(error?.code == .unimplemented)
      }
    }
    client.close()
    await server.drain()
  }

  @Test func everyMethodOfTheServicesIsThere() async throws {
    let server = try await start()
    let client = try server.makeInProcessClient()
    // A method that isn't there says so with its own words; these have others, or none.
    for method in [
      "ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata", "ModelInfer",
      "ModelConfig", "ModelStatistics", "RepositoryIndex", "RepositoryModelLoad",
      "RepositoryModelUnload", "TraceSetting", "LogSettings",
    ] {
      let error = await status {
        _ = try await client.unary(
          "/inference.GRPCInferenceService/\(method)", [], metadata: identity)
      }
      #expect(error?.code != .unimplemented, "\(method)")
    }
    client.close()
    await server.drain()
  }

  @Test func nonsenseInsteadOfAMessageEndsOnlyItsCall() async throws {
    let server = try await start()
    let client = try server.makeInProcessClient()
    _ = try await deploy(client, metadata: identity)
    for bytes in [[0xff, 0xff], [0x0a, 0x7f], [0x0b, 0x0b]] as [[UInt8]] {
      let error = await status {
        _ = try await client.unary(Self.infer, bytes, metadata: identity)
      }
      #expect(error?.code == .internalError || error?.code == .invalidArgument)
    }
    _ = try await client.unary(
      Self.infer, Inference.ModelInferRequest.simple().serialized(), metadata: identity)
    client.close()
    await server.drain()
  }

  @Test func aDeploymentWhoseClientVanishesLeavesNothing() async throws {
    let server = try await start()
    let client = try server.makeInProcessClient()
    do {
      let (requests, _) = try await client.bidirectional(
        "/martlet.v1.Models/Deploy", metadata: identity)
      var request = MartletV1.DeployRequest()
      (request.name, request.path, request.data) = ("simple", "model.onnx", [1, 2, 3])
      try await requests.send(request.serialized())
      while folder.list("acme").isEmpty { await Task.yield() }
      client.close()
    }
    while !folder.list("acme").isEmpty { await Task.yield() }
    #expect(server.modelMemoryByteCount == 0)
    await server.drain()
  }
}
