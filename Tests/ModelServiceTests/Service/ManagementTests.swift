internal import Glibc
internal import Protocols
internal import RPC
internal import Testing

@testable import ModelService

@Suite struct ManagementTests {
  @Test func aDeploymentIsServedAndListed() async throws {
    let service = try Service()
    #expect(try service.deploy("simple", config: "max_batch_size: 8") == 1)
    #expect(try service.deploy("simple") == 2)
    let list = try await service.management.list(caller: .user)
    #expect(list.models.map(\.name) == ["simple"])
    let model = list.models[0]
    #expect(model.versions.map(\.version) == [1, 2])
    #expect(model.versions.map(\.state) == ["UNAVAILABLE", "READY"])
    #expect(model.versions[0].reason == "not served by policy")
    #expect(model.maxBatchSize == 8, "the configuration is kept")
    #expect(model.inputs.map(\.name) == ["INPUT0", "INPUT1"])
    #expect(model.inputs[0].datatype == "INT32" && model.inputs[0].shape == [-1, 16])
    #expect(try await service.management.list(caller: .stranger).models.isEmpty)
    var show = MartletV1.ShowModelRequest()
    show.name = "simple"
    #expect(try await service.management.show(show, caller: .user).model == model)
    let stranger = await status {
      _ = try await service.management.show(show, caller: .stranger)
    }
    #expect(stranger?.code == .notFound)
  }

  @Test func whatDoesNotLoadLeavesNoTrace() async throws {
    let service = try Service()
    try service.deploy("simple")
    for (content, config, part) in [
      ("nonsense", "", "the file is not a model"),
      ("simple", "max_batch_size: x", "line 1, column 17"),
      ("simple", "input [{ name: 'INPUT9' }, { name: 'INPUT1' }]", "'INPUT9'"),
      ("simple", "ensemble_scheduling { }", "not supported"),
    ] {
      let error = await status { try service.deploy("simple", content: content, config: config) }
      #expect(error?.code == .invalidArgument && error?.message.contains(part) == true, "\(part)")
    }
    #expect(service.folder.list("acme") == ["simple"])
    #expect(service.folder.list("acme/simple") == ["1"])
    #expect(try await service.dataPlane.infer(.simple(), caller: .user).modelVersion == "1")
    #expect(service.registry.loadedModels.count == 1)
  }

  @Test func partsMustBelongTogether() async throws {
    let service = try Service()
    var first = MartletV1.DeployRequest()
    var error = await status { _ = try service.management.deploy(first, caller: .deployer) }
    #expect(error?.code == .invalidArgument)
    first.name = "../etc"
    (first.path, first.data) = ("model.onnx", [1])
    error = await status { _ = try service.management.deploy(first, caller: .deployer) }
    #expect(error?.code == .invalidArgument && error?.message.contains("expected a name") == true)
    first.name = "simple"
    error = await status { _ = try service.management.deploy(first, caller: .user) }
    #expect(error?.code == .permissionDenied)
    let other = Caller(tenant: "acme", actions: [.deploy], modelPatterns: ["wine"])
    error = await status { _ = try service.management.deploy(first, caller: other) }
    #expect(error?.code == .permissionDenied)
    let deployment = try service.management.deploy(first, caller: .deployer)
    var part = MartletV1.DeployRequest()
    (part.name, part.path) = ("wine", "model.onnx")
    error = await status { try deployment.receive(part) }
    #expect(error?.code == .invalidArgument)
    part.name = ""
    part.path = "../../wine/1/model.onnx"
    error = await status { try deployment.receive(part) }
    #expect(error?.code == .invalidArgument)
    deployment.abort()
    #expect(service.folder.list("acme") == [])
  }

  @Test func limitsEndADeploymentWithoutATrace() async throws {
    var limits = DeployLimits()
    limits.byteCountMax = 1000
    let service = try Service(limits: limits)
    let error = await status {
      try service.deploy("simple", content: String(repeating: "x", count: 1001))
    }
    #expect(error?.code == .resourceExhausted && error?.message.contains("1000") == true)
    #expect(service.folder.list("acme") == [])
  }

