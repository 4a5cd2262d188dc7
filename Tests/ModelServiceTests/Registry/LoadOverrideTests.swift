internal import Compute
internal import Protocols
internal import RPC
internal import Testing

@testable import ModelService

/// Loads with `config` and `file:`, as Triton's clients send them.
@Suite struct LoadOverrideTests {
  let service: Service

  init() throws {
    service = try Service()
    service.loader.register("identity") { .identity(.int32) }
    try service.deploy("simple", config: "max_batch_size: 8")
  }

  func request(
    _ config: String?, files: [String: String] = [:], model: String = "simple"
  ) -> Inference.RepositoryModelLoadRequest {
    var request = Inference.RepositoryModelLoadRequest()
    request.modelName = model
    if let config {
      var parameter = Inference.ModelRepositoryParameter()
      parameter.parameterChoice = .stringParam(config)
      request.parameters["config"] = parameter
    }
    for (name, content) in files {
      var parameter = Inference.ModelRepositoryParameter()
      parameter.parameterChoice = .bytesParam(Array(content.utf8))
      request.parameters[name] = parameter
    }
    return request
  }

  func load(
    _ config: String?, files: [String: String] = [:], model: String = "simple",
    caller: Caller = .deployer
  ) async -> RPCError? {
    await status {
      _ = try await service.dataPlane.load(
        request(config, files: files, model: model), caller: caller)
    }
  }

  func batchSizeMax(_ service: Service) async throws -> Int32? {
    var question = Inference.ModelConfigRequest()
    question.name = "simple"
    return try await service.dataPlane.modelConfig(question, caller: .user).config?.maxBatchSize
  }

  func unload() async throws {
    var request = Inference.RepositoryModelUnloadRequest()
    request.modelName = "simple"
    _ = try await service.dataPlane.unload(request, caller: .deployer)
  }

