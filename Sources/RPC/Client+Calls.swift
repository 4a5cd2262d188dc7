public import EventLoop
public import RPCWire

/// Calls with messages as bytes. Typed variants are in Client+Protobuf.swift.
///
/// All throw ``RPCError``. A call whose task is cancelled, or whose deadline passes, is reset.
extension Client {
  /// One request, one response.
  public func unary(
    _ path: String, _ request: [UInt8], metadata: Metadata = Metadata(),
    deadline: MonotonicTime? = nil
  ) async throws -> [UInt8] {
    try await unaryResponse(path, OutboundMessage(request), metadata, deadline).message
  }

  /// One request, one response, with the metadata that came along.
  public func unaryResponse(
    _ path: String, _ request: [UInt8], metadata: Metadata = Metadata(),
    deadline: MonotonicTime? = nil
  ) async throws -> UnaryResponse<[UInt8]> {
    try await unaryResponse(path, OutboundMessage(request), metadata, deadline)
  }

  /// One request, many responses.
  public func serverStreaming(
    _ path: String, _ request: [UInt8], metadata: Metadata = Metadata(),
    deadline: MonotonicTime? = nil
  ) async throws -> ResponseStream<[UInt8]> {
    serverStreaming(path, OutboundMessage(request), metadata, deadline) { $0 }
  }

  /// Many requests, one response: `send` writes them; the call's requests end when it returns.
  public func clientStreaming(
    _ path: String, metadata: Metadata = Metadata(), deadline: MonotonicTime? = nil,
    _ send: @Sendable (RequestWriter<[UInt8]>) async throws -> Void
  ) async throws -> [UInt8] {
    try await clientStreamingResponse(path, metadata: metadata, deadline: deadline, send).message
  }

  /// Many requests, one response, with the metadata that came along.
  public func clientStreamingResponse(
    _ path: String, metadata: Metadata = Metadata(), deadline: MonotonicTime? = nil,
    _ send: @Sendable (RequestWriter<[UInt8]>) async throws -> Void
  ) async throws -> UnaryResponse<[UInt8]> {
    try await clientStreaming(path, metadata, deadline, encode: { OutboundMessage($0) }, send)
  }

  /// Many requests, many responses. The call ends when the stream ends; dropping both cancels it.
  public func bidirectional(
    _ path: String, metadata: Metadata = Metadata(), deadline: MonotonicTime? = nil
  ) async throws -> (requests: RequestWriter<[UInt8]>, responses: ResponseStream<[UInt8]>) {
    bidirectional(
      path, metadata, deadline, encode: { OutboundMessage($0) }, decode: { $0 })
  }
}
