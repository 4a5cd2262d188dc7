internal import EventLoop
internal import Protocols
internal import RPC

/// A model service that does what the plan of each call says and answers with its caller's tenant
/// and the call's number.
final class ModelService: Service, @unchecked Sendable {
  private let mutation: Mutation?
  /// For the mutation that forgets whose answer it keeps.
  private var answers: [Int: Inference.ModelInferResponse] = [:]
  private(set) var answeredCount = 0

  init(_ number: Int, world: World, truth: Truth, mutation: Mutation?) {
    self.mutation = mutation
    super.init("model\(number)", world: world, truth: truth)
  }

  override func register(on server: Server) {
    server.unary("/inference.GRPCInferenceService/ModelInfer") {
      [self] (request: Inference.ModelInferRequest, context) in
      try await infer(request, context)
    }
    server.unary("/inference.GRPCInferenceService/RepositoryModelLoad") {
      [self]
      (request: Inference.RepositoryModelLoadRequest, context)
        -> Inference.RepositoryModelLoadResponse in
      let call = accept(Int(request.modelName) ?? -1, context, first: true)
      try await rest(call.plan.work, on: loop)
      return Inference.RepositoryModelLoadResponse()
    }
    server.bidirectional("/inference.GRPCInferenceService/ModelStreamInfer") {
      [self]
      (
        requests: RequestStream<Inference.ModelInferRequest>,
        responses: ResponseWriter<Inference.ModelStreamInferResponse>, context
      ) in
      var isFirst = true
      for try await request in requests {
        let call = accept(Int(request.id) ?? -1, context, first: isFirst)
        isFirst = false
        check(request, call)
        try await rest(call.plan.work, on: loop)
        var response = Inference.ModelStreamInferResponse()
        response.inferResponse = answer(call, context)
        try await responses.send(response)
      }
    }
    server.clientStreaming("/martlet.v1.Models/Deploy") {
      [self] (requests: RequestStream<MartletV1.DeployRequest>, context) in
      try await deploy(requests, context)
    }
  }

  private func accept(_ number: Int, _ context: CallContext, first: Bool) -> Call {
    // A killed process does nothing, though its handlers are run out of the way.
    if !process.isDead {
      truth.accept(
        number, by: process.name, context.metadata["x-martlet-tenant"],
        context.metadata["x-martlet-key"], first: first)
    }
    return truth.calls[number]
  }

  private func check(_ request: Inference.ModelInferRequest, _ call: Call) {
    let body = request.rawInputContents.first ?? []
    if body.count != call.plan.requestByteCount
      || !body.elementsEqual(Truth.pattern(call.plan.number, body.count))
    {
      truth.violate("\(process.name) got other bytes than \(call.description) sent")
    }
  }

  private func infer(
    _ request: Inference.ModelInferRequest, _ context: CallContext
  ) async throws -> Inference.ModelInferResponse {
    let call = accept(Int(request.id) ?? -1, context, first: true)
    check(request, call)
    if mutation == .stuckHandler, call.plan.number % 7 == 0 {
      try await Rest().wait(.seconds(100_000), on: loop)
    }
    try await rest(call.plan.work, on: loop)
    if call.plan.isUnready {
      throw RPCError(code: .unavailable, message: "the model is not ready")
    }
    answeredCount += 1
    call.wasAnswered = true
    if mutation == .sharedCache {
      let key = call.plan.answerByteCount / 64
      if let kept = answers[key] { return kept }
      answers[key] = answer(call, context)
    }
    return answer(call, context)
  }

  private func answer(_ call: Call, _ context: CallContext) -> Inference.ModelInferResponse {
    var response = Inference.ModelInferResponse()
    response.id = "\(context.metadata["x-martlet-tenant"] ?? "nobody")/\(call.plan.number)"
    response.rawOutputContents = [
      Truth.pattern(call.plan.number + 1, call.plan.answerByteCount)[...]
    ]
    return response
  }

  private func deploy(
    _ requests: RequestStream<MartletV1.DeployRequest>, _ context: CallContext
  ) async throws -> MartletV1.DeployResponse {
    var byteCount = 0
    var number: Int?
    for try await request in requests {
      byteCount += request.data.count
      if number == nil { number = Int(request.name) ?? -1 }
    }
    // The effect is at the end: a deployment appears whole or not at all.
    let call = accept(number ?? -1, context, first: true)
    if byteCount != call.plan.requestByteCount * call.plan.messageCount {
      truth.violate("\(process.name) got \(byteCount) bytes of \(call.description)")
    }
    var response = MartletV1.DeployResponse()
    response.version = Int64(byteCount)
    return response
  }
}