  @Test func aConfigurationHoldsInEveryInstanceUntilTheNextLoad() async throws {
    let second = try Service(folder: service.folder, loader: service.loader)
    #expect(try await batchSizeMax(second) == 8)
    #expect(await load("{\"max_batch_size\":\"16\"}") == nil)
    #expect(try await batchSizeMax(service) == 16)
    #expect(try await batchSizeMax(second) == 16)
    _ = try await second.dataPlane.infer(.simple(rows: 16), caller: .user)
    // Also in one that starts later.
    let third = try Service(folder: service.folder, loader: service.loader)
    #expect(try await batchSizeMax(third) == 16)
    #expect(await load(nil) == nil)
    for instance in [service, second, third] { #expect(try await batchSizeMax(instance) == 8) }
  }

  @Test func anUnloadAndADeploymentEndItToo() async throws {
    #expect(await load("{\"max_batch_size\":16}") == nil)
    try await unload()
    #expect(await load(nil) == nil)
    #expect(try await batchSizeMax(service) == 8)
    #expect(await load("{\"max_batch_size\":16}") == nil)
    try service.deploy("simple")
    #expect(try await batchSizeMax(service) == 8, "a deployment inherits what was deployed")
  }

  @Test func anUnloadedModelCanBeLoadedWithAConfiguration() async throws {
    try await unload()
    #expect(await load("{\"max_batch_size\":2}") == nil)
    #expect(try await batchSizeMax(service) == 2)
  }

  @Test func filesReplaceTheDeployedModel() async throws {
    let files = ["file:3/model.onnx": "identity", "file:3/labels.txt": "a"]
    #expect(await load("{\"max_batch_size\":4}", files: files) == nil)
    let error = await status { _ = try await service.dataPlane.infer(.simple(), caller: .user) }
    #expect(error?.message.contains("expected 1 inputs but got 2") == true)
    let lines = try await service.registry.index(ModelKey(tenant: "acme", name: "simple"))
    #expect(lines.map(\.version) == [3] && lines.map(\.state) == [.ready])
    #expect(await load(nil) == nil)
    #expect(try await service.dataPlane.infer(.simple(), caller: .user).modelVersion == "1")
  }

  @Test func aModelMayConsistOfTheFilesOfALoad() async throws {
    #expect(await load("{}", files: ["file:1/model.onnx": "simple"], model: "visiting") == nil)
    _ = try await service.dataPlane.infer(.simple("visiting"), caller: .user)
    let again = await load(nil, model: "visiting")
    #expect(again?.code == .notFound && again?.message.hasPrefix("failed to load") == true)
    _ = try await service.dataPlane.infer(.simple("visiting"), caller: .user)
    var request = Inference.RepositoryModelUnloadRequest()
    request.modelName = "visiting"
    _ = try await service.dataPlane.unload(request, caller: .deployer)
    let gone = await status {
      _ = try await service.dataPlane.infer(.simple("visiting"), caller: .user)
    }
    #expect(gone?.code == .notFound)
    #expect(await load("{}", model: "visiting")?.code == .notFound)
  }

  @Test(
    arguments: [
      ("\"parameters\": {\"config\": {{\"max_batch_size\": \"16\"}}}", [:], "line 1, column"),
      ("{\"max_batch\":1}", [:], "expected a field of ModelConfig, got 'max_batch'"),
      ("{\"backend\":\"python\"}", [:], "expected backend"),
      ("{\"model_transaction_policy\":{\"decoupled\":true}}", [:], "decoupled: true"),
      ("{\"input\":[{\"name\":\"x\"},{\"name\":\"y\"}]}", [:], "got 'x'"),
      ("{\"version_policy\":{\"specific\":{\"versions\":[9]}}}", [:], "version_policy"),
      ("{}", ["file:1/model.onnx": "nonsense"], "the file is not a model"),
      ("{}", ["file:1/weights.bin": "x"], "expected a file model.onnx"),
      (nil, ["file:1/model.onnx": "simple"], "expected the parameter 'config' along with"),
      ("{}", ["file:model.onnx": "simple"], "Invalid file path"),
      ("{}", ["file:0/model.onnx": "simple"], "Invalid file path"),
      ("{}", ["file:01/model.onnx": "simple"], "Invalid file path"),
      ("{}", ["file:1/../model.onnx": "simple"], "Invalid file path"),
      ("{}", ["file:1/.hidden": "simple"], "Invalid file path"),
      ("{}", ["file:../1/model.onnx": "simple"], "Invalid file path"),
      ("{}", ["file:" + String(repeating: "A", count: 256): "x"], "Invalid file path"),
      ("{}", ["colour": "blue"], "unrecognized load parameter 'colour'"),
    ] as [(String?, [String: String], String)])
  func whatCannotBeServedChangesNothing(
    _ config: String?, _ files: [String: String], _ part: String
  ) async throws {
    let before = service.folder.list("acme")
    let generation = service.registry.repository.generation
    let error = await load(config, files: files)
    #expect(error?.code == .invalidArgument, "\(String(describing: error))")
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    #expect(service.folder.list("acme") == before)
    #expect(service.folder.list("acme/simple") == ["1"])
    #expect(service.registry.repository.generation == generation)
    #expect(try await service.dataPlane.infer(.simple(), caller: .user).modelVersion == "1")
  }

  @Test func parametersHaveTheirTypes() async {
    var request = request("{}")
    request.parameters["config"]?.parameterChoice = .bytesParam([])
    let config = await status { _ = try await service.dataPlane.load(request, caller: .deployer) }
    #expect(config?.message.contains("expected string_param") == true)
    request = self.request("{}", files: ["file:1/model.onnx": "x"])
    request.parameters["file:1/model.onnx"]?.parameterChoice = .stringParam("simple")
    let file = await status { _ = try await service.dataPlane.load(request, caller: .deployer) }
    #expect(file?.message.contains("expected bytes_param") == true)
  }

  @Test func onlyTheOwnersDeployersMay() async throws {
    #expect(await load("{}", caller: .user)?.code == .permissionDenied)
    let limited = Caller(tenant: "acme", actions: [.deploy], modelPatterns: ["other-*"])
    #expect(await load("{}", caller: limited)?.code == .permissionDenied)
    #expect(await load("{\"max_batch_size\":16}", caller: .stranger)?.code == .notFound)
    #expect(await load("{}", files: ["file:1/model.onnx": "identity"], caller: .stranger) == nil)
    #expect(try await batchSizeMax(service) == 8)
    _ = try await service.dataPlane.infer(.simple(), caller: .user)
  }

  @Test func itIsLoadedOnceAndChecksTheMemoryBudget() async throws {
    let count = service.loader.loadCount
    #expect(await load("{\"max_batch_size\":16}") == nil)
    _ = try await service.dataPlane.infer(.simple(rows: 16), caller: .user)
    #expect(service.loader.loadCount == count + 1)
    service.loader.register("huge") { .simple(memoryByteCount: 2 << 30) }
    let error = await load("{}", files: ["file:1/model.onnx": "huge"])
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message.contains("can never be loaded here") == true)
    #expect(try await batchSizeMax(service) == 16)
  }
}
