public import Protocols
public import RPC

extension DataPlane {
  /// Answers a stream of requests in their order. A request's error stays in the stream with its
  /// id, unless the client asked (`triton_grpc_error: true`) for a status that ends it. `send` is told
  /// how much may wait for the reader: little before a text goes on, nil where that does not matter.
  public func stream(
    caller: Caller, endsOnError: Bool, deadline: MonotonicTime? = nil,
    isLive: @escaping @Sendable () -> Bool = { true },
    next: () async throws -> Inference.ModelInferRequest?,
    send: (Inference.ModelStreamInferResponse, _ queuedByteCountMax: Int?) async throws -> Void
  ) async throws {
    while let request = try await next() {
      var message = Inference.ModelStreamInferResponse()
      do {
        if try await streamText(
          request, caller: caller, deadline: deadline,
          send: { response in
            var message = Inference.ModelStreamInferResponse()
            message.inferResponse = response
            try await send(message, GenerationService.queuedByteCountMax)
          })
        {
          continue
        }
        var response = try await infer(
          request, caller: caller, deadline: deadline, isLive: isLive)
        // One answer a request: each is the last of its own.
        response.parameters["triton_final_response"] = .bool(true)
        message.inferResponse = response
      } catch let error as RPCError where !endsOnError {
        var response = Inference.ModelInferResponse()
        response.id = request.id
        message.errorMessage = error.message
        message.inferResponse = response
      }
      try await send(message, nil)
    }
  }

  /// Answers a request for a text piece by piece; false if the model generates none.
  private func streamText(
    _ request: Inference.ModelInferRequest, caller: Caller, deadline: MonotonicTime?,
    send: (Inference.ModelInferResponse) async throws -> Void
  ) async throws -> Bool {
    try caller.require(.infer, model: request.modelName)
    let model = try await registry.resolve(
      request.modelName, version: request.modelVersion, for: caller)
    guard let generator = model.generator, generator.generates else { return false }
    try await model.statistics.count {
      try await TextInference(request, to: model, isStreaming: true).run(
        model, generator, id: request.id, caller: caller, deadline: deadline, send: send)
    }
    return true
  }
}
