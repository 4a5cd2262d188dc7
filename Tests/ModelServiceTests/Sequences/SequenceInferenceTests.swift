internal import Compute
internal import Protocols
internal import RPC
internal import Testing

@testable import ModelService

/// Stateful models through the data plane.
@Suite struct SequenceInferenceTests {
  static let sumConfig = """
    max_batch_size: 4
    sequence_batching {
      max_sequence_idle_microseconds: 600000000
      state [ { input_name: "SUM_IN" output_name: "SUM_OUT" data_type: TYPE_INT32 dims: [ 1 ] } ]
    }
    """

  /// INT32 [N,1]: the sum of a sequence's inputs. -666 fails.
  static func sum() -> TestEngine {
    let spec = { TensorSpec(name: $0, dataType: .int32, shape: [-1, 1]) }
    return TestEngine(
      inputs: [spec("INPUT"), spec("SUM_IN")], outputs: [spec("OUTPUT"), spec("SUM_OUT")]
    ) { inputs in
      let (given, sums) = (
        TestEngine.integers(inputs[0].bytes), TestEngine.integers(inputs[1].bytes)
      )
      if given.contains(-666) {
        throw ExecutionError(code: .invalidValue, message: "expected a value, got the bad one")
      }
      let result = bytes(zip(given, sums).map { $0 &+ $1 })
      return [(inputs[0].shape, result), (inputs[0].shape, result)]
    }
  }

  func service(
    _ settings: ExecutionSettings = ExecutionSettings(), config: String = sumConfig
  ) throws -> Service {
    let service = try Service(settings: settings)
    service.loader.register("sum") { Self.sum() }
    service.store("sum", content: "sum", config: config)
    return service
  }

  func request(
    _ value: Int32, id: Inference.InferParameter? = .int64(7), start: Bool = false,
    end: Bool = false, rows: Int64 = 1
  ) -> Inference.ModelInferRequest {
    var request = Inference.ModelInferRequest()
    request.modelName = "sum"
    request.parameters["sequence_id"] = id
    if id != nil {
      request.parameters["sequence_start"] = .bool(start)
      request.parameters["sequence_end"] = .bool(end)
    }
    request.inputs = [.init(name: "INPUT", datatype: "INT32", shape: [rows, 1])]
    request.rawInputContents = [bytes([Int32](repeating: value, count: Int(rows)))[...]]
    return request
  }

  func infer(
    _ service: Service, _ request: Inference.ModelInferRequest, caller: Caller = .user
  ) async throws -> Int32? {
    let response = try await service.dataPlane.infer(request, caller: caller)
    #expect(response.outputs.map(\.name) == ["OUTPUT"], "the state is nobody else's business")
    return elements(response.rawOutputContents[0], Int32.self).first
  }

  func failure(
    _ service: Service, _ request: Inference.ModelInferRequest
  ) async -> (code: StatusCode, message: String) {
    let error = await status { _ = try await service.dataPlane.infer(request, caller: .user) }
    return (error?.code ?? .ok, error?.message ?? "")
  }

