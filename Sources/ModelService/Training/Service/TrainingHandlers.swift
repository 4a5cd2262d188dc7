internal import Protocols
internal import RPC
internal import Telemetry

/// `martlet.v1.Training` on a server. Files are read and written on threads of their own.
struct TrainingHandlers: Sendable {
  let service: TrainingService
  let identity: IdentityCheck
  let metrics: ServiceMetrics
  let files: WorkerThreads
  let log: LogWriter?

  private static let name = "/martlet.v1.Training/"
  /// How often a watched job is looked at that says nothing new.
  private static let lookInterval = Duration.milliseconds(200)

  func register(on server: Server) {
    registerCreate(server)
    registerWatch(server)
    registerFetch(server)
    let service = service
    unary(server, "Get") { (request: MartletV1.GetTrainingRequest, caller) in
      try service.get(request, caller: caller)
    }
    unary(server, "List") { (_: MartletV1.ListTrainingsRequest, caller) in
      try service.list(caller: caller)
    }
    unary(server, "Cancel") { (request: MartletV1.CancelTrainingRequest, caller) in
      try service.cancel(request, caller: caller)
    }
    unary(server, "Resume") { (request: MartletV1.ResumeTrainingRequest, caller) in
      try service.resume(request, caller: caller)
    }
    unary(server, "Delete") { (request: MartletV1.DeleteTrainingRequest, caller) in
      try service.delete(request, caller: caller)
    }
  }

  private func unary<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ server: Server, _ method: String,
    _ handler: @escaping @Sendable (Request, Caller) throws -> Response
  ) {
    server.unary(Self.name + method) {
      [self] (request: Request, context: CallContext) async throws -> Response in
      try await counting {
        let caller = try identity.caller(context)
        return try await files.offload { try handler(request, caller) }
      }
    }
  }

  private func registerCreate(_ server: Server) {
    server.clientStreaming(Self.name + "Create") {
      [self]
      (
        requests: RequestStream<MartletV1.CreateTrainingRequest>, context: CallContext
      ) async throws -> MartletV1.CreateTrainingResponse in
      try await counting {
        let caller = try identity.caller(context)
        let job = try await create(requests, caller)
        log?.write(.info, "made a training") {
          $0.field("tenant", caller.tenant)
          $0.field("training", job.key.id)
          $0.field("request", caller.requestID)
        }
        var response = MartletV1.CreateTrainingResponse()
        response.job = try await files.offload { [service] in try service.describe(job) }
        return response
      }
    }
  }

  private func create(
    _ requests: RequestStream<MartletV1.CreateTrainingRequest>, _ caller: Caller
  ) async throws -> JobFolder {
    guard let first = try await requests.next() else {
      throw RPCError.invalid("expected a message that names the model, got an empty stream")
    }
    let upload = try await files.offload { [service] in
      try service.create(first, caller: caller)
    }
    do {
      while let part = try await requests.next() {
        try await files.offload { try upload.receive(part) }
      }
      return try await files.offload { try upload.finish() }
    } catch {
      // The client is gone or sent nonsense: nothing of it stays.
      try? await files.offload { upload.abort() }
      throw error
    }
  }

  private func registerWatch(_ server: Server) {
    server.serverStreaming(Self.name + "Watch") {
      [self]
      (
        request: MartletV1.WatchTrainingRequest,
        responses: ResponseWriter<MartletV1.TrainingEvent>, context: CallContext
      ) in
      try await counting {
        let caller = try identity.caller(context)
        var watch = try await files.offload { [service] in
          try TrainingWatch(request, caller: caller, service: service)
        }
        while true {
          let current = watch
          let (next, events, isLast) = try await files.offload {
            var watch = current
            let (events, isLast) = try watch.next()
            return (watch, events, isLast)
          }
          watch = next
          for event in events { try await responses.send(event) }
          if isLast { return }
          if events.isEmpty { try await Task.sleep(for: Self.lookInterval) }
        }
      }
    }
  }

  private func registerFetch(_ server: Server) {
    server.serverStreaming(Self.name + "FetchModel") {
      [self]
      (
        request: MartletV1.FetchTrainedModelRequest,
        responses: ResponseWriter<MartletV1.FetchTrainedModelResponse>, context: CallContext
      ) in
      try await counting {
        let caller = try identity.caller(context)
        let job = try await files.offload { [service] in
          try service.fetch(request, caller: caller)
        }
        var offset: UInt64 = 0
        while true {
          let start = offset
          var response = MartletV1.FetchTrainedModelResponse()
          response.data = try await files.offload { [service] in
            try service.part(of: job, from: start)
          }
          if response.data.isEmpty { return }
          offset += UInt64(response.data.count)
          try await responses.send(response)
        }
      }
    }
  }

  private func counting<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
      return try await body()
    } catch let error as RPCError {
      metrics.countFailure(error.code)
      throw error
    }
  }
}
