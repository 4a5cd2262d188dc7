import Protocols
import Testing

@Suite struct GeneratedMessageTests {
  @Test func everyKindOfFieldSurvivesTheRoundTrip() throws {
    var config = Inference.ModelConfig()
    config.name = "digits"
    config.maxBatchSize = -1
    config.parameters = ["k": .init(), "ü": .init()]
    config.parameters["k"]?.stringValue = "v"
    var input = Inference.ModelInput()
    input.name = "x"
    input.dataType = .fp32
    input.dims = [-1, 28]
    config.input = [input]
    var batching = Inference.ModelDynamicBatching()
    batching.preferredBatchSize = [4, 8]
    batching.maxQueueDelayMicroseconds = 1 << 40
    batching.priorityQueuePolicy = [7: .init()]
    config.schedulingChoice = .dynamicBatching(batching)
    var response = Inference.ModelConfigResponse()
    response.config = config
    #expect(try Inference.ModelConfigResponse(protobuf: response.serialized()) == response)
  }

  @Test func oneofOfScalarsKeepsWhichOneIsSet() throws {
    var event = MartletV1.WatchEvent()
    #expect(try MartletV1.WatchEvent(protobuf: event.serialized()).change == nil)
    event.change = .tenant("")
    #expect(try MartletV1.WatchEvent(protobuf: event.serialized()).change == .tenant(""))
    event.change = .resync(false)
    #expect(try MartletV1.WatchEvent(protobuf: event.serialized()).change == .resync(false))
  }

  @Test func unknownEnumNumberIsKept() throws {
    var request = MartletV1.CheckResponse()
    request.verdict = .init(rawValue: 99)
    #expect(try MartletV1.CheckResponse(protobuf: request.serialized()).verdict.rawValue == 99)
  }

  @Test func bytesFieldSurvives() throws {
    var part = MartletV1.DeployRequest()
    part.data = [0, 1, 255]
    part.path = "model.onnx"
    #expect(try MartletV1.DeployRequest(protobuf: part.serialized()) == part)
  }

  @Test func emptyMessageHasDefaults() throws {
    #expect(try Inference.ServerLiveResponse(protobuf: []).live == false)
    #expect(MartletV1.ListModelsRequest().serialized() == [])
  }

  /// libprotobuf-c ends a text at its first NUL: `m\0x` would be served as `m`.
  @Test func textWithNULIsRefusedWhereverItIs() throws {
    func message(_ body: (inout ProtobufWriter) -> Void) -> ArraySlice<UInt8> {
      var writer = ProtobufWriter()
      body(&writer)
      return writer.bytes[...]
    }
    let text: ArraySlice<UInt8> = [0x6D, 0, 0x78]
    // Options with a stop (3), a chat's second message (3) with its content (2), of generation.
    let options = message { $0.field(3, bytes: text) }
    let content = message { $0.field(2, bytes: text) }
    let bad = [
      message { $0.field(1, bytes: text) }, message { $0.field(1, bytes: [0]) },
      message {
        $0.field(1, bytes: [0x6D]); $0.field(3, bytes: content)
      },
    ]
    for bytes in bad {
      let error = #expect(throws: ProtobufError.self) {
        try MartletV1.ChatRequest(protobuf: bytes)
      }
      #expect(error?.code == .textWithNUL, "\(bytes)")
    }
    #expect(throws: ProtobufError.self) { try MartletV1.GenerationOptions(protobuf: options) }
    // A key of a map.
    let entry = message { $0.field(1, bytes: text) }
    #expect(throws: ProtobufError.self) {
      try Inference.ModelConfig(protobuf: message { $0.field(14, bytes: entry) })
    }
    // Numbers and bytes may be zero, and so may what nobody knows.
    var part = MartletV1.DeployRequest()
    (part.name, part.data) = ("m", [0, 0, 0])
    let unknown = part.serialized() + message { $0.field(99, bytes: [0]) }
    #expect(try MartletV1.DeployRequest(protobuf: unknown[...]) == part)
  }

  /// A generated text may hold NUL; nothing behind it is lost, on either side.
  @Test func generatedTextWithNULArrivesWhole() throws {
    var response = MartletV1.GenerateResponse()
    response.choice = 3
    response.text = "a\0b\0\0 and é"
    response.tokens = [0, 255, 1 << 20]
    var probabilities = MartletV1.TokenProbabilities()
    probabilities.chosen = MartletV1.TokenProbability()
    probabilities.chosen?.text = [0xFF, 0, 0xFF]
    response.probabilities = [probabilities]
    response.finishReason = "stop"
    let bytes = response.serialized()
    #expect(try MartletV1.GenerateResponse(protobuf: bytes) == response)
    var reader = ProtobufReader(bytes[...])
    var texts: [[UInt8]] = []
    while let field = try reader.next() {
      if field.number == 2 { texts.append(Array(field.bytes)) }
    }
    #expect(texts == [Array("a\0b\0\0 and é".utf8)])
    // Other texts of such a message may not, and a text in a message of a message is written whole.
    response.finishReason = "st\0op"
    #expect(throws: ProtobufError.self) {
      try MartletV1.GenerateResponse(protobuf: response.serialized())
    }
    var chat = MartletV1.ChatRequest()
    chat.messages = [MartletV1.ChatMessage()]
    chat.messages[0].content = "x\0y"
    #expect(chat.serialized().contains(0x79))
    // What is not UTF-8 is not taken, with or without NUL.
    var writer = ProtobufWriter()
    writer.field(2, bytes: [0x61, 0, 0xFF])
    #expect(throws: ProtobufError.self) {
      try MartletV1.GenerateResponse(protobuf: writer.bytes[...])
    }
  }

  @Test func textThatIsNotUTF8IsRefused() {
    var writer = ProtobufWriter()
    writer.field(1, bytes: [0xFF])
    let error = #expect(throws: ProtobufError.self) {
      try MartletV1.CheckRequest(protobuf: writer.bytes)
    }
    #expect(error?.code == .invalidUTF8)
  }

  @Test func messageThatWouldGrowWithoutMeasureIsRefused() {
    // 400,000 empty statistics are 800 kB on the wire and would be 100 bytes each in memory.
    var writer = ProtobufWriter()
    for _ in 0..<400_000 { writer.message(1) { _ in } }
    #expect(throws: ProtobufError.self) {
      try Inference.ModelStatisticsResponse(protobuf: writer.bytes)
    }
  }

  @Test func everyServedFileHasADescriptor() {
    let names = FileDescriptors.all.map(\.name)
    #expect(names.contains("inference/inference.proto"))
    #expect(names.contains("grpc/health/v1/health.proto"))
    #expect(names.contains("martlet/v1/models.proto"))
    #expect(FileDescriptors.all.allSatisfy { !$0.bytes.isEmpty })
  }
}
