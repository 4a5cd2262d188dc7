import Protocols
import TestSupport
import Testing

@testable import Gateway

struct InferTranscodingTests {
  private let parser = JSONParser()
  private let endpoint = RESTEndpoint(.infer, model: "m", version: "2")

  private func read(
    _ body: [UInt8], headerByteCount: Int? = nil, byteCountMax: Int = 1 << 20
  ) throws(RESTError) -> InferRequestFromJSON {
    try InferRequestFromJSON(
      body, headerByteCount: headerByteCount, endpoint: endpoint, parser: parser,
      byteCountMax: byteCountMax)
  }

  @Test(arguments: [
    #"{"id":"\u0000"}"#, #"{"inputs":[{"name":"a\u0000"}]}"#, #"{"outputs":[{"name":"\u0000"}]}"#,
    #"{"parameters":{"a\u0000":1}}"#, #"{"parameters":{"a":"\u0000"}}"#,
  ])
  func textsThatNoMessageHoldsAreTheClientsMistake(_ body: String) {
    let error = #expect(throws: RESTError.self) { _ = try read(Array(body.utf8)) }
    #expect(error?.message.contains("NUL") == true)
  }

  private func input(_ datatype: String, _ data: String, shape: String = "[2]") -> [UInt8] {
    Array(
      #"{"inputs":[{"name":"x","datatype":"\#(datatype)","shape":\#(shape),"data":\#(data)}]}"#.utf8
    )
  }

  private func failure(_ body: [UInt8], headerByteCount: Int? = nil) -> String? {
    do throws(RESTError) {
      _ = try read(body, headerByteCount: headerByteCount)
      return nil
    } catch {
      return error.message
    }
  }