  @Test func aDeploymentOverTheMemoryBudgetIsRefused() async throws {
    let service = try Service(memoryByteCountMax: 1500)
    try service.deploy("one")
    let error = await status { try service.deploy("two") }
    #expect(error?.code == .resourceExhausted && error?.metadata["retry-after"] != nil)
    #expect(service.folder.list("acme") == ["one"])
  }

  @Test func deletingIsForGood() async throws {
    let service = try Service()
    try service.deploy("simple")
    try service.deploy("simple")
    var delete = MartletV1.DeleteModelRequest()
    (delete.name, delete.version) = ("simple", 2)
    #expect(
      await status { _ = try service.management.delete(delete, caller: .user) }?.code
        == .permissionDenied)
    #expect(
      await status { _ = try service.management.delete(delete, caller: .stranger) }?.code
        == .notFound)
    _ = try service.management.delete(delete, caller: .deployer)
    #expect(try await service.dataPlane.infer(.simple(), caller: .user).modelVersion == "1")
    delete.version = 0
    _ = try service.management.delete(delete, caller: .deployer)
    #expect(
      await status { _ = try await service.dataPlane.infer(.simple(), caller: .user) }?.code
        == .notFound)
    #expect(service.folder.list("acme") == [])
  }

  /// Every hostile file of the fixtures, through the real loader: refused with a sentence and
  /// nothing stored.
  @Test func hostileFilesAreRefusedWithASentence() async throws {
    let service = try Service(engineLoader: ONNXEngineLoader())
    let names = try hostileNames()
    #expect(names.count > 50)
    func deployAll() async throws {
      for name in names {
        let content = try Fixtures.bytes("Tests/Fixtures/hostile/\(name)")
        var first = MartletV1.DeployRequest()
        (first.name, first.path, first.data) = ("hostile", "model.onnx", content)
        let error = await status {
          let deployment = try service.management.deploy(first, caller: .deployer)
          _ = try deployment.finish()
        }
        #expect(error?.code == .invalidArgument, "\(name): \(error?.description ?? "served")")
        #expect(error?.message.contains("/proc") == false, "\(name)")
      }
    }
    try await deployAll()
    #expect(service.folder.list("acme") == [])
    #expect(service.registry.memoryByteCount == 0)
  }

  @Test func memoryReturnsAfterRefusedDeployments() async throws {
    let service = try Service(engineLoader: ONNXEngineLoader())
    // A tensor field whose data is cut off: 16 MiB are read before that shows.
    let content = [0x3a, 0xff, 0xff, 0xff, 0x7f] + [UInt8](repeating: 7, count: 16 << 20)
    func deploy() async {
      var first = MartletV1.DeployRequest()
      (first.name, first.path, first.data) = ("hostile", "model.onnx", content)
      let error = await status {
        _ = try service.management.deploy(first, caller: .deployer).finish()
      }
      #expect(error?.code == .invalidArgument)
    }
    await deploy()
    let before = residentByteCount()
    for _ in 0..<20 { await deploy() }
    let grown = residentByteCount() - before
    // Other tests run beside this one; keeping one deployment in four would show all the same.
    #expect(grown < 64 << 20, "\(grown) bytes more after 320 MiB of refused deployments")
    #expect(service.folder.list("acme") == [])
    #expect(service.registry.memoryByteCount == 0)
  }

  private func hostileNames() throws -> [String] {
    var names: [String] = []
    guard let stream = opendir("\(Fixtures.root)/Tests/Fixtures/hostile") else { return [] }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasSuffix(".onnx") { names.append(name) }
    }
    return names.sorted()
  }

  private func residentByteCount() -> Int {
    let fields = (try? readAll("/proc/self/statm")).map { String(decoding: $0, as: UTF8.self) }
    return (fields?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
  }
}