  @Test func aSequenceCarriesItsStateAndForgetsItAtTheEnd() async throws {
    let service = try service()
    #expect(try await infer(service, request(1, start: true)) == 1)
    #expect(try await infer(service, request(10)) == 11)
    // Another id, and the same number as text, are other sequences.
    #expect(try await infer(service, request(5, id: .int64(8), start: true)) == 5)
    #expect(try await infer(service, request(6, id: .string("7"), start: true)) == 6)
    #expect(try await infer(service, request(100, end: true)) == 111)
    let gone = await failure(service, request(1))
    #expect(
      gone == (
        .invalidArgument,
        "inference request for sequence 7 to model 'sum' must specify the START flag on the first "
          + "request of the sequence"
      ))
    #expect(try await infer(service, request(2, id: .int64(8))) == 7)
  }

  @Test func clientsSeeNeitherStateNorControls() async throws {
    let service = try service()
    var question = Inference.ModelMetadataRequest()
    question.name = "sum"
    let metadata = try await service.dataPlane.modelMetadata(question, caller: .user)
    #expect(metadata.inputs.map(\.name) == ["INPUT"])
    #expect(metadata.outputs.map(\.name) == ["OUTPUT"])
    var forged = request(1, start: true)
    forged.inputs.append(.init(name: "SUM_IN", datatype: "INT32", shape: [1, 1]))
    forged.rawInputContents.append(bytes([Int32(99)])[...])
    #expect(await failure(service, forged).code == .invalidArgument)
    var asking = request(1, start: true)
    asking.outputs = [.init(name: "SUM_OUT")]
    #expect(await failure(service, asking).code == .invalidArgument)
  }

  @Test func aStateMayBeShownWhenTheConfigurationListsIt() async throws {
    let service = try service(
      config: Self.sumConfig
        + " output [ { name: 'OUTPUT' }, { name: 'SUM_OUT' } ]".replacing(
          "' }", with: "' dims: [ 1 ] }"))
    let response = try await service.dataPlane.infer(request(3, start: true), caller: .user)
    #expect(response.outputs.map(\.name) == ["OUTPUT", "SUM_OUT"])
  }

  @Test func requestsThatBreakTheRulesAreRefused() async throws {
    let service = try service()
    for id: Inference.InferParameter? in [nil, .int64(0), .string("")] {
      let error = await failure(service, request(1, id: id))
      #expect(error.code == .invalidArgument)
      #expect(error.message.contains("must specify a non-zero or non-empty correlation ID"))
    }
    #expect(
      await failure(service, request(1, start: true, rows: 2)).message.contains("batch-size 1"))
    let long = Inference.InferParameter.string(String(repeating: "x", count: 129))
    #expect(await failure(service, request(1, id: long)).message.contains("at most 128 bytes"))
    #expect(await failure(service, request(1, id: .bool(true))).code == .invalidArgument)
    // None of those has begun a sequence.
    #expect(service.registry.loadedModels[0].sequences?.sequenceCount == 0)
  }

  @Test func aNegativeNumberIsTheIdOfItsBits() async throws {
    let service = try service()
    #expect(try await infer(service, request(1, id: .int64(-2), start: true)) == 1)
    #expect(try await infer(service, request(2, id: .uint64(.max - 1))) == 3)
    #expect(
      await failure(service, request(1, id: .int64(-1))).message.contains(
        "sequence \(UInt64.max) to model 'sum' must specify the START flag"))
  }

  @Test func aModelWithoutStateTakesSequenceParametersWithoutEffect() async throws {
    let service = try Service()
    service.store("simple")
    var request = Inference.ModelInferRequest.simple()
    for id: Inference.InferParameter in [.int64(7), .int64(-7), .string("seven")] {
      request.parameters = ["sequence_id": id, "sequence_end": .bool(true)]
      _ = try await service.dataPlane.infer(request, caller: .user)
    }
    // What is no sequence to any model is told to who means this one.
    for (name, value): (String, Inference.InferParameter) in [
      ("sequence_id", .double(7)), ("sequence_start", .int64(1)), ("sequence_end", .string("true")),
    ] {
      request.parameters = [name: value]
      let error = await failure(service, request)
      #expect(error.code == .invalidArgument && error.message.contains("'\(name)'"))
    }
  }

  @Test func aFailedRunLeavesTheSequenceAsItWas() async throws {
    let service = try service()
    #expect(try await infer(service, request(1, start: true)) == 1)
    #expect(await failure(service, request(-666)).code == .invalidArgument)
    #expect(try await infer(service, request(2)) == 3)
    #expect(await failure(service, request(-666, id: .int64(9), start: true)).code != .ok)
    #expect(await failure(service, request(1, id: .int64(9))).message.contains("START flag"))
  }

  @Test func tenantsWithTheSameModelAndIdDoNotMeet() async throws {
    let service = try service()
    service.store("sum", content: "sum", config: Self.sumConfig, tenant: "umbrella")
    #expect(try await infer(service, request(1, start: true)) == 1)
    let error = await status {
      _ = try await service.dataPlane.infer(request(1), caller: .stranger)
    }
    #expect(error?.message.contains("START flag") == true)
    #expect(try await infer(service, request(50, start: true), caller: .stranger) == 50)
    #expect(try await infer(service, request(1)) == 2)
  }

  @Test func sequencesAreAsManyAsAllowed() async throws {
    var settings = ExecutionSettings()
    settings.sequenceCountMax = 2
    let service = try service(settings)
    for id in 1...2 as ClosedRange<Int64> {
      _ = try await infer(service, request(1, id: .int64(id), start: true))
    }
    let error = await failure(service, request(1, id: .int64(3), start: true))
    #expect(error.code == .resourceExhausted && error.message.contains("at most 2 sequences"))
    _ = try await infer(service, request(1, id: .int64(1), end: true))
    _ = try await infer(service, request(1, id: .int64(3), start: true))
    #expect(service.registry.loadedModels[0].memoryByteCount == 1000 + 2 * 4)
  }

  @Test func statesCountAgainstTheirLimit() async throws {
    var settings = ExecutionSettings()
    settings.sequenceStateByteCountMax = 6
    let service = try service(settings)
    _ = try await infer(service, request(1, id: .int64(1), start: true))
    let error = await failure(service, request(1, id: .int64(2), start: true))
    #expect(error.code == .resourceExhausted && error.message.contains("at most 6 bytes"))
    #expect(try await infer(service, request(1, id: .int64(1))) == 2)
  }

  @Test func reloadingAModelEndsItsSequences() async throws {
    let service = try service()
    _ = try await infer(service, request(1, start: true))
    let key = ModelKey(tenant: "acme", name: "sum")
    try await service.registry.unload(key)
    try await service.registry.load(key)
    #expect(await failure(service, request(1)).message.contains("START flag"))
  }

  /// Many sequences at once, each with several requests under way: batches mix them, and every sum
  /// comes out right and in order.
  @Test func concurrentSequencesKeepTheirOwnStates() async throws {
    let service = try service(
      config: Self.sumConfig.replacing(
        "sequence_batching {",
        with: "sequence_batching { oldest { max_queue_delay_microseconds: 200 }"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for id in 1...30 as ClosedRange<Int64> {
        group.addTask {
          for round in 0..<20 as Range<Int32> {
            let sum = try await infer(
              service, request(Int32(id), id: .int64(id), start: round == 0, end: round == 19))
            #expect(sum == Int32(id) * (round + 1))
          }
        }
      }
      try await group.waitForAll()
    }
    let model = service.registry.loadedModels[0]
    #expect(model.sequences?.sequenceCount == 0 && model.sequences?.stateByteCount == 0)
    #expect(model.statistics.requestCounts.success == 600)
  }

  @Test func requestsOfOneSequenceSentAtOnceRunInOrder() async throws {
    let service = try service()
    _ = try await infer(service, request(0, start: true))
    let sums = try await withThrowingTaskGroup(of: Int32?.self) { group in
      for _ in 0..<50 { group.addTask { try await infer(service, request(1)) } }
      return try await group.reduce(into: Set<Int32?>()) { $0.insert($1) }
    }
    // Each saw another state: none was lost, none was used twice.
    #expect(sums == Set((1...50).map(Int32?.init)))
  }

  @Test func aCallerWhoIsGoneDoesNotAdvanceTheSequence() async throws {
    let service = try service()
    _ = try await infer(service, request(1, start: true))
    let error = await status {
      _ = try await service.dataPlane.infer(request(5), caller: .user, isLive: { false })
    }
    #expect(error?.code == .cancelled)
    #expect(try await infer(service, request(1)) == 2)
  }

  @Test(arguments: [
    ("simple_sequence", "7", [1, 2, 3], [2, 2, 3]),
    ("simple_dyna_sequence", "7", [1, 2, 3], [2, 2, 10]),
    ("running_sum", "seven", [1, 2, 3], [1, 3, 6]),
    ("simple_string_dyna_sequence", "100", [1, 2, 3], [1, 3, 106]),
  ])
  func theSampleModelsAnswerAsTheExamplesExpect(
    _ name: String, _ id: String, _ values: [Int32], _ expected: [Int32]
  ) async throws {
    let service = try Service(engineLoader: ONNXEngineLoader())
    for file in ["model.onnx", "config.pbtxt"] {
      service.folder.write(
        "acme/\(name)/1/\(file)", try Fixtures.bytes("Tests/Fixtures/models/\(name)/\(file)"))
    }
    let isText = name.contains("string") || Int64(id) == nil
    for (index, value) in values.enumerated() {
      var request = request(
        value, id: isText ? .string(id) : .int64(Int64(id)!), start: index == 0,
        end: index == values.count - 1)
      request.modelName = name
      #expect(try await infer(service, request) == expected[index], "\(name) \(index)")
    }
  }
}
