public import Protocols
public import RPC

extension DataPlane {
  /// Answers a stream of requests in their order. A request's error stays in the stream with its
  /// id, unless the client asked (`triton_grpc_error: true`) for a status that ends it.
  public func stream(
    caller: Caller, endsOnError: Bool, deadline: MonotonicTime? = nil,
    isLive: @escaping @Sendable () -> Bool = { true },
    next: () async throws -> Inference.ModelInferRequest?,
    send: (Inference.ModelStreamInferResponse) async throws -> Void
  ) async throws {
    while let request = try await next() {
      var message = Inference.ModelStreamInferResponse()
      do {
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
      try await send(message)
    }
  }
}
