internal import Protocols
internal import RPC

/// The HTTP answer to a REST request.
struct RESTAnswer {
  var status = 200
  var json: [UInt8]
  /// Tensors behind the JSON; nil: there is only JSON.
  var binary: [ArraySlice<UInt8>]?

  /// An error: `{"error": "…"}`.
  init(_ code: StatusCode, _ message: String) {
    self.init(status: code.httpStatus, message)
  }

  init(_ error: RESTError) {
    self.init(status: error.httpStatus, error.message)
  }

  init(status: Int, _ message: String) {
    self.status = status
    var writer = JSONWriter()
    writer.object { writer in
      writer.key("error")
      writer.string(message)
    }
    json = writer.bytes
  }

  /// The answer to a message of the endpoint's method.
  init(
    _ message: [UInt8], of endpoint: RESTEndpoint, _ form: InferAnswerForm, byteCountMax: Int
  ) throws(RESTError) {
    do {
      switch endpoint.operation {
      case .infer:
        let written = try InferResponseToJSON(
          Inference.ModelInferResponse(protobuf: message), form, byteCountMax: byteCountMax)
        json = written.json
        binary = written.binary.isEmpty ? nil : written.binary
      case .serverLive:
        let isLive = try Inference.ServerLiveResponse(protobuf: message).live
        (status, json) = Self.probe([JSONValue.Member("live", .bool(isLive))], isTrue: isLive)
      case .serverReady:
        let isReady = try Inference.ServerReadyResponse(protobuf: message).ready
        (status, json) = Self.probe([JSONValue.Member("ready", .bool(isReady))], isTrue: isReady)
      case .modelReady:
        let isReady = try Inference.ModelReadyResponse(protobuf: message).ready
        let name = JSONValue.Member("name", .string(endpoint.model))
        (status, json) = Self.probe(
          [name, JSONValue.Member("ready", .bool(isReady))], isTrue: isReady)
      case .serverMetadata: json = try Self.json(message, "ServerMetadataResponse")
      case .modelMetadata: json = try Self.json(message, "ModelMetadataResponse")
      case .modelConfig: json = try Self.json(message, "ModelConfigResponse", "config")
      case .modelStatistics: json = try Self.json(message, "ModelStatisticsResponse")
      case .repositoryIndex:
        json = try Self.json(message, "RepositoryIndexResponse", "models")
      case .repositoryLoad, .repositoryUnload: json = Array("{}".utf8)
      }
    } catch let error as RESTError {
      throw error
    } catch {
      throw RESTError(.internalError, "the service's answer cannot be read")
    }
  }

  /// What is not ready has another status too: probes look at nothing else.
  private static func probe(
    _ members: [JSONValue.Member], isTrue: Bool
  ) -> (status: Int, json: [UInt8]) {
    (isTrue ? 200 : 503, JSONValue.object(members).serialized())
  }

  /// A message, or one of its fields, along the protocol's schema.
  private static func json(
    _ message: [UInt8], _ type: String, _ field: String? = nil
  ) throws(ProtobufError) -> [UInt8] {
    let value = try InferenceJSON.value(message[...], type: ".inference.\(type)")
    return (field.map { value[$0] ?? .null } ?? value).serialized()
  }
}
