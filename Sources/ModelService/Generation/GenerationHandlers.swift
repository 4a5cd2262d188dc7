internal import Protocols
internal import RPC

/// `martlet.v1.Generation` on a server: who calls, and the way to the service.
struct GenerationHandlers: Sendable {
  let service: GenerationService
  let identity: IdentityCheck
  let metrics: ServiceMetrics

  private static let name = "/martlet.v1.Generation/"

  init(registry: Registry, identity: IdentityCheck, metrics: ServiceMetrics) {
    service = GenerationService(registry: registry)
    (self.identity, self.metrics) = (identity, metrics)
  }

  func register(on server: Server) {
    streaming(server, "Generate") {
      [service] (request: MartletV1.GenerateRequest, caller, deadline, send) in
      try await service.generate(request, caller: caller, deadline: deadline, send: send)
    }
    streaming(server, "Chat") {
      [service] (request: MartletV1.ChatRequest, caller, deadline, send) in
      try await service.chat(request, caller: caller, deadline: deadline, send: send)
    }
    unary(server, "Tokenize") { [service] (request: MartletV1.TokenizeRequest, caller) in
      try await service.tokenize(request, caller: caller)
    }
    unary(server, "Embed") { [service] (request: MartletV1.EmbedRequest, caller) in
      try await service.embed(request, caller: caller)
    }
  }

  private func streaming<Request: ProtobufMessage>(
    _ server: Server, _ method: String,
    _ handler:
      @escaping @Sendable (
        Request, Caller, MonotonicTime?, (MartletV1.GenerateResponse) async throws -> Void
      ) async throws -> Void
  ) {
    server.serverStreaming(Self.name + method) {
      [identity, metrics]
      (
        request: Request, responses: ResponseWriter<MartletV1.GenerateResponse>,
        context: CallContext
      ) in
      do {
        try await handler(request, try identity.caller(context), context.deadline) {
          try await responses.send($0, queuedByteCountMax: GenerationService.queuedByteCountMax)
        }
      } catch let error as RPCError {
        metrics.countFailure(error.code)
        throw error
      }
    }
  }

  private func unary<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ server: Server, _ method: String,
    _ handler: @escaping @Sendable (Request, Caller) async throws -> Response
  ) {
    server.unary(Self.name + method) {
      [identity, metrics] (request: Request, context: CallContext) async throws -> Response in
      do {
        return try await handler(request, try identity.caller(context))
      } catch let error as RPCError {
        metrics.countFailure(error.code)
        throw error
      }
    }
  }
}
