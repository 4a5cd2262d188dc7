internal import Compute
internal import Protocols
internal import RPC
internal import Testing

@testable import ModelService

/// The rules of the Open Inference Protocol that clients rely on.
@Suite struct DataPlaneTests {
  let service: Service

  init() throws {
    service = try Service()
    for type in DataType.allCases {
      service.loader.register("identity \(type)") { .identity(type) }
    }
    service.store("simple", config: "max_batch_size: 8")
    service.store("plain")
  }

  func infer(
    _ request: Inference.ModelInferRequest, as caller: Caller = .user
  ) async throws -> Inference.ModelInferResponse {
    try await service.dataPlane.infer(request, caller: caller)
  }

  func refusal(
    _ model: String = "simple", _ change: (inout Inference.ModelInferRequest) -> Void
  ) async -> RPCError? {
    var request = Inference.ModelInferRequest.simple(model)
    change(&request)
    return await status { _ = try await infer(request) }
  }

  @Test func aRawRequestIsAnsweredRaw() async throws {
    var request = Inference.ModelInferRequest.simple(rows: 2)
    request.id = "42"
    let response = try await infer(request)
    #expect(response.modelName == "simple" && response.modelVersion == "1" && response.id == "42")
    #expect(response.outputs.map(\.name) == ["OUTPUT0", "OUTPUT1"])
    #expect(response.outputs.map(\.datatype) == ["INT32", "INT32"])
    #expect(response.outputs.map(\.shape) == [[2, 16], [2, 16]])
    #expect(response.outputs.allSatisfy { $0.contents == nil })
    let raw = response.rawOutputContents.map { elements($0, Int32.self) }
    #expect(raw == [[Int32](repeating: 5, count: 32), [Int32](repeating: 1, count: 32)])
  }

  @Test func inputsMayComeInAnyOrder() async throws {
    var request = Inference.ModelInferRequest.simple(left: 1, right: 9)
    request.inputs.reverse()
    request.rawInputContents.reverse()
    let response = try await infer(request)
    #expect(elements(response.rawOutputContents[1], Int32.self).first == -8)
  }

  @Test func requestedOutputsComeInTheirOrder() async throws {
    var request = Inference.ModelInferRequest.simple()
    request.outputs = [.init(name: "OUTPUT1")]
    #expect(try await infer(request).outputs.map(\.name) == ["OUTPUT1"])
    request.outputs = [.init(name: "OUTPUT1"), .init(name: "OUTPUT0")]
    let response = try await infer(request)
    #expect(response.outputs.map(\.name) == ["OUTPUT1", "OUTPUT0"])
    #expect(elements(response.rawOutputContents[1], Int32.self).first == 5)
  }

  // MARK: - Names, types, shapes, sizes

