internal import Protocols
internal import Compute
internal import RPC
internal import Synchronization
internal import TestSupport
internal import Testing

@testable import ModelService

@Suite struct RegistryTests {
  let key = ModelKey(tenant: "acme", name: "simple")

  @Test func manyFirstRequestsLoadOnce() async throws {
    let service = try Service()
    service.store("simple")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask { _ = try await service.dataPlane.infer(.simple(), caller: .user) }
      }
      try await group.waitForAll()
    }
    #expect(service.loader.loadCount == 1)
  }

  @Test func aDeploymentIsServedByEveryInstanceAtTheNextRequest() async throws {
    let first = try Service()
    let second = try Service(folder: first.folder, loader: first.loader)
    try first.deploy("simple")
    #expect(try await second.dataPlane.infer(.simple(), caller: .user).modelVersion == "1")
    try second.deploy("simple")
    #expect(try await first.dataPlane.infer(.simple(), caller: .user).modelVersion == "2")
    #expect(try await second.dataPlane.infer(.simple(), caller: .user).modelVersion == "2")
    try first.registry.delete(key, version: 2)
    #expect(try await second.dataPlane.infer(.simple(), caller: .user).modelVersion == "1")
    try second.registry.delete(key, version: nil)
    let gone = await status { _ = try await first.dataPlane.infer(.simple(), caller: .user) }
    #expect(gone?.code == .notFound)
    #expect(first.registry.memoryByteCount == 0)
  }

  @Test func aDeployedModelIsNotLoadedTwice() async throws {
    let service = try Service()
    try service.deploy("simple")
    _ = try await service.dataPlane.infer(.simple(), caller: .user)
    #expect(service.loader.loadCount == 1)
  }

  @Test func aVersionThatDoesNotLoadLeavesThePreviousOne() async throws {
    let service = try Service()
    service.store("simple", version: 1)
    _ = try await service.dataPlane.infer(.simple(), caller: .user)
    service.store("simple", version: 2, content: "nonsense")
    try service.registry.repository.setUnloaded(false, key)
    let response = try await service.dataPlane.infer(.simple(), caller: .user)
    #expect(response.modelVersion == "1")
    let lines = try await service.registry.index(key)
    #expect(lines.map(\.state) == [.ready, .unavailable])
    #expect(lines[1].reason == "the file is not a model")
    // A new process has no previous one in memory, and falls back just the same.
    let second = try Service(folder: service.folder, loader: service.loader)
    #expect(try await second.dataPlane.infer(.simple(), caller: .user).modelVersion == "1")
  }

  @Test func aFailureIsNotTriedAgainAtEveryRequest() async throws {
    let service = try Service()
    service.store("simple", content: "nonsense")
    for _ in 0..<5 {
      let error = await status { _ = try await service.dataPlane.infer(.simple(), caller: .user) }
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains("the file is not a model") == true)
    }
    #expect(service.loader.loadCount == 1)
  }

  @Test func allVersionsAreServedWhenThePolicySaysSo() async throws {
    let service = try Service()
    service.store("simple", version: 1)
    service.store("simple", version: 2, config: "version_policy { all { } }")
    for (version, answered) in [("", "2"), ("1", "1"), ("2", "2")] {
      var request = Inference.ModelInferRequest.simple()
      request.modelVersion = version
      let response = try await service.dataPlane.infer(request, caller: .user)
      #expect(response.modelVersion == answered)
    }
  }

  @Test func theMemoryBudgetRefusesWhatDoesNotFit() async throws {
    let service = try Service(memoryByteCountMax: 2500)
    for name in ["a", "b", "c"] { service.store(name) }
    for name in ["a", "b"] {
      _ = try await service.dataPlane.infer(.simple(name), caller: .user)
    }
    let error = await status { _ = try await service.dataPlane.infer(.simple("c"), caller: .user) }
    #expect(error?.code == .unavailable && error?.message.contains("at most 2500 bytes") == true)
    #expect(service.registry.memoryByteCount == 2000)
    // Room is made, and the model is asked for again.
    try await service.registry.unload(ModelKey(tenant: "acme", name: "a"))
    try await service.registry.load(ModelKey(tenant: "acme", name: "c"))
    _ = try await service.dataPlane.infer(.simple("c"), caller: .user)
  }

  @Test func whatCanNeverFitIsNotToldToComeAgain() throws {
    let service = try Service(memoryByteCountMax: 2500)
    service.loader.register("large") { .simple(memoryByteCount: 2501) }
    let words = "expected a model of at most 2500 bytes, which all models together may have, got "
    // By what it takes when it is loaded, and by its file.
    for (content, byteCount) in [("large", 2501), (String(repeating: "x", count: 3000), 3000)] {
      let error = #expect(throws: RPCError.self) { try service.deploy("a", content: content) }
      #expect(error?.code == .failedPrecondition)
      #expect(error?.message == words + "\(byteCount) bytes: it can never be loaded here")
      #expect(error?.metadata["retry-after"] == nil)
    }
    // Others are in the way of this one.
    for name in ["b", "c"] { try service.deploy(name) }
    let error = #expect(throws: RPCError.self) { try service.deploy("d") }
    #expect(error?.code == .resourceExhausted && error?.metadata["retry-after"] == "30")
    #expect(error?.message.contains("got 2000 bytes that are loaded and 1000 more") == true)
  }

  @Test func equalNamesOfTwoTenantsAreTwoModels() async throws {
    let service = try Service()
    service.loader.register("identity") { .identity(.int32) }
    service.store("simple", tenant: "acme")
    service.store("simple", content: "identity", tenant: "umbrella")
    _ = try await service.dataPlane.infer(.simple(), caller: .user)
    let error = await status { _ = try await service.dataPlane.infer(.simple(), caller: .stranger) }
    #expect(error?.message.hasPrefix("expected 1 inputs but got 2 inputs") == true)
    #expect(Set(service.registry.loadedModels.map(\.key.tenant)) == ["acme", "umbrella"])
  }

  /// Deployments, deletions, loads, unloads and inferences from many tasks on two instances: only
  /// the statuses that the state of the model allows, and both agree in the end.
  @Test(arguments: [11, 12, 13] as [UInt64])
  func concurrentChangesAndRequestsAgree(_ seed: UInt64) async throws {
    let first = try Service()
    let second = try Service(folder: first.folder, loader: first.loader)
    let key = key
    try first.deploy("simple")
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<6 {
        var generator = SplitMix64(state: seed &* 100 &+ UInt64(task))
        group.addTask {
          for _ in 0..<40 {
            let service = Bool.random(using: &generator) ? first : second
            let choice = Int.random(in: 0..<10, using: &generator)
            let error = await status {
              switch choice {
              case 0: try service.deploy("simple")
              case 1: try await service.registry.unload(key)
              case 2: try await service.registry.load(key)
              case 3:
                try service.registry.delete(
                  key, version: Int64.random(in: 1...9, using: &generator))
              case 4:
                let brings = Bool.random(using: &generator)
                try await service.registry.load(
                  key,
                  with: ModelOverride(
                    configuration: Array("{\"max_batch_size\":4}".utf8),
                    files: brings ? [3: ["model.onnx": Array("simple".utf8)[...]]] : [:]),
                  limits: DeployLimits())
              default:
                let response = try await service.dataPlane.infer(.simple(), caller: .user)
                #expect(elements(response.rawOutputContents[0], Int32.self).first == 5)
              }
            }
            if let error {
              let allowed: [StatusCode] = [.notFound, .unavailable, .invalidArgument]
              #expect(allowed.contains(error.code), "\(error)")
            }
          }
        }
      }
    }
    // Quiet now: a last deployment is what both serve.
    let version = String(try first.deploy("simple"))
    #expect(try await first.dataPlane.infer(.simple(), caller: .user).modelVersion == version)
    #expect(try await second.dataPlane.infer(.simple(), caller: .user).modelVersion == version)
    #expect(first.registry.loadedModels.count == 1 && second.registry.loadedModels.count == 1)
    print("seed \(seed)")
  }
}
