internal import Protocols
internal import RPC
internal import Synchronization
internal import Telemetry
internal import Testing
internal import Training

@testable import ModelService

/// The handlers and the supervisor on a real server, reached in process. Nothing here waits for a
/// clock: a watched job's stream ends when the job does.
@Suite struct TrainingServerTests {
  let folder = TemporaryFolder()
  let counts = CountingTrainer.Counts()

  let identity: Metadata = [
    "x-martlet-tenant": "acme", "x-martlet-key": "k1", "x-martlet-rights": "deploy",
    "x-martlet-models": "*",
  ]

  func start() async throws -> ModelServer {
    var configuration = ModelServerConfiguration(insecureWithRepository: folder.path)
    configuration.drainGracePeriod = .milliseconds(200)
    let counts = counts
    let server = try ModelServer(
      configuration, repository: DirectoryRepository(path: folder.path), loader: TestLoader()
    ) { request throws(TrainingError) in try CountingTrainer(request, counts) }
    try await server.start()
    return server
  }

  func create(_ client: Client, _ specification: String) async throws -> String {
    let response: MartletV1.CreateTrainingResponse = try await client.clientStreaming(
      "/martlet.v1.Training/Create", metadata: identity
    ) { (requests: RequestWriter<MartletV1.CreateTrainingRequest>) in
      var first = MartletV1.CreateTrainingRequest()
      (first.model, first.specification) = ("simple", specification)
      try await requests.send(first)
      for byte in TrainingFixture.table.utf8 {
        var part = MartletV1.CreateTrainingRequest()
        (part.file, part.data) = ("training.csv", [byte])
        try await requests.send(part)
      }
    }
    return response.job?.id ?? ""
  }

  func watch(
    _ client: Client, _ id: String, from offset: UInt64 = 0,
    _ body: (MartletV1.TrainingEvent) async throws -> Bool = { _ in true }
  ) async throws -> MartletV1.TrainingJob? {
    var request = MartletV1.WatchTrainingRequest()
    (request.id, request.offset) = (id, offset)
    let events: ResponseStream<MartletV1.TrainingEvent> = try await client.serverStreaming(
      "/martlet.v1.Training/Watch", request, metadata: identity)
    while let event = try await events.next() {
      if case .ended(let job)? = event.event { return job }
      if try await !body(event) { return nil }
    }
    return nil
  }

  @Test func aTrainingIsMadeWatchedAndServed() async throws {
    let server = try await start()
    let client = try server.makeInProcessClient()
    let id = try await create(client, #"{"epochs": 4}"#)
    let epochs = Mutex<[UInt32]>([])
    let end = try await watch(client, id) { event in
      if case .progress(let progress)? = event.event, progress.endsEpoch {
        epochs.withLock { $0.append(progress.epoch) }
      }
      return true
    }
    #expect(epochs.withLock { $0 } == [1, 2, 3, 4])
    #expect(end?.state == .finished && end?.version == 1)
    var infer = identity
    infer.add("x-martlet-rights", "infer")
    let answer = try Inference.ModelInferResponse(
      protobuf: try await client.unary(
        ServerTests.infer, Inference.ModelInferRequest.simple().serialized(), metadata: infer))
    #expect(answer.modelVersion == "1")
    client.close()
    await server.drain()
  }

  @Test func aRunningTrainingIsCancelledAndGoesOn() async throws {
    let server = try await start()
    let client = try server.makeInProcessClient()
    let id = try await create(client, #"{"epochs": 60, "holds_after": 3}"#)
    // Cancelled as soon as its first epoch is over.
    let end = try await watch(client, id) { event in
      if case .progress(let progress)? = event.event, progress.endsEpoch, progress.epoch == 1 {
        var request = MartletV1.CancelTrainingRequest()
        request.id = id
        let _: MartletV1.CancelTrainingResponse = try await client.unary(
          "/martlet.v1.Training/Cancel", request, metadata: identity)
      }
      return true
    }
    #expect(end?.state == .cancelled)
    let done = counts.epochs.withLock { $0 }
    #expect((1...3).contains(done.count))
    counts.mayGoOn.store(true, ordering: .releasing)
    var request = MartletV1.ResumeTrainingRequest()
    request.id = id
    let _: MartletV1.ResumeTrainingResponse = try await client.unary(
      "/martlet.v1.Training/Resume", request, metadata: identity)
    #expect(try await watch(client, id)?.state == .finished)
    #expect(counts.epochs.withLock { $0 } == Array(1...60), "none twice")
    client.close()
    await server.drain()
  }

  @Test func aDrainedServersTrainingGoesOnInTheNextOne() async throws {
    let id: String
    do {
      let server = try await start()
      let client = try server.makeInProcessClient()
      id = try await create(client, #"{"epochs": 60, "holds_after": 3}"#)
      _ = try await watch(client, id) { event in
        if case .progress(let progress)? = event.event { return !progress.endsEpoch }
        return true
      }
      client.close()
      await server.drain()
    }
    #expect((1...3).contains(counts.epochs.withLock { $0.count }))
    counts.mayGoOn.store(true, ordering: .releasing)
    let server = try await start()
    let client = try server.makeInProcessClient()
    #expect(try await watch(client, id)?.state == .finished)
    #expect(counts.epochs.withLock { $0 } == Array(1...60))
    client.close()
    await server.drain()
  }

  @Test func processesShareTheJobsAndComputeEachOnce() async throws {
    let servers = [try await start(), try await start()]
    let client = try servers[0].makeInProcessClient()
    var ids: [String] = []
    for _ in 0..<8 { ids.append(try await create(client, #"{"epochs": 2}"#)) }
    var versions: Set<Int64> = []
    for id in ids {
      let end = try await watch(client, id)
      #expect(end?.state == .finished)
      versions.insert(end?.version ?? 0)
    }
    #expect(versions == Set(1...8))
    #expect(counts.epochs.withLock { $0.count } == 16)
    client.close()
    for server in servers { await server.drain() }
  }
}
