public import Protocols
internal import RPC

/// Triton's model repository extension, for the caller's own tenant.
extension DataPlane {
  /// The tenant's models that the key may see.
  public func repositoryIndex(
    _ request: Inference.RepositoryIndexRequest, caller: Caller
  ) async throws -> Inference.RepositoryIndexResponse {
    try caller.require([.infer, .deploy])
    try Self.checkRepository(request.repositoryName)
    var response = Inference.RepositoryIndexResponse()
    for line in try await registry.index(for: caller) {
      guard caller.maySee(line.name), !request.ready || line.state == .ready else { continue }
      var model = Inference.RepositoryIndexResponse.ModelIndex()
      model.name = line.name
      model.version = String(line.version)
      model.state = line.state.rawValue
      model.reason = line.reason
      response.models.append(model)
    }
    return response
  }

  /// Loads a model that was unloaded, or tries again one that failed; with `config` and `file:`, what
  /// the request brings is served instead of what was deployed.
  public func load(
    _ request: Inference.RepositoryModelLoadRequest, caller: Caller
  ) async throws -> Inference.RepositoryModelLoadResponse {
    try caller.require(.deploy, model: request.modelName)
    try Self.checkRepository(request.repositoryName)
    let key = ModelKey(tenant: caller.tenant, name: request.modelName)
    if let override = try LoadParameters(request.parameters, key).override {
      try await registry.load(key, with: override, limits: settings.deployLimits)
    } else {
      try await registry.load(key)
    }
    return Inference.RepositoryModelLoadResponse()
  }

  /// Unloads a model in all processes; it stays stored.
  public func unload(
    _ request: Inference.RepositoryModelUnloadRequest, caller: Caller
  ) async throws -> Inference.RepositoryModelUnloadResponse {
    try caller.require(.deploy, model: request.modelName)
    try Self.checkRepository(request.repositoryName)
    for (name, value) in request.parameters {
      // There are no ensembles, so no model has dependents, and either answer is the same.
      guard name == "unload_dependents", case .boolParam = value.parameterChoice else {
        throw RPCError.invalid(
          "unrecognized unload parameter '\(name.clipped)': expected unload_dependents "
            + "(bool_param)")
      }
    }
    try await registry.unload(ModelKey(tenant: caller.tenant, name: request.modelName))
    return Inference.RepositoryModelUnloadResponse()
  }

  private static func checkRepository(_ name: String) throws(RPCError) {
    guard name.isEmpty else {
      throw .invalid("expected no repository_name (there is one repository), got one")
    }
  }
}
