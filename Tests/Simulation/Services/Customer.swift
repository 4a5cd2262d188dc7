internal import EventLoop
internal import Protocols
internal import RPC

/// The clients of one run: they make the planned calls, compare what they get, and try nothing
/// twice.
final class Customer: @unchecked Sendable {
  let process: Process
  private let world: World
  private let truth: Truth
  private let loop: EventLoop
  private let clients: [Client]
  private(set) var openCount = 0

  init(world: World, truth: Truth, process: Process, gateway: Endpoint, count: Int) {
    self.world = world
    self.truth = truth
    self.process = process
    let loop = EventLoop(on: process.makeMachine())
    loop.start()
    self.loop = loop
    clients = (0..<count).map { _ in
      do { return try Client(target: gateway, loop: loop) } catch {
        preconditionFailure("a client could not be made: \(error)")
      }
    }
  }

  func close() {
    for client in clients { client.close() }
  }

  func stop() {
    loop.stop()
  }

  /// Makes a call now.
  func start(_ call: Call) {
    call.startedAt = world.now
    openCount += 1
    world.log("client", "starts \(call.description) with key \(call.plan.key)")
    let task = Task(executorPreference: loop) { [self] in
      do {
        try await perform(call)
        ended(call, .ok, "")
      } catch let error as RPCError {
        ended(call, error.code, error.message)
      } catch {
        ended(call, .cancelled, "\(error)")
      }
    }
    guard let time = call.plan.cancelAfter else { return }
    world.schedule(after: time) {
      guard call.endedAt == nil else { return }
      call.wasCancelled = true
      task.cancel()
    }
  }

  private func ended(_ call: Call, _ status: StatusCode, _ message: String) {
    call.endCount += 1
    call.endedAt = world.now
    call.status = status
    call.message = message
    openCount -= 1
    world.note(UInt64(call.plan.number) << 8 | UInt64(status.rawValue))
    world.log("client", "\(call.description) ended: \(status.name) \(message)")
  }

  private func perform(_ call: Call) async throws {
    let plan = call.plan
    let client = clients[plan.client]
    var metadata = Metadata()
    metadata.add("authorization", "Bearer \(truth.keys[plan.key].secret)")
    switch plan.kind {
    case .infer, .inferLarge:
      let response: Inference.ModelInferResponse = try await client.unary(
        "/inference.GRPCInferenceService/ModelInfer", request(plan), metadata: metadata,
        deadline: call.deadline)
      check(response, call)
    case .load:
      var request = Inference.RepositoryModelLoadRequest()
      request.modelName = "\(plan.number)"
      let _: Inference.RepositoryModelLoadResponse = try await client.unary(
        "/inference.GRPCInferenceService/RepositoryModelLoad", request, metadata: metadata,
        deadline: call.deadline)
    case .stream: try await stream(call, client, metadata)
    case .deploy: try await deploy(call, client, metadata)
    case .listKeys:
      var request = MartletV1.ListKeysRequest()
      request.tenant = "\(plan.number)"
      let response: MartletV1.ListKeysResponse = try await client.unary(
        "/martlet.v1.Keys/ListKeys", request, metadata: metadata, deadline: call.deadline)
      if response.keys.first?.tenant != truth.keys[plan.key].tenant
        || response.keys.first?.id != request.tenant
      {
        truth.violate("\(call.description) got another's keys")
      }
    case .createKey:
      var request = MartletV1.CreateKeyRequest()
      request.label = "\(plan.number)"
      let response: MartletV1.CreateKeyResponse = try await client.unary(
        "/martlet.v1.Keys/CreateKey", request, metadata: metadata, deadline: call.deadline)
      if response.apiKey != request.label { truth.violate("\(call.description) got another's key") }
    case .health:
      let _: GRPCHealthV1.HealthCheckResponse = try await client.unary(
        "/grpc.health.v1.Health/Check", GRPCHealthV1.HealthCheckRequest(), metadata: metadata,
        deadline: call.deadline)
    }
  }

  private func request(_ plan: PlannedCall) -> Inference.ModelInferRequest {
    var request = Inference.ModelInferRequest()
    request.modelName = "m\(plan.number % 3)"
    request.id = "\(plan.number)"
    request.rawInputContents = [Truth.pattern(plan.number, plan.requestByteCount)[...]]
    return request
  }

  private func check(_ response: Inference.ModelInferResponse, _ call: Call) {
    let expected = "\(truth.keys[call.plan.key].tenant)/\(call.plan.number)"
    if response.id != expected {
      truth.violate("\(call.description) expected the answer \(expected), got \(response.id)")
    }
    let bytes = response.rawOutputContents.first ?? []
    if bytes.count != call.plan.answerByteCount
      || !bytes.elementsEqual(Truth.pattern(call.plan.number + 1, bytes.count))
    {
      truth.violate("\(call.description) got other bytes than the service sent")
    }
  }

  private func stream(_ call: Call, _ client: Client, _ metadata: Metadata) async throws {
    let (requests, responses):
      (
        RequestWriter<Inference.ModelInferRequest>,
        ResponseStream<Inference.ModelStreamInferResponse>
      ) = try await client.bidirectional(
        "/inference.GRPCInferenceService/ModelStreamInfer", metadata: metadata,
        deadline: call.deadline)
    let plan = call.plan
    // Writing and reading do not wait for each other: that is where back-pressure shows.
    let writer = Task(executorPreference: loop) { [self] in
      for _ in 0..<plan.messageCount { try await requests.send(request(plan)) }
      try await requests.finish()
    }
    defer { writer.cancel() }
    var count = 0
    while let response = try await responses.next() {
      count += 1
      check(response.inferResponse ?? Inference.ModelInferResponse(), call)
      try await rest(plan.rest, on: loop)
    }
    if count != plan.messageCount {
      truth.violate("\(call.description) ended well after \(count) answers")
    }
  }

  private func deploy(_ call: Call, _ client: Client, _ metadata: Metadata) async throws {
    let plan = call.plan
    let response: MartletV1.DeployResponse = try await client.clientStreaming(
      "/martlet.v1.Models/Deploy", metadata: metadata, deadline: call.deadline
    ) { (requests: RequestWriter<MartletV1.DeployRequest>) in
      for _ in 0..<plan.messageCount {
        var request = MartletV1.DeployRequest()
        request.name = "\(plan.number)"
        request.data = Truth.pattern(plan.number, plan.requestByteCount)
        try await requests.send(request)
      }
    }
    if response.version != Int64(plan.requestByteCount * plan.messageCount) {
      truth.violate("\(call.description) got the answer \(response.version)")
    }
  }
}
