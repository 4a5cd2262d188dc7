internal import Protocols
internal import RPC

/// `inference.GRPCInferenceService` on a server: each handler says who calls and hands over.
struct InferenceHandlers: Sendable {
  let dataPlane: DataPlane
  let identity: IdentityCheck
  let health: HealthService
  let metrics: ServiceMetrics
  /// Where calls go that touch the disk.
  let files: WorkerThreads

  private static let service = "/inference.GRPCInferenceService/"

  func register(on server: Server) {
    registerServer(server)
    registerModels(server)
    registerRepository(server)
    registerSettings(server)
    registerSharedMemory(server)
  }

  /// A unary method: the caller is known before the handler runs, failures are counted.
  private func unary<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ server: Server, _ method: String,
    _ handler: @escaping @Sendable (Request, Caller, CallContext) async throws -> Response
  ) {
    server.unary(Self.service + method) {
      [identity, metrics] (request: Request, context: CallContext) async throws -> Response in
      do {
        return try await handler(request, try identity.caller(context), context)
      } catch let error as RPCError {
        metrics.countFailure(error.code)
        throw error
      }
    }
  }

  private func registerServer(_ server: Server) {
    unary(server, "ServerLive") { (_: Inference.ServerLiveRequest, _, _) in
      var response = Inference.ServerLiveResponse()
      response.live = true
      return response
    }
    unary(server, "ServerReady") { [health] (_: Inference.ServerReadyRequest, _, _) in
      var response = Inference.ServerReadyResponse()
      response.ready = health.status() == .serving
      return response
    }
    unary(server, "ServerMetadata") { [dataPlane] (_: Inference.ServerMetadataRequest, _, _) in
      dataPlane.serverMetadata()
    }
  }

  private func registerModels(_ server: Server) {
    let dataPlane = dataPlane
    unary(server, "ModelInfer") { (request: Inference.ModelInferRequest, caller, context) in
      try await dataPlane.infer(
        request, caller: caller, deadline: context.deadline, isLive: { !context.isCancelled })
    }
    unary(server, "ModelReady") { (request: Inference.ModelReadyRequest, caller, _) in
      try await dataPlane.modelReady(request, caller: caller)
    }
    unary(server, "ModelMetadata") { (request: Inference.ModelMetadataRequest, caller, _) in
      try await dataPlane.modelMetadata(request, caller: caller)
    }
    unary(server, "ModelConfig") { (request: Inference.ModelConfigRequest, caller, _) in
      try await dataPlane.modelConfig(request, caller: caller)
    }
    unary(server, "ModelStatistics") { (request: Inference.ModelStatisticsRequest, caller, _) in
      try await dataPlane.modelStatistics(request, caller: caller)
    }
    server.bidirectional(Self.service + "ModelStreamInfer") {
      [identity]
      (
        requests: RequestStream<Inference.ModelInferRequest>,
        responses: ResponseWriter<Inference.ModelStreamInferResponse>, context: CallContext
      ) in
      let caller = try identity.caller(context)
      try await dataPlane.stream(
        caller: caller, endsOnError: context.metadata["triton_grpc_error"] == "true",
        deadline: context.deadline, isLive: { !context.isCancelled },
        next: { try await requests.next() },
        send: { try await responses.send($0, queuedByteCountMax: $1) })
    }
  }

  private func registerRepository(_ server: Server) {
    let dataPlane = dataPlane
    unary(server, "RepositoryIndex") { (request: Inference.RepositoryIndexRequest, caller, _) in
      try await dataPlane.repositoryIndex(request, caller: caller)
    }
    unary(server, "RepositoryModelLoad") {
      (request: Inference.RepositoryModelLoadRequest, caller, _) in
      try await dataPlane.load(request, caller: caller)
    }
    unary(server, "RepositoryModelUnload") {
      (request: Inference.RepositoryModelUnloadRequest, caller, _) in
      try await dataPlane.unload(request, caller: caller)
    }
  }

  private func registerSettings(_ server: Server) {
    let dataPlane = dataPlane
    unary(server, "TraceSetting") { (request: Inference.TraceSettingRequest, caller, _) in
      try dataPlane.traceSetting(request, caller: caller)
    }
    unary(server, "LogSettings") { (request: Inference.LogSettingsRequest, caller, _) in
      try dataPlane.logSettings(request, caller: caller)
    }
  }

  private func registerSharedMemory(_ server: Server) {
    unary(server, "SystemSharedMemoryStatus") {
      (_: Inference.SystemSharedMemoryStatusRequest, _, _) in
      Inference.SystemSharedMemoryStatusResponse()
    }
    unary(server, "CudaSharedMemoryStatus") {
      (_: Inference.CudaSharedMemoryStatusRequest, _, _) in
      Inference.CudaSharedMemoryStatusResponse()
    }
    unary(server, "SystemSharedMemoryRegister") {
      (_: Inference.SystemSharedMemoryRegisterRequest, _, _) throws
        -> Inference.SystemSharedMemoryRegisterResponse in
      throw DataPlane.sharedMemoryRefusal
    }
    unary(server, "SystemSharedMemoryUnregister") {
      (_: Inference.SystemSharedMemoryUnregisterRequest, _, _) throws
        -> Inference.SystemSharedMemoryUnregisterResponse in
      throw DataPlane.sharedMemoryRefusal
    }
    unary(server, "CudaSharedMemoryRegister") {
      (_: Inference.CudaSharedMemoryRegisterRequest, _, _) throws
        -> Inference.CudaSharedMemoryRegisterResponse in
      throw DataPlane.sharedMemoryRefusal
    }
    unary(server, "CudaSharedMemoryUnregister") {
      (_: Inference.CudaSharedMemoryUnregisterRequest, _, _) throws
        -> Inference.CudaSharedMemoryUnregisterResponse in
      throw DataPlane.sharedMemoryRefusal
    }
  }
}
