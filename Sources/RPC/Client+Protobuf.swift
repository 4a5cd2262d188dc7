public import EventLoop
public import Protocols
public import RPCWire

/// Calls with protobuf messages.
extension Client {
  /// One request, one response.
  public func unary<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ path: String, _ request: Request, metadata: Metadata = Metadata(),
    deadline: MonotonicTime? = nil
  ) async throws -> Response {
    try await decodeResponse(
      unaryResponse(path, OutboundMessage(encoding: request), metadata, deadline).message)
  }

  /// One request, one response, with the metadata that came along.
  public func unaryResponse<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ path: String, _ request: Request, metadata: Metadata = Metadata(),
    deadline: MonotonicTime? = nil
  ) async throws -> UnaryResponse<Response> {
    let response = try await unaryResponse(
      path, OutboundMessage(encoding: request), metadata, deadline)
    return UnaryResponse(
      message: try decodeResponse(response.message), initialMetadata: response.initialMetadata,
      trailingMetadata: response.trailingMetadata, wasCompressed: response.wasCompressed)
  }

  /// One request, many responses.
  public func serverStreaming<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ path: String, _ request: Request, metadata: Metadata = Metadata(),
    deadline: MonotonicTime? = nil
  ) async throws -> ResponseStream<Response> {
    serverStreaming(path, OutboundMessage(encoding: request), metadata, deadline) {
      try decodeResponse($0)
    }
  }

  /// Many requests, one response: `send` writes them; the call's requests end when it returns.
  public func clientStreaming<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ path: String, metadata: Metadata = Metadata(), deadline: MonotonicTime? = nil,
    _ send: @Sendable (RequestWriter<Request>) async throws -> Void
  ) async throws -> Response {
    try await decodeResponse(
      clientStreaming(
        path, metadata, deadline, encode: { OutboundMessage(encoding: $0) }, send
      ).message)
  }

  /// Many requests, many responses. The call ends when the stream ends; dropping both cancels it.
  public func bidirectional<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ path: String, metadata: Metadata = Metadata(), deadline: MonotonicTime? = nil
  ) async throws -> (requests: RequestWriter<Request>, responses: ResponseStream<Response>) {
    bidirectional(
      path, metadata, deadline, encode: { OutboundMessage(encoding: $0) },
      decode: { try decodeResponse($0) })
  }
}

private func decodeResponse<Response: ProtobufMessage>(_ bytes: [UInt8]) throws -> Response {
  do throws(ProtobufError) {
    return try Response(protobuf: bytes[...])
  } catch {
    throw RPCError(
      code: .internalError, message: "the response cannot be decoded: \(error.message)")
  }
}

extension OutboundMessage {
  /// A message serialised behind room for its prefix.
  init(encoding message: some ProtobufMessage) {
    var writer = ProtobufWriter(
      appendingTo: [UInt8](repeating: 0, count: MessageFramer.prefixByteCount))
    message.serialize(into: &writer)
    self.init(prefixRoomAnd: writer.bytes)
  }
}
