internal import Protocols
internal import RPC

/// The gRPC message that a REST request stands for.
struct RESTRequest {
  /// The message of the endpoint's method, with gRPC's prefix.
  let frame: [UInt8]
  /// How the answer to an inference shall look.
  let form: InferAnswerForm

  /// Reads a whole body. `headerByteCount` is the value of `inference-header-content-length`.
  init(
    _ endpoint: RESTEndpoint, body: [UInt8], headerByteCount: Int? = nil, parser: JSONParser,
    byteCountMax: Int
  ) throws(RESTError) {
    var form = InferAnswerForm()
    switch endpoint.operation {
    // Messages without a field.
    case .serverMetadata, .serverLive, .serverReady: frame = MessageFramer.frame([])
    // Four messages with the same two fields.
    case .modelMetadata, .modelReady, .modelConfig, .modelStatistics:
      var request = Inference.ModelMetadataRequest()
      request.name = endpoint.model
      request.version = endpoint.version
      frame = Self.frame(request)
    case .infer where headerByteCount == 0:
      // Nothing but elements: the service knows what the model's only input is. The answer's
      // tensors come as bytes, too.
      var request = Inference.ModelInferRequest()
      request.modelName = endpoint.model
      request.modelVersion = endpoint.version
      request.inputs = [Inference.ModelInferRequest.InputTensor()]
      request.rawInputContents = [body[...]]
      form.isBinary = true
      frame = Self.frame(request)
    case .infer:
      let read = try InferRequestFromJSON(
        body, headerByteCount: headerByteCount, endpoint: endpoint, parser: parser,
        byteCountMax: byteCountMax)
      form = read.form
      frame = Self.frame(read.request)
    case .repositoryIndex:
      var request = Inference.RepositoryIndexRequest()
      for (name, value) in try Self.members(body, parser) where name == "ready" {
        request.ready = try value.flag(at: "ready")
      }
      frame = Self.frame(request)
    case .repositoryLoad:
      var request = Inference.RepositoryModelLoadRequest()
      request.modelName = endpoint.model
      request.parameters = try Self.parameters(body, parser)
      frame = Self.frame(request)
    case .repositoryUnload:
      var request = Inference.RepositoryModelUnloadRequest()
      request.modelName = endpoint.model
      request.parameters = try Self.parameters(body, parser)
      frame = Self.frame(request)
    }
    self.form = form
  }

  private static func frame(_ message: some ProtobufMessage) -> [UInt8] {
    var writer = ProtobufWriter(
      appendingTo: [UInt8](repeating: 0, count: MessageFramer.prefixByteCount))
    message.serialize(into: &writer)
    var frame = writer.bytes
    MessageFramer.writePrefix(&frame)
    return frame
  }

  /// The members of the object that a body is; an empty body is one without members.
  private static func members(
    _ body: [UInt8], _ parser: JSONParser
  ) throws(RESTError) -> [(String, JSONValue)] {
    if body.isEmpty { return [] }
    let value: JSONValue
    do { value = try parser.parse(JSONText(body)) } catch { throw RESTError(error) }
    return try value.members(at: "the body")
  }

  private static func parameters(
    _ body: [UInt8], _ parser: JSONParser
  ) throws(RESTError) -> [String: Inference.ModelRepositoryParameter] {
    var parameters: [String: Inference.ModelRepositoryParameter] = [:]
    for (name, value) in try members(body, parser) where name == "parameters" {
      for (name, value) in try value.members(at: "parameters") where value != .null {
        parameters[name] = try parameter(value, name)
      }
    }
    return parameters
  }

  private static func parameter(
    _ value: JSONValue, _ name: String
  ) throws(RESTError) -> Inference.ModelRepositoryParameter {
    let place = "parameters.\(name.clipped)"
    var parameter = Inference.ModelRepositoryParameter()
    // JSON has no bytes: Triton's clients send files in base64.
    if name.hasPrefix("file:") {
      guard let bytes = Base64.decode(try value.text(at: place).utf8) else {
        throw RESTError(.invalidArgument, "'\(place)': expected base64")
      }
      parameter.parameterChoice = .bytesParam(bytes)
      return parameter
    }
    switch try value.parameter(at: place) {
    case .bool(let flag): parameter.parameterChoice = .boolParam(flag)
    case .int64(let number): parameter.parameterChoice = .int64Param(number)
    case .string(let text): parameter.parameterChoice = .stringParam(text)
    case .double, .uint64:
      throw RESTError(.invalidArgument, "'\(place)': expected a boolean, an integer or a text")
    }
    return parameter
  }
}
