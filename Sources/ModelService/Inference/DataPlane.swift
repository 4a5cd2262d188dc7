internal import Compute
public import Protocols
public import RPC

/// The service without a socket: calls come in decoded, with the identity the gateway verified, and
/// go out as values. Everything a handler may answer is decided here.
public final class DataPlane: Sendable {
  let registry: Registry
  let settings: DataPlaneSettings

  init(registry: Registry, settings: DataPlaneSettings) {
    self.registry = registry
    self.settings = settings
  }

  /// One inference. `deadline` and `isLive` tell when nobody waits for the answer any more.
  public func infer(
    _ request: Inference.ModelInferRequest, caller: Caller, deadline: MonotonicTime? = nil,
    isLive: @escaping @Sendable () -> Bool = { true }
  ) async throws -> Inference.ModelInferResponse {
    try caller.require(.infer, model: request.modelName)
    let model = try await registry.resolve(
      request.modelName, version: request.modelVersion, for: caller)
    if let generator = model.generator {
      return generator.generates
        ? try await text(request, model, generator, caller: caller, deadline: deadline)
        : try await embeddings(request, model, generator, caller: caller, deadline: deadline)
    }
    let prepared: PreparedInference
    let parameters: RequestParameters
    do {
      parameters = try RequestParameters(request.parameters)
      prepared = try InferenceCheck(model: request.modelName, signature: model.signature)
        .prepare(request)
      for output in request.outputs { _ = try Self.classCount(output) }
    } catch {
      model.statistics.recordFailure(nanoseconds: 0)
      throw error
    }
    let result = try await model.infer(prepared, parameters, deadline: deadline, isLive: isLive)
    return try Self.response(to: request, model, result)
  }

  static func response(
    to request: Inference.ModelInferRequest, _ model: LoadedModel, _ result: InferenceResult
  ) throws(RPCError) -> Inference.ModelInferResponse {
    var response = Inference.ModelInferResponse()
    response.modelName = request.modelName
    response.modelVersion = String(model.version)
    response.id = request.id
    if request.outputs.isEmpty {
      for (index, output) in model.signature.outputs.enumerated() {
        if let tensor = result[index] { append(tensor, output.name, to: &response) }
      }
      return response
    }
    for wanted in request.outputs {
      guard let index = model.signature.outputIndex(wanted.name), var tensor = result[index]
      else { continue }
      if let count = try classCount(wanted) {
        tensor = try Classification.best(
          count, of: tensor, name: wanted.name, labels: model.labels[wanted.name],
          isBatching: model.signature.batchSizeMax > 0)
      }
      append(tensor, wanted.name, to: &response)
    }
    return response
  }

  private static func append(
    _ tensor: ResultTensor, _ name: String, to response: inout Inference.ModelInferResponse
  ) {
    response.outputs.append(
      Inference.ModelInferResponse.OutputTensor(
        name: name, datatype: tensor.dataType.oipName, shape: tensor.shape.map(Int64.init)))
    response.rawOutputContents.append(tensor.bytes[...])
  }

  /// How many classes the client wants instead of scores; nil for the scores.
  private static func classCount(
    _ output: Inference.ModelInferRequest.RequestedOutput
  ) throws(RPCError) -> Int? {
    switch output.parameters["classification"] {
    case nil: return nil
    case .int64(let count) where count > 0: return Int(count)
    case .uint64(let count) where count > 0: return Int(clamping: count)
    default:
      throw .invalid(
        "invalid value for 'classification' parameter of output '\(output.name)', expected "
          + "int64_param of 1 or more.")
    }
  }
}

/// What the data plane says about itself.
public struct DataPlaneSettings: Sendable {
  /// In ServerMetadata.
  public var serverName = "martlet"
  /// In ServerMetadata.
  public var serverVersion = "0.1.0"
  /// How much a load may bring.
  public var deployLimits = DeployLimits()

  /// The defaults.
  public init() {}
}
