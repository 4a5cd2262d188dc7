internal import Protocols
internal import RPC
internal import Testing

@testable import ModelService

@Suite struct QueryTests {
  let service: Service

  init() throws {
    service = try Service()
    service.store("simple", config: "max_batch_size: 8 dynamic_batching { }")
    service.store("broken", content: "nonsense")
  }

  @Test func theServerNamesOnlyWhatItImplements() {
    let metadata = service.dataPlane.serverMetadata()
    #expect(metadata.name == "martlet" && !metadata.version.isEmpty)
    // What isn't implemented (shared memory, trace, logging) isn't promised.
    #expect(
      metadata.extensions == [
        "binary_tensor_data", "classification", "model_configuration", "model_repository",
        "model_repository(unload_dependents)", "schedule_policy", "sequence", "statistics",
      ])
  }

  @Test func readinessIsAQuestionAndNotAnError() async throws {
    for (name, version, ready) in [
      ("simple", "", true), ("simple", "1", true), ("simple", "2", false), ("broken", "", false),
      ("absent", "", false),
    ] {
      var request = Inference.ModelReadyRequest()
      (request.name, request.version) = (name, version)
      let response = try await service.dataPlane.modelReady(request, caller: .user)
      #expect(response.ready == ready, "\(name) \(version)")
    }
  }

  @Test func metadataShowsTheBatchDimension() async throws {
    var request = Inference.ModelMetadataRequest()
    request.name = "simple"
    let metadata = try await service.dataPlane.modelMetadata(request, caller: .user)
    #expect(metadata.name == "simple" && metadata.versions == ["1"] && metadata.platform == "test")
    #expect(metadata.inputs.map(\.name) == ["INPUT0", "INPUT1"])
    #expect(metadata.inputs.map(\.datatype) == ["INT32", "INT32"])
    #expect(metadata.inputs.map(\.shape) == [[-1, 16], [-1, 16]])
    var config = Inference.ModelConfigRequest()
    config.name = "simple"
    let answer = try await service.dataPlane.modelConfig(config, caller: .user)
    #expect(answer.config?.maxBatchSize == 8 && answer.config?.input.first?.dims == [16])
    let refused = await status {
      _ = try await service.dataPlane.modelMetadata(request, caller: .stranger)
    }
    #expect(refused?.code == .notFound)
  }

  @Test func statisticsCountRequestsRowsAndRuns() async throws {
    for rows in [1, 3, 3] {
      _ = try await service.dataPlane.infer(.simple(rows: rows), caller: .user)
    }
    _ = await status { _ = try await service.dataPlane.infer(.simple(rows: 99), caller: .user) }
    _ = await status {
      _ = try await service.dataPlane.infer(.simple(left: -666), caller: .user)
    }
    var request = Inference.ModelStatisticsRequest()
    request.name = "simple"
    let statistics = try await service.dataPlane.modelStatistics(request, caller: .user)
      .modelStats[0]
    #expect(statistics.name == "simple" && statistics.version == "1")
    #expect(statistics.inferenceCount == 7 && statistics.executionCount == 3)
    #expect(statistics.lastInference > 1_600_000_000_000)
    let counts = try #require(statistics.inferenceStats)
    #expect(counts.success?.count == 3 && counts.fail?.count == 2)
    #expect(counts.queue?.count == 3 && counts.computeInfer?.count == 3)
    #expect((counts.success?.ns ?? 0) >= (counts.computeInfer?.ns ?? 0))
    #expect(statistics.batchStats.map(\.batchSize) == [1, 3])
    #expect(statistics.batchStats.map { $0.computeInfer?.count } == [1, 2])
    #expect(statistics.memoryUsage.first?.byteSize == 1000)
    // All models: only this tenant's.
    request.name = ""
    let all = try await service.dataPlane.modelStatistics(request, caller: .user)
    #expect(all.modelStats.map(\.name) == ["simple"])
    let none = try await service.dataPlane.modelStatistics(request, caller: .stranger)
    #expect(none.modelStats.isEmpty)
  }

  @Test func theIndexIsTheTenantsOwnWithReasons() async throws {
    service.store("other", tenant: "umbrella")
    var index = try await service.dataPlane.repositoryIndex(.init(), caller: .user).models
    #expect(index.map(\.name) == ["broken", "simple"])
    #expect(index.map(\.state) == ["UNAVAILABLE", "READY"])
    #expect(index[0].reason == "the file is not a model")
    var ready = Inference.RepositoryIndexRequest()
    ready.ready = true
    index = try await service.dataPlane.repositoryIndex(ready, caller: .user).models
    #expect(index.map(\.name) == ["simple"])
    let some = Caller(tenant: "acme", actions: [.infer], modelPatterns: ["b*"])
    index = try await service.dataPlane.repositoryIndex(.init(), caller: some).models
    #expect(index.map(\.name) == ["broken"])
  }

  @Test func loadAndUnloadAreForGood() async throws {
    var load = Inference.RepositoryModelLoadRequest()
    load.modelName = "simple"
    var unload = Inference.RepositoryModelUnloadRequest()
    unload.modelName = "simple"
    _ = try await service.dataPlane.unload(unload, caller: .deployer)
    let error = await status { _ = try await service.dataPlane.infer(.simple(), caller: .user) }
    #expect(error?.code == .unavailable)
    #expect(
      error?.message == "Request for unknown model: 'simple' has no available versions")
    #expect(service.registry.memoryByteCount == 0)
    let index = try await service.dataPlane.repositoryIndex(.init(), caller: .user).models
    #expect(index.last?.state == "UNAVAILABLE" && index.last?.reason == "unloaded")
    // Another process starts: the wish is known there too.
    let second = try Service(folder: service.folder, loader: service.loader)
    #expect(
      await status { _ = try await second.dataPlane.infer(.simple(), caller: .user) }?.code
        == .unavailable)
    _ = try await second.dataPlane.load(load, caller: .deployer)
    _ = try await service.dataPlane.infer(.simple(), caller: .user)
  }

  @Test func repositoryControlIsRefusedWhereItDoesNotApply() async {
    var load = Inference.RepositoryModelLoadRequest()
    load.modelName = "simple"
    func loading(as caller: Caller = .deployer) async -> RPCError? {
      await status { _ = try await service.dataPlane.load(load, caller: caller) }
    }
    #expect(await loading(as: .user)?.code == .permissionDenied)
    var parameter = Inference.ModelRepositoryParameter()
    parameter.parameterChoice = .stringParam("{}")
    load.parameters = ["colour": parameter]
    #expect(await loading()?.code == .invalidArgument)
    load.parameters = [:]
    load.modelName = "absent"
    #expect(await loading()?.code == .notFound)
    load.modelName = "broken"
    let failed = await loading()
    #expect(failed?.message.hasPrefix("failed to load 'broken'") == true)
    load.repositoryName = "s3://elsewhere"
    #expect(await loading()?.code == .invalidArgument)
  }

  @Test func settingsCanBeReadAndNotChanged() throws {
    let trace = try service.dataPlane.traceSetting(.init(), caller: .user)
    #expect(trace.settings["trace_level"]?.value == ["OFF"])
    var change = Inference.TraceSettingRequest()
    change.settings["trace_level"] = .init()
    #expect(throws: RPCError.self) {
      try service.dataPlane.traceSetting(change, caller: .user)
    }
    let log = try service.dataPlane.logSettings(.init(), caller: .user)
    #expect(log.settings["log_verbose_level"]?.parameterChoice == .uint32Param(0))
    var verbose = Inference.LogSettingsRequest()
    verbose.settings["log_info"] = .init()
    #expect(throws: RPCError.self) {
      try service.dataPlane.logSettings(verbose, caller: .user)
    }
  }
}
