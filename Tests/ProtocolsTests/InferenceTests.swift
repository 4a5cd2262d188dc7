import CProtobufC
import CProtocols
import Protocols
import Testing

/// The views are checked against libprotobuf-c's own reading of the same bytes.
@Suite struct InferenceTests {
  static func request() -> Inference.ModelInferRequest {
    var request = Inference.ModelInferRequest()
    request.modelName = "digits"
    request.modelVersion = "3"
    request.id = "r-1"
    request.parameters = ["priority": .uint64(1 << 40), "s": .string("ü"), "d": .double(0.5)]
    var input = Inference.ModelInferRequest.InputTensor(
      name: "x", datatype: "FP32", shape: [1, -1, 300])
    input.contents = Inference.InferTensorContents()
    input.contents?.fp32Contents = [1.5, -2]
    input.contents?.intContents = [-1, 2]
    input.contents?.bytesContents = [[1, 2][...], [][...]]
    request.inputs = [input]
    request.outputs = [.init(name: "y")]
    request.rawInputContents = [Array(repeating: 7, count: 300)[...]]
    return request
  }

  @Test func requestSurvivesTheRoundTrip() throws {
    let bytes = Self.request().serialized()
    #expect(try Inference.ModelInferRequest(protobuf: bytes) == Self.request())
  }

  @Test func libprotobufCReadsWhatWeWrite() throws {
    let bytes = Self.request().serialized()
    let c = try #require(inference__model_infer_request__unpack(nil, bytes.count, bytes))
    defer { inference__model_infer_request__free_unpacked(c, nil) }
    #expect(String(cString: c.pointee.model_name) == "digits")
    #expect(c.pointee.n_parameters == 3)
    let input = try #require(c.pointee.inputs[0])
    #expect(input.pointee.n_shape == 3)
    #expect(input.pointee.shape[1] == -1)
    #expect(input.pointee.contents.pointee.fp32_contents[1] == -2)
    #expect(input.pointee.contents.pointee.int_contents[0] == -1)
    #expect(c.pointee.raw_input_contents[0].len == 300)
    // And what libprotobuf-c writes, we read.
    let size = inference__model_infer_request__get_packed_size(c)
    let packed = [UInt8](unsafeUninitializedCapacity: size) { memory, count in
      count = inference__model_infer_request__pack(c, memory.baseAddress)
    }
    #expect(try Inference.ModelInferRequest(protobuf: packed) == Self.request())
  }

  @Test func secondModelNameIsRefused() {
    var writer = ProtobufWriter()
    writer.field(1, string: "mine")
    writer.field(1, string: "theirs")
    #expect(throws: ProtobufError.self) {
      try Inference.ModelInferRequest(protobuf: writer.bytes)
    }
  }

  @Test func nameIsFoundAsSoonAsItIsThere() {
    let bytes = Self.request().serialized()
    for count in 0..<bytes.count {
      let peek = ModelNamePeek(
        field: 1, prefix: bytes[..<count], messageByteCount: bytes.count)
      #expect(peek == (count < 8 ? .needsMore : .found("digits")))
    }
  }

  @Test func lastNameOfAWholeMessageCounts() {
    var writer = ProtobufWriter()
    writer.field(1, string: "a")
    writer.field(1, string: "b")
    #expect(
      ModelNamePeek(field: 1, prefix: writer.bytes[...], messageByteCount: writer.bytes.count)
        == .found("b"))
    #expect(ModelNamePeek(field: 1, prefix: [], messageByteCount: 0) == .absent)
  }

  @Test func nameWithNULIsMalformed() {
    var writer = ProtobufWriter()
    writer.field(1, bytes: [97, 0, 98])
    guard
      case .malformed(let error) = ModelNamePeek(
        field: 1, prefix: writer.bytes[...], messageByteCount: writer.bytes.count)
    else {
      Issue.record("expected malformed")
      return
    }
    #expect(error.code == .invalidUTF8)
  }

  @Test func responseSurvivesTheRoundTrip() throws {
    var response = Inference.ModelInferResponse()
    response.modelName = "digits"
    response.outputs = [.init(name: "y", datatype: "INT64", shape: [2])]
    response.rawOutputContents = [Array(repeating: 0, count: 16)[...]]
    response.parameters = ["triton_final_response": .bool(true)]
    var stream = Inference.ModelStreamInferResponse()
    stream.inferResponse = response
    stream.errorMessage = "no"
    #expect(try Inference.ModelStreamInferResponse(protobuf: stream.serialized()) == stream)
  }
}
