internal import Compute
public import Protocols
internal import RPC

/// `martlet.v1.Models` without a socket: what `martlet model` asks for.
public final class ModelManagement: Sendable {
  private let registry: Registry
  private let limits: DeployLimits

  init(registry: Registry, limits: DeployLimits) {
    self.registry = registry
    self.limits = limits
  }

  /// Begins a deployment with its first part.
  public func deploy(
    _ first: MartletV1.DeployRequest, caller: Caller
  ) throws -> Deployment {
    try Deployment(first, caller: caller, registry: registry, limits: limits)
  }

  /// The tenant's models that the key may see.
  public func list(caller: Caller) async throws -> MartletV1.ListModelsResponse {
    try caller.require([.infer, .deploy])
    var response = MartletV1.ListModelsResponse()
    let lines = try await registry.index(for: caller)
    var byName: [String: [Registry.IndexLine]] = [:]
    for line in lines where caller.maySee(line.name) { byName[line.name, default: []].append(line) }
    for name in byName.keys.sorted() {
      response.models.append(await info(name, caller, byName[name] ?? []))
    }
    return response
  }

  /// One model with its versions and tensors.
  public func show(
    _ request: MartletV1.ShowModelRequest, caller: Caller
  ) async throws -> MartletV1.ShowModelResponse {
    try caller.require([.infer, .deploy], model: request.name)
    var response = MartletV1.ShowModelResponse()
    response.model = try await info(request.name, caller)
    return response
  }

  /// Serves a model again that was unloaded.
  public func load(
    _ request: MartletV1.LoadModelRequest, caller: Caller
  ) async throws -> MartletV1.LoadModelResponse {
    try caller.require(.deploy, model: request.name)
    let key = key(request.name, caller)
    try await registry.load(key)
    var response = MartletV1.LoadModelResponse()
    response.model = try await info(request.name, caller)
    return response
  }

  /// Stops serving a model in all processes; it stays stored.
  public func unload(
    _ request: MartletV1.UnloadModelRequest, caller: Caller
  ) async throws -> MartletV1.UnloadModelResponse {
    try caller.require(.deploy, model: request.name)
    try await registry.unload(key(request.name, caller))
    return MartletV1.UnloadModelResponse()
  }

  /// Removes a version, or the model, for good.
  public func delete(
    _ request: MartletV1.DeleteModelRequest, caller: Caller
  ) throws -> MartletV1.DeleteModelResponse {
    try caller.require(.deploy, model: request.name)
    guard request.version >= 0 else {
      throw RPCError.invalid(
        "expected a version of 1 or more, or 0 for all of them, got \(request.version)")
    }
    try registry.delete(
      key(request.name, caller), version: request.version == 0 ? nil : request.version)
    return MartletV1.DeleteModelResponse()
  }

  private func key(_ name: String, _ caller: Caller) -> ModelKey {
    ModelKey(tenant: caller.tenant, name: name)
  }

  private func info(_ name: String, _ caller: Caller) async throws -> MartletV1.ModelInfo {
    var lines = try await registry.index(key(name, caller))
    if lines.isEmpty, let shared = try registry.sharedKey(name, for: caller) {
      lines = try await registry.index(shared)
    }
    guard !lines.isEmpty else {
      throw RPCError.notFound("Request for unknown model: '\(name)' is not found")
    }
    return await info(name, caller, lines)
  }

  private func info(
    _ name: String, _ caller: Caller, _ lines: [Registry.IndexLine]
  ) async -> MartletV1.ModelInfo {
    var info = MartletV1.ModelInfo()
    info.name = name
    info.platform = registry.loader.platform
    info.versions = lines.map { line in
      var version = MartletV1.ModelVersion()
      version.version = line.version
      version.state = line.state.rawValue
      version.reason = line.reason
      version.byteSize = line.byteCount
      return version
    }
    // A model that can't be loaded still has its versions and their reasons to show.
    guard let model = try? await registry.resolve(name, version: "", for: caller) else {
      return info
    }
    info.platform = model.config.platform
    info.inputs = model.signature.acceptedInputs.map(Self.info)
    info.outputs = model.signature.outputs.map(Self.info)
    info.maxBatchSize = model.config.maxBatchSize
    return info
  }

  private static func info(_ tensor: ModelSignature.Tensor) -> MartletV1.TensorInfo {
    var info = MartletV1.TensorInfo()
    info.name = tensor.name
    info.datatype = tensor.dataType.oipName
    info.shape = tensor.shape.map(Int64.init)
    return info
  }
}