  /// Datatype, elements as text, as bytes.
  private static let elements: [(String, String, [UInt8])] = [
    ("BOOL", "[true,false]", [1, 0]),
    ("UINT8", "[0,255]", [0, 255]),
    ("INT8", "[-128,127]", [128, 127]),
    ("UINT16", "[1,65535]", [1, 0, 255, 255]),
    ("INT16", "[-1,2]", [255, 255, 2, 0]),
    ("UINT32", "[1,4294967295]", [1, 0, 0, 0, 255, 255, 255, 255]),
    ("INT32", "[-1,2]", [255, 255, 255, 255, 2, 0, 0, 0]),
    (
      "UINT64", "[1,18446744073709551615]",
      [1] + Array(repeating: 0, count: 7)
        + Array(repeating: 255, count: 8)
    ),
    ("INT64", "[-1,2]", Array(repeating: 255, count: 8) + [2] + Array(repeating: 0, count: 7)),
    ("FP16", "[1.0,-2.0]", [0, 0x3c, 0, 0xc0]),
    ("BF16", "[1.0,-2.0]", [0x80, 0x3f, 0, 0xc0]),
    ("FP32", "[1.0,0.1]", [0, 0, 0x80, 0x3f, 0xcd, 0xcc, 0xcc, 0x3d]),
    ("FP64", "[1.0,0.0]", [0, 0, 0, 0, 0, 0, 0xf0, 0x3f] + Array(repeating: 0, count: 8)),
    ("BYTES", #"["a","ü\n"]"#, [1, 0, 0, 0, 0x61, 3, 0, 0, 0, 0xc3, 0xbc, 0x0a]),
  ]

  @Test func everyDatatypeIsReadAndWritten() throws {
    for (datatype, text, bytes) in Self.elements {
      let request = try read(input(datatype, text)).request
      #expect(request.rawInputContents.map(Array.init) == [bytes], "\(datatype)")
      #expect(request.inputs[0].datatype == datatype && request.inputs[0].shape == [2])
      var response = Inference.ModelInferResponse()
      response.outputs = [.init(name: "y", datatype: datatype, shape: [2])]
      response.rawOutputContents = [bytes[...]]
      let written = try InferResponseToJSON(response, InferAnswerForm(), byteCountMax: 100)
      #expect(
        String(decoding: written.json, as: UTF8.self).contains(#""data":\#(text)"#), "\(datatype)")
    }
  }

  @Test func whatBelongsToTheRequestGoesOn() throws {
    let body = #"""
      {"id": "9", "unknown": [1], "parameters": {"priority": 5, "sequence_id": "s", "on": true,
       "big": 18446744073709551615, "half": 0.5, "none": null, "binary_data_output": true},
       "inputs": [{"name": "x", "datatype": "INT8", "shape": [2, 2], "data": [[1, 2], [3, 4]],
                   "parameters": {"p": 1}}],
       "outputs": [{"name": "a", "parameters": {"classification": 3}},
                   {"name": "b", "parameters": {"binary_data": false}}]}
      """#
    let read = try read(Array(body.utf8))
    let request = try Inference.ModelInferRequest(protobuf: read.request.serialized())
    #expect(request.modelName == "m" && request.modelVersion == "2" && request.id == "9")
    #expect(
      request.parameters == [
        "priority": .int64(5), "sequence_id": .string("s"), "on": .bool(true),
        "big": .uint64(.max), "half": .double(0.5),
      ])
    #expect(request.rawInputContents.map(Array.init) == [[1, 2, 3, 4]])
    #expect(request.inputs[0].parameters == ["p": .int64(1)])
    #expect(request.outputs.map(\.name) == ["a", "b"])
    #expect(request.outputs[0].parameters == ["classification": .int64(3)])
    #expect(request.outputs[1].parameters.isEmpty)
    #expect(read.form.isBinary("a") && !read.form.isBinary("b") && read.form.isBinary("c"))
  }

  @Test func aSequenceIsANumberOfSixtyFourBitsOrAText() throws {
    let body = { (id: String) in Array(#"{"parameters":{"sequence_id":\#(id)}}"#.utf8) }
    let largest = try read(body("18446744073709551615")).request
    #expect(largest.parameters["sequence_id"] == .uint64(.max))
    #expect(failure(body("-1")) == "'parameters.sequence_id': expected 0 or more, got -1")
    #expect(try read(body(#""-1""#)).request.parameters["sequence_id"] == .string("-1"))
  }

  @Test func tensorsBehindTheJSONAreTakenInOrder() throws {
    let head = Array(
      #"""
      {"inputs":[{"name":"x","datatype":"INT8","shape":[2],"parameters":{"binary_data_size":2}},
      {"name":"y","datatype":"INT8","shape":[1],"data":[9]},
      {"name":"z","datatype":"INT8","shape":[1],"parameters":{"binary_data_size":1}}]}
      """#.utf8)
    let request = try read(head + [1, 2, 3], headerByteCount: head.count).request
    #expect(request.rawInputContents.map(Array.init) == [[1, 2], [9], [3]])
    #expect(request.inputs.allSatisfy { $0.parameters.isEmpty })
    #expect(failure(head + [1, 2], headerByteCount: head.count)?.contains("'z'") == true)
    #expect(
      failure(head + [1, 2, 3, 4], headerByteCount: head.count)?.contains("1 more") == true)
    #expect(failure(head, headerByteCount: head.count + 1)?.contains("at most") == true)
    #expect(failure(head + [1, 2, 3])?.contains("JSON") == true)
  }

  @Test func mistakesAreNamed() {
    #expect(failure(input("INT8", "[1]"))?.contains("needs 2 elements, got 1") == true)
    #expect(failure(input("INT8", "[1,128]"))?.contains("'x': element 1") == true)
    #expect(failure(input("FP16", "[1,65536]"))?.contains("element 1") == true)
    #expect(failure(input("BF16", "[3.4e38,3.4e38]"))?.contains("element 0") == true)
    #expect(failure(input("FP8", "[1,2]"))?.contains("'FP8'") == true)
    #expect(failure(input("INT8", "{}"))?.contains("a list") == true)
    #expect(failure(input("INT8", "[1,2]", shape: "[-2]"))?.contains("from 0") == true)
    #expect(
      failure(input("INT8", "[1,2]", shape: "[9223372036854775807,9223372036854775807]")) != nil)
    let many = "[" + Array(repeating: "1", count: 100).joined(separator: ",") + "]"
    #expect(failure(input("INT8", "[1]", shape: many))?.contains("64 dimensions") == true)
    #expect(throws: RESTError.self) { try read(input("FP64", "[1,2]"), byteCountMax: 15) }
  }

  @Test func halfFloatsKeepWhatIsNoNumber() throws {
    for datatype in ["FP16", "BF16"] {
      let request = try read(input(datatype, #"["NaN","-Infinity"]"#)).request
      var response = Inference.ModelInferResponse()
      response.outputs = [.init(name: "y", datatype: datatype, shape: [2])]
      response.rawOutputContents = request.rawInputContents
      let written = try InferResponseToJSON(response, InferAnswerForm(), byteCountMax: 100)
      #expect(
        String(decoding: written.json, as: UTF8.self).hasSuffix(#""data":["NaN","-Infinity"]}]}"#))
    }
  }

  @Test func outputsAreBytesWhereTheRequestSaysSo() throws {
    var response = Inference.ModelInferResponse()
    response.modelName = "m"
    response.outputs = [
      .init(name: "a", datatype: "INT8", shape: [2]),
      .init(name: "b", datatype: "INT8", shape: [1]),
    ]
    response.rawOutputContents = [[1, 2][...], [3][...]]
    let written = try InferResponseToJSON(
      response, InferAnswerForm(isBinary: false, outputs: ["a": true]), byteCountMax: 1)
    #expect(written.binary.map(Array.init) == [[1, 2]])
    #expect(
      String(decoding: written.json, as: UTF8.self)
        == #"{"model_name":"m","model_version":"","outputs":["#
        + #"{"name":"a","datatype":"INT8","shape":[2],"parameters":{"binary_data_size":2}},"#
        + #"{"name":"b","datatype":"INT8","shape":[1],"data":[3]}]}"#)
    #expect(throws: RESTError.self) {
      try InferResponseToJSON(response, InferAnswerForm(), byteCountMax: 2)
    }
    response.outputs[1].datatype = "BYTES"
    #expect(throws: RESTError.self) {
      try InferResponseToJSON(response, InferAnswerForm(), byteCountMax: 100)
    }
    response.rawOutputContents.removeLast()
    #expect(throws: RESTError.self) {
      try InferResponseToJSON(response, InferAnswerForm(), byteCountMax: 100)
    }
  }

  @Test func repositoryRequestsCarryTheirParameters() throws {
    let endpoint = RESTEndpoint(.repositoryLoad, model: "m")
    let body = #"{"parameters":{"config":"{}","file:1/a":"AAH/","flag":true,"n":3}}"#
    let frame = try RESTRequest(
      endpoint, body: Array(body.utf8), parser: parser, byteCountMax: 100
    ).frame
    #expect(frame.count < 256 && Array(frame[..<5]) == [0, 0, 0, 0, UInt8(frame.count - 5)])
    let request = try Inference.RepositoryModelLoadRequest(protobuf: frame[5...])
    #expect(request.modelName == "m")
    #expect(request.parameters["config"]?.parameterChoice == .stringParam("{}"))
    #expect(request.parameters["file:1/a"]?.parameterChoice == .bytesParam([0, 1, 255]))
    #expect(request.parameters["flag"]?.parameterChoice == .boolParam(true))
    #expect(request.parameters["n"]?.parameterChoice == .int64Param(3))
    for body in ["[]", #"{"parameters":[]}"#, #"{"parameters":{"file:1/a":"A"}}"#] {
      #expect(throws: RESTError.self) {
        try RESTRequest(endpoint, body: Array(body.utf8), parser: parser, byteCountMax: 100)
      }
    }
  }
}

struct TranslationNeverTrapTests {
  @Test func inferRequests() {
    let parser = JSONParser()
    let corpus: [[UInt8]] = [
      #"{"id":"1","inputs":[{"name":"x","shape":[1,2],"datatype":"FP16","data":[[0.5,1e3]]}]}"#,
      #"{"inputs":[{"name":"x","shape":[2],"datatype":"BYTES","data":["a","b"]}],"#
        + #""outputs":[{"name":"y","parameters":{"binary_data":true}}]}"#,
      #"{"inputs":[{"name":"x","shape":[2],"datatype":"INT8","parameters":{"binary_data_size":2}}]}"#
        + "ab",
    ].map { Array($0.utf8) }
    var fuzz = Fuzz("rest-infer", corpus: corpus)
    fuzz.run(rounds: 3_000) { body in
      for headerByteCount in [nil, body.count - min(2, body.count)] {
        guard
          let read = try? InferRequestFromJSON(
            body, headerByteCount: headerByteCount, endpoint: RESTEndpoint(.infer, model: "m"),
            parser: parser, byteCountMax: 1_000)
        else { continue }
        // What was read is what a service takes.
        let message = try? Inference.ModelInferRequest(protobuf: read.request.serialized())
        #expect(message?.inputs.count == read.request.inputs.count)
      }
    }
  }

  @Test func answers() {
    var response = Inference.ModelInferResponse()
    response.outputs = [.init(name: "y", datatype: "BYTES", shape: [1])]
    response.rawOutputContents = [[1, 0, 0, 0, 65][...]]
    var fuzz = Fuzz("rest-answer", corpus: [response.serialized()])
    fuzz.run(rounds: 3_000) { message in
      for operation in RESTEndpoint.Operation.allCases {
        _ = try? RESTAnswer(
          message, of: RESTEndpoint(operation), InferAnswerForm(), byteCountMax: 1_000)
      }
    }
  }
}

struct GRPCWebTests {
  @Test func trailersAreTheLastFrame() {
    let trailers = headers([("grpc-status", "5"), ("grpc-message", "no")])
    let text = "grpc-status: 5\r\ngrpc-message: no\r\n"
    #expect(GRPCWebTrailers.frame(trailers) == [0x80, 0, 0, 0, UInt8(text.utf8.count)] + text.utf8)
  }

  @Test func contentTypesSayTheForm() {
    func form(_ text: String) -> GRPCWebCall.Form? {
      Array(text.utf8).withUnsafeBytes { GRPCWebCall.Form(contentType: $0) }
    }
    #expect(form("application/grpc-web") == .binary)
    #expect(form("Application/gRPC-Web+proto; charset=utf-8") == .binary)
    #expect(form("application/grpc-web-text") == .text)
    #expect(form("application/grpc-web-text+proto") == .text)
    for other in ["application/grpc", "application/grpc-web+json", "application/grpc-webx", ""] {
      #expect(form(other) == nil)
    }
  }
}
