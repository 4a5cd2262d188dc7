internal import Compute
public import Protocols
internal import RPC

/// Questions about the server and its models.
extension DataPlane {
  /// What this server implements beyond the six calls of the protocol, some of it in the gateway.
  static let extensions = [
    "binary_tensor_data", "classification", "model_configuration", "model_repository",
    "model_repository(unload_dependents)", "schedule_policy", "sequence", "statistics",
  ]

  /// The server's name, version and extensions.
  public func serverMetadata() -> Inference.ServerMetadataResponse {
    var response = Inference.ServerMetadataResponse()
    response.name = settings.serverName
    response.version = settings.serverVersion
    response.extensions = Self.extensions
    return response
  }

  /// Whether a model can answer; a model that doesn't exist is one that can't.
  public func modelReady(
    _ request: Inference.ModelReadyRequest, caller: Caller
  ) async throws -> Inference.ModelReadyResponse {
    var response = Inference.ModelReadyResponse()
    do {
      _ = try await model(request.name, request.version, caller)
      response.ready = true
    } catch let error as RPCError where error.code == .notFound || error.code == .unavailable {
      response.ready = false
    }
    return response
  }

  /// A model's inputs, outputs and served versions.
  public func modelMetadata(
    _ request: Inference.ModelMetadataRequest, caller: Caller
  ) async throws -> Inference.ModelMetadataResponse {
    let model = try await model(request.name, request.version, caller)
    var response = Inference.ModelMetadataResponse()
    response.name = model.key.name
    // Asked for one version, Triton names that one; else all that are served.
    response.versions =
      request.version.isEmpty
      ? registry.servedVersions(model.key).map(String.init) : [String(model.version)]
    response.platform = model.config.platform
    response.inputs = model.signature.acceptedInputs.map(Self.metadata)
    response.outputs = model.signature.outputs.map(Self.metadata)
    return response
  }

  private static func metadata(
    _ tensor: ModelSignature.Tensor
  ) -> Inference.ModelMetadataResponse.TensorMetadata {
    var metadata = Inference.ModelMetadataResponse.TensorMetadata()
    metadata.name = tensor.name
    metadata.datatype = tensor.dataType.oipName
    metadata.shape = tensor.shape.map(Int64.init)
    return metadata
  }

  /// The configuration in force.
  public func modelConfig(
    _ request: Inference.ModelConfigRequest, caller: Caller
  ) async throws -> Inference.ModelConfigResponse {
    var response = Inference.ModelConfigResponse()
    response.config = try await model(request.name, request.version, caller).config
    return response
  }

  /// Counters of one model, or of all loaded models of the tenant when no name is given.
  public func modelStatistics(
    _ request: Inference.ModelStatisticsRequest, caller: Caller
  ) async throws -> Inference.ModelStatisticsResponse {
    var models: [LoadedModel]
    if request.name.isEmpty {
      try caller.require([.infer, .deploy])
      models = registry.loadedModels.filter {
        $0.key.tenant == caller.tenant && caller.maySee($0.key.name)
      }
      models.sort { ($0.key, $0.version) < ($1.key, $1.version) }
    } else {
      models = [try await model(request.name, request.version, caller)]
      guard models[0].key.tenant == caller.tenant else {
        throw RPCError.denied(
          "expected a model of the caller's tenant: the counters of one that is shared tell of others"
        )
      }
      if request.version.isEmpty {
        // Every version that is in memory counts.
        let key = models[0].key
        models = registry.loadedModels.filter { $0.key == key }.sorted { $0.version < $1.version }
      }
    }
    var response = Inference.ModelStatisticsResponse()
    response.modelStats = models.map {
      $0.statistics.message(
        name: $0.key.name, version: $0.version, memoryByteCount: $0.memoryByteCount)
    }
    return response
  }

  /// A model for somebody who asks about it.
  func model(
    _ name: String, _ version: String, _ caller: Caller
  ) async throws -> LoadedModel {
    try caller.require([.infer, .deploy], model: name)
    return try await registry.resolve(name, version: version, for: caller)
  }
}
