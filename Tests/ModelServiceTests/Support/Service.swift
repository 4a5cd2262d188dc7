internal import Compute
internal import Protocols
internal import RPC

@testable import ModelService

/// A model service without a socket over a folder of its own.
final class Service: Sendable {
  let folder: TemporaryFolder
  let loader: TestLoader
  let registry: Registry
  let dataPlane: DataPlane
  let management: ModelManagement

  init(
    folder: TemporaryFolder = TemporaryFolder(), loader: TestLoader = TestLoader(),
    engineLoader: (any EngineLoader)? = nil, memoryByteCountMax: Int = 1 << 30,
    limits: DeployLimits = DeployLimits(), settings: ExecutionSettings = ExecutionSettings(),
    workers: WorkerThreads = WorkerThreads(count: 2, name: "test"),
    step: @escaping DirectoryRepository.StepHook = { _ throws(RepositoryError) in }
  ) throws {
    self.folder = folder
    self.loader = loader
    registry = Registry(
      repository: try DirectoryRepository(path: folder.path, step: step),
      loader: engineLoader ?? loader,
      memoryByteCountMax: memoryByteCountMax,
      execution: ExecutionResources(settings: settings, workers: workers, timer: DeadlineTimer()))
    dataPlane = DataPlane(registry: registry, settings: DataPlaneSettings())
    management = ModelManagement(registry: registry, limits: limits)
  }

  /// Puts files where a repository keeps them.
  func store(
    _ model: String, version: Int = 1, content: String = "simple", config: String? = nil,
    tenant: String = "acme"
  ) {
    folder.write("\(tenant)/\(model)/\(version)/model.onnx", Array(content.utf8))
    if let config {
      folder.write("\(tenant)/\(model)/\(version)/config.pbtxt", Array(config.utf8))
    }
  }

  /// Deploys through the service, in two parts.
  @discardableResult
  func deploy(
    _ model: String, content: String = "simple", config: String? = nil, version: Int64 = 0,
    caller: Caller = .deployer
  ) throws -> Int64 {
    var first = MartletV1.DeployRequest()
    (first.name, first.version) = (model, version)
    (first.path, first.data) = ("model.onnx", Array(content.utf8))
    let deployment = try management.deploy(first, caller: caller)
    if let config {
      var part = MartletV1.DeployRequest()
      (part.path, part.data) = ("config.pbtxt", Array(config.utf8))
      try deployment.receive(part)
    }
    return try deployment.finish().version
  }
}

extension Caller {
  static let user = Caller(tenant: "acme", actions: [.infer])
  static let deployer = Caller(tenant: "acme", actions: [.infer, .deploy])
  static let stranger = Caller(tenant: "umbrella", actions: [.infer, .deploy])
}

extension Inference.ModelInferRequest {
  /// A raw request for `simple`.
  static func simple(
    _ model: String = "simple", rows: Int = 1, left: Int32 = 3, right: Int32 = 2
  ) -> Self {
    var request = Self()
    request.modelName = model
    request.inputs = ["INPUT0", "INPUT1"].map {
      InputTensor(name: $0, datatype: "INT32", shape: [Int64(rows), 16])
    }
    request.rawInputContents = [left, right].map {
      bytes([Int32](repeating: $0, count: rows * 16))[...]
    }
    return request
  }
}

/// The status that `body` throws, or nil when it doesn't.
func status(_ body: () async throws -> Void) async -> RPCError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? RPCError
  }
}
