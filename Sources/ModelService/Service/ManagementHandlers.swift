internal import Protocols
internal import RPC
internal import Telemetry

/// `martlet.v1.Models` on a server. Files are written and loaded on a thread of their own, so that
/// a deployment does not hold up the loop that serves inferences.
struct ManagementHandlers: Sendable {
  let management: ModelManagement
  let identity: IdentityCheck
  let metrics: ServiceMetrics
  let files: WorkerThreads
  let log: LogWriter?

  private static let service = "/martlet.v1.Models/"

  func register(on server: Server) {
    registerDeploy(server)
    let management = management
    unary(server, "ListModels") { (_: MartletV1.ListModelsRequest, caller) in
      try await management.list(caller: caller)
    }
    unary(server, "ShowModel") { (request: MartletV1.ShowModelRequest, caller) in
      try await management.show(request, caller: caller)
    }
    unary(server, "LoadModel") { (request: MartletV1.LoadModelRequest, caller) in
      try await management.load(request, caller: caller)
    }
    unary(server, "UnloadModel") { (request: MartletV1.UnloadModelRequest, caller) in
      try await management.unload(request, caller: caller)
    }
    unary(server, "DeleteModel") { [files] (request: MartletV1.DeleteModelRequest, caller) in
      try await files.offload { try management.delete(request, caller: caller) }
    }
  }

  private func unary<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ server: Server, _ method: String,
    _ handler: @escaping @Sendable (Request, Caller) async throws -> Response
  ) {
    server.unary(Self.service + method) {
      [identity, metrics] (request: Request, context: CallContext) async throws -> Response in
      do {
        return try await handler(request, try identity.caller(context))
      } catch let error as RPCError {
        metrics.countFailure(error.code)
        throw error
      }
    }
  }

  private func registerDeploy(_ server: Server) {
    server.clientStreaming(Self.service + "Deploy") {
      [self]
      (
        requests: RequestStream<MartletV1.DeployRequest>, context: CallContext
      ) async throws -> MartletV1.DeployResponse in
      do {
        let caller = try identity.caller(context)
        let response = try await deploy(requests, caller)
        metrics.countDeployment()
        log?.write(.info, "deployed a model") {
          $0.field("tenant", caller.tenant)
          $0.field("model", response.name)
          $0.field("version", Int(response.version))
          $0.field("request", caller.requestID)
        }
        return response
      } catch let error as RPCError {
        metrics.countFailure(error.code)
        throw error
      }
    }
  }

  private func deploy(
    _ requests: RequestStream<MartletV1.DeployRequest>, _ caller: Caller
  ) async throws -> MartletV1.DeployResponse {
    guard let first = try await requests.next() else {
      throw RPCError.invalid("expected a message that names the model, got an empty stream")
    }
    let deployment = try await files.offload { [management] in
      try management.deploy(first, caller: caller)
    }
    do {
      while let part = try await requests.next() {
        try await files.offload { try deployment.receive(part) }
      }
    } catch {
      // The client is gone or sent nonsense: nothing of it stays.
      try? await files.offload { deployment.abort() }
      throw error
    }
    return try await files.offload { try deployment.finish() }
  }
}