  @Test func aMissingInputIsNamed() async {
    let error = await refusal {
      $0.inputs.removeLast()
      $0.rawInputContents.removeLast()
    }
    #expect(error?.code == .invalidArgument)
    #expect(
      error?.message
        == "expected 2 inputs but got 1 inputs for model 'simple'. Got input(s) ['INPUT0'], but "
        + "missing required input(s) ['INPUT1']. Please provide all required input(s).")
  }

  @Test func unknownAndRepeatedNamesAreRefused() async {
    var error = await refusal { $0.inputs[1].name = "INPUT2" }
    #expect(error?.message == "unexpected inference input 'INPUT2' for model 'simple'")
    error = await refusal { $0.inputs[1].name = "INPUT0" }
    #expect(error?.message.contains("input 'INPUT0' already exists") == true)
    error = await refusal { $0.outputs = [.init(name: "OUTPUT9")] }
    #expect(error?.message == "unexpected inference output 'OUTPUT9' for model 'simple'")
    error = await refusal { $0.outputs = [.init(name: "OUTPUT0"), .init(name: "OUTPUT0")] }
    #expect(error?.message.contains("output 'OUTPUT0' already exists") == true)
    error = await refusal {
      $0.inputs.append(.init(name: "INPUT2", datatype: "INT32", shape: [1, 16]))
      $0.rawInputContents.append([])
    }
    #expect(error?.message.hasPrefix("expected 2 inputs but got 3 inputs") == true)
    #expect(error?.code == .invalidArgument)
  }

  @Test func longNamesDoNotMakeLongErrors() async {
    let long = String(repeating: "x", count: 1 << 20)
    let errors = [
      await refusal(long) { _ in }, await refusal { $0.inputs[0].name = long },
      await refusal { $0.inputs[0].datatype = long }, await refusal { $0.modelVersion = long },
      await refusal { $0.outputs = [.init(name: long)] },
      await refusal { $0.parameters["triton_" + long] = .bool(true) },
      await refusal { $0.inputs = Array(repeating: $0.inputs[0], count: 10_000) },
      await refusal { $0.inputs[0].shape = [Int64](repeating: 1, count: 100_000) },
    ]
    for error in errors {
      #expect(error?.code == .invalidArgument || error?.code == .notFound)
      #expect((error?.message.utf8.count ?? .max) < 1000)
    }
  }

  @Test func aWrongDatatypeIsRefused() async {
    let error = await refusal { $0.inputs[0].datatype = "FP32" }
    #expect(
      error?.message
        == "inference input 'INPUT0' data-type is 'FP32', but model 'simple' expects 'INT32'")
    #expect(await refusal { $0.inputs[0].datatype = "" }?.code == .invalidArgument)
    #expect(await refusal { $0.inputs[0].datatype = "int32" }?.code == .invalidArgument)
  }

  @Test(
    arguments: [
      [1, 17], [16], [1, 1, 16], [], [-1, 16], [1, -16], [Int64.max, 16], [Int64.min, 16],
    ] as [[Int64]])
  func aWrongShapeIsRefused(_ shape: [Int64]) async {
    let error = await refusal { $0.inputs[0].shape = shape }
    #expect(error?.code == .invalidArgument)
    let isTooLarge = shape.count == 2 && shape[0] == .max
    #expect(
      error?.message.contains(
        isTooLarge ? "batch-size must be <= 8" : "Expected [-1,16], got [") == true,
      "\(error?.message ?? "")")
  }

  @Test func batchSizesAreLimitedAndMustAgree() async {
    var error = await refusal {
      $0 = .simple(rows: 9)
    }
    #expect(error?.message == "inference request batch-size must be <= 8 for 'simple', got 9")
    error = await refusal { $0 = .simple(rows: 0) }
    #expect(error?.message.contains("batch-size must be >= 1") == true)
    error = await refusal {
      $0.inputs[1].shape = [2, 16]
      $0.rawInputContents[1] = bytes([Int32](repeating: 0, count: 32))[...]
    }
    #expect(error?.message == "input 'INPUT1' batch size does not match other inputs for 'simple'")
  }

  @Test func aWrongSizeSaysExpectedAndGot() async {
    for count in [0, 1, 63, 65, 128] {
      let error = await refusal {
        $0.rawInputContents[1] = [UInt8](repeating: 0, count: count)[...]
      }
      #expect(
        error?.message
          == "input byte size mismatch for input 'INPUT1' for model 'simple'. Expected 64, got "
          + "\(count)")
    }
  }

  @Test func shapesWhoseProductOverflowsAreRefused() async {
    service.store("identity", content: "identity \(DataType.fp64)")
    var request = Inference.ModelInferRequest()
    request.modelName = "identity"
    for shape in [[1 << 62, 8], [1 << 32, 1 << 32], [Int64.max, 1]] as [[Int64]] {
      request.inputs = [.init(name: "INPUT0", datatype: "FP64", shape: shape)]
      request.rawInputContents = [[0]]
      let error = await status { _ = try await infer(request) }
      #expect(error?.code == .invalidArgument, "\(shape)")
    }
  }

  // MARK: - Raw and typed

  @Test func typedContentsAreTakenAndAnsweredRaw() async throws {
    var request = Inference.ModelInferRequest.simple()
    request.rawInputContents = []
    for (index, value) in [7, 3].enumerated() {
      var contents = Inference.InferTensorContents()
      contents.intContents = [Int32](repeating: Int32(value), count: 16)
      request.inputs[index].contents = contents
    }
    let response = try await infer(request)
    #expect(elements(response.rawOutputContents[0], Int32.self).first == 10)
  }

  @Test func typedAndRawDoNotMix() async {
    let error = await refusal { request in
      var contents = Inference.InferTensorContents()
      contents.intContents = [Int32](repeating: 1, count: 16)
      request.inputs[1].contents = contents
    }
    #expect(error?.code == .invalidArgument)
    #expect(
      error?.message
        == "contents field must not be specified when using raw_input_contents for 'INPUT1' for "
        + "model 'simple'")
  }

  @Test func rawEntriesMustBeAsManyAsInputs() async {
    var error = await refusal { $0.rawInputContents.removeLast() }
    #expect(error?.message.contains("expected 2 raw_input_contents") == true)
    #expect(error?.message.contains("got 1") == true)
    error = await refusal { $0.rawInputContents.append([]) }
    #expect(error?.message.contains("got 3") == true)
    error = await refusal { $0.rawInputContents = [] }
    #expect(error?.message.contains("Expected 16, got 0") == true)
  }

  @Test func aTypedListOfTheWrongKindOrLengthIsRefused() async {
    func typed(_ change: (inout Inference.InferTensorContents) -> Void) async -> RPCError? {
      var contents = Inference.InferTensorContents()
      change(&contents)
      return await refusal { request in
        request.rawInputContents = []
        for index in 0..<2 { request.inputs[index].contents = contents }
      }
    }
    var error = await typed { $0.fp32Contents = [Float](repeating: 1, count: 16) }
    #expect(error?.message.contains("expected int_contents") == true)
    #expect(error?.message.contains("got fp32_contents") == true)
    error = await typed { $0.intContents = [1, 2, 3] }
    #expect(error?.message.contains("Expected 16, got 3") == true)
    #expect(error?.code == .invalidArgument)
  }

  /// Every datatype with values at its ends: typed (where the protocol has a list), raw, and back.
  @Test(arguments: DataType.allCases)
  func everyDatatypeTravelsBothWays(_ type: DataType) async throws {
    service.store("identity", content: "identity \(type)")
    var contents = Inference.InferTensorContents()
    var raw: [UInt8]
    switch type {
    case .bool: (contents.boolContents, raw) = ([true, false], [1, 0])
    case .int8: (contents.intContents, raw) = ([-128, 127], bytes([Int8.min, .max]))
    case .int16: (contents.intContents, raw) = ([-32768, 32767], bytes([Int16.min, .max]))
    case .int32: (contents.intContents, raw) = ([.min, .max], bytes([Int32.min, .max]))
    case .int64: (contents.int64Contents, raw) = ([.min, .max], bytes([Int64.min, .max]))
    case .uint8: (contents.uintContents, raw) = ([0, 255], [0, 255])
    case .uint16: (contents.uintContents, raw) = ([0, 65535], bytes([UInt16.min, .max]))
    case .uint32: (contents.uintContents, raw) = ([0, .max], bytes([UInt32.min, .max]))
    case .uint64: (contents.uint64Contents, raw) = ([0, .max], bytes([UInt64.min, .max]))
    case .fp32: (contents.fp32Contents, raw) = ([-0.0, .infinity], bytes([-0.0, Float.infinity]))
    case .fp64: (contents.fp64Contents, raw) = ([1e300, -1], bytes([1e300, -1.0]))
    case .fp16, .bf16: raw = bytes([UInt16(0x3c00), 0xbc00])
    case .string:
      contents.bytesContents = [[], [0xff, 0x00]]
      raw = [0, 0, 0, 0, 2, 0, 0, 0, 0xff, 0]
    default: return
    }
    var request = Inference.ModelInferRequest()
    request.modelName = "identity"
    request.inputs = [.init(name: "INPUT0", datatype: type.oipName, shape: [1, 2])]
    request.rawInputContents = [raw[...]]
    let response = try await infer(request)
    #expect(Array(response.rawOutputContents[0]) == raw)
    #expect(response.outputs[0].datatype == type.oipName && response.outputs[0].shape == [1, 2])
    request.rawInputContents = []
    request.inputs[0].contents = contents
    let typed = await status { raw = Array(try await infer(request).rawOutputContents[0]) }
    if type == .fp16 || type == .bf16 {
      #expect(typed?.message.contains("must use raw_input_contents") == true)
    } else {
      #expect(typed == nil && raw == Array(response.rawOutputContents[0]))
    }
  }

  @Test(arguments: [DataType.int8, .int16, .uint8, .uint16])
  func narrowValuesThatDoNotFitAreRefused(_ type: DataType) async {
    service.store("identity", content: "identity \(type)")
    var request = Inference.ModelInferRequest()
    request.modelName = "identity"
    request.inputs = [.init(name: "INPUT0", datatype: type.oipName, shape: [1, 1])]
    var contents = Inference.InferTensorContents()
    if type.oipName.hasPrefix("U") {
      contents.uintContents = [70_000]
    } else {
      contents.intContents = [-70_000]
    }
    request.inputs[0].contents = contents
    let error = await status { _ = try await infer(request) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains("fit \(type.oipName)") == true)
  }

  @Test func framingOfBytesIsChecked() async {
    service.store("identity", content: "identity \(DataType.string)")
    var request = Inference.ModelInferRequest()
    request.modelName = "identity"
    request.inputs = [.init(name: "INPUT0", datatype: "BYTES", shape: [1, 2])]
    for (raw, part) in [
      ([1, 0, 0], "incomplete string length indicator"),
      ([9, 0, 0, 0, 65], "expecting string of length 9 but only 1 bytes available"),
      ([255, 255, 255, 255], "expecting string of length 4294967295"),
      ([0, 0, 0, 0], "expected 2 strings for inference input 'INPUT0', got 1"),
      ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "got 3"), ([], "got 0"),
    ] as [([UInt8], String)] {
      request.rawInputContents = [raw[...]]
      let error = await status { _ = try await infer(request) }
      #expect(error?.code == .invalidArgument && error?.message.contains(part) == true, "\(part)")
    }
  }

  // MARK: - Parameters

  @Test func parametersAreCheckedAsTritonDoes() async throws {
    var request = Inference.ModelInferRequest.simple()
    request.parameters = [
      "sequence_id": .int64(7), "sequence_start": .bool(true), "sequence_end": .bool(false),
      "priority": .uint64(1), "timeout": .int64(5_000_000), "anything": .double(1),
      "triton_enable_empty_final_response": .bool(true),
    ]
    _ = try await infer(request)
    for (name, value, part) in [
      ("triton_secret", .bool(true), "reserved for Triton usage"),
      ("sequence_id", .bool(true), "expected int64_param or string_param"),
      ("sequence_start", .int64(1), "expected bool_param"),
      ("priority", .string("1"), "expected int64_param"),
      ("priority", .int64(-1), "of 0 or more, got -1"),
      ("timeout", .bool(false), "expected int64_param"),
    ] as [(String, Inference.InferParameter, String)] {
      let error = await refusal { $0.parameters[name] = value }
      #expect(error?.code == .invalidArgument && error?.message.contains(part) == true, "\(name)")
    }
  }

  @Test func sharedMemoryIsRefused() async {
    var error = await refusal { $0.inputs[0].parameters["shared_memory_region"] = .string("r") }
    #expect(error?.message == "input 'INPUT0': shared memory is not supported by this server")
    error = await refusal {
      var output = Inference.ModelInferRequest.RequestedOutput(name: "OUTPUT0")
      output.parameters["shared_memory_byte_size"] = .int64(64)
      $0.outputs = [output]
    }
    #expect(error?.message == "output 'OUTPUT0': shared memory is not supported by this server")
  }

  // MARK: - Models and callers

  @Test func unknownModelsAndVersionsAreNotFound() async {
    var error = await refusal("absent") { _ in }
    #expect(error?.code == .notFound)
    #expect(error?.message == "Request for unknown model: 'absent' is not found")
    error = await refusal { $0.modelVersion = "9" }
    #expect(error?.code == .notFound)
    #expect(error?.message == "Request for unknown model: 'simple' version 9 is not found")
    #expect(await refusal { $0.modelVersion = "latest" }?.code == .invalidArgument)
    for name in ["", "..", "a/b", "simple/1", "../umbrella/simple", "sim\u{0}ple"] {
      #expect(await refusal(name) { _ in }?.code == .notFound, "\(name)")
    }
    #expect(await refusal { $0.modelVersion = "1" } == nil)
    #expect(await refusal { $0.modelVersion = "-1" }?.code == .notFound)
  }

  @Test func anotherTenantsModelLooksLikeNone() async {
    let stranger = await status { _ = try await infer(.simple(), as: .stranger) }
    let absent = await status { _ = try await infer(.simple("absent"), as: .stranger) }
    #expect(stranger?.code == .notFound && absent?.code == .notFound)
    #expect(
      stranger?.message.split(separator: "'")[0] == absent?.message.split(separator: "'")[0])
  }

  @Test func aKeyNeedsTheRightAndTheModel() async {
    let deployOnly = Caller(tenant: "acme", actions: [.deploy])
    #expect(
      await status { _ = try await infer(.simple(), as: deployOnly) }?.code == .permissionDenied)
    let others = Caller(tenant: "acme", actions: [.infer], modelPatterns: ["wine*"])
    #expect(await status { _ = try await infer(.simple(), as: others) }?.code == .permissionDenied)
    let admin = Caller(tenant: "acme", actions: [.admin], modelPatterns: [])
    #expect(await status { _ = try await infer(.simple(), as: admin) } == nil)
  }

  @Test func aFaultOfTheValuesIsTheCallersAndNamesNoValue() async {
    let error = await refusal { $0 = .simple(left: -666) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message == "expected a value, got the bad one")
  }

  // MARK: - Streams

  @Test func errorsStayInTheStreamWithTheirId() async throws {
    var requests: [Inference.ModelInferRequest] = [.simple(), .simple("absent"), .simple()]
    for index in requests.indices { requests[index].id = "r\(index)" }
    var queue = requests[...]
    var answers: [Inference.ModelStreamInferResponse] = []
    try await service.dataPlane.stream(
      caller: .user, endsOnError: false, next: { queue.popFirst() },
      send: { message, _ in answers.append(message) })
    #expect(answers.map { $0.inferResponse?.id } == ["r0", "r1", "r2"])
    #expect(answers[1].errorMessage == "Request for unknown model: 'absent' is not found")
    #expect(answers[1].inferResponse?.outputs == [])
    for index in [0, 2] {
      #expect(answers[index].errorMessage.isEmpty)
      #expect(
        answers[index].inferResponse?.parameters["triton_final_response"] == .bool(true))
    }
    // Asked for, an error is the stream's end.
    queue = requests[...]
    answers = []
    let error = await status {
      try await service.dataPlane.stream(
        caller: .user, endsOnError: true, next: { queue.popFirst() },
        send: { message, _ in answers.append(message) })
    }
    #expect(error?.code == .notFound && answers.count == 1)
  }

  @Test func aDeadlineThatPassedIsNotComputed() async throws {
    _ = try await infer(.simple())
    let counts = { service.registry.loadedModels[0].statistics.requestCounts.success }
    let before = counts()
    let error = await status {
      _ = try await service.dataPlane.infer(
        .simple(), caller: .user, deadline: MonotonicTime(nanoseconds: 1))
    }
    #expect(error?.code == .deadlineExceeded && counts() == before)
  }
}
