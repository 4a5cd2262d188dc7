public import EventLoop
public import RPCWire

/// Settings of a ``Client``.
public struct ClientConfiguration: Sendable {
  /// The largest response message after decompression.
  public var messageByteCountMax = 64 << 20
  /// The longest a connection attempt may take, handshake included.
  public var connectTimeout = Duration.seconds(10)
  /// Compress requests; the server may answer in kind.
  public var compression: Compression?
  /// A PING is sent after this much silence while calls are open; nil sends none.
  public var keepAliveInterval: Duration? = .seconds(30)
  /// The connection is closed when a PING stays unanswered for this long.
  public var keepAliveTimeout = Duration.seconds(20)
  /// HTTP/2 session limits and windows.
  public var http2 = HTTP2Limits()

  /// The defaults.
  public init() {}
}

/// A gRPC client: one HTTP/2 connection, made on first use and again after it breaks.
public final class Client: Sendable {
  /// A client of a target. It connects when the first call is made. `loop` is where it lives;
  /// nil means a thread shared by all such clients of the process.
  public init(
    target: Endpoint, tls: TLSConfiguration? = nil, configuration: ClientConfiguration = .init(),
    loop: EventLoop? = nil
  ) throws { fatalError("not yet") }

  /// One request, one response.
  public func unary(
    _ path: String, _ request: [UInt8], metadata: Metadata = Metadata(),
    deadline: MonotonicTime? = nil
  ) async throws -> [UInt8] { fatalError("not yet") }

  /// One request, one response, with the metadata that came along.
  public func unaryResponse(
    _ path: String, _ request: [UInt8], metadata: Metadata = Metadata(),
    deadline: MonotonicTime? = nil
  ) async throws -> UnaryResponse<[UInt8]> { fatalError("not yet") }

  /// One request, many responses.
  public func serverStreaming(
    _ path: String, _ request: [UInt8], metadata: Metadata = Metadata(),
    deadline: MonotonicTime? = nil
  ) async throws -> ResponseStream<[UInt8]> { fatalError("not yet") }

  /// Many requests, one response: `send` writes them; the call's requests end when it returns.
  public func clientStreaming(
    _ path: String, metadata: Metadata = Metadata(), deadline: MonotonicTime? = nil,
    _ send: @escaping @Sendable (RequestWriter<[UInt8]>) async throws -> Void
  ) async throws -> [UInt8] { fatalError("not yet") }

  /// Many requests, many responses. The call ends when the stream ends; dropping both cancels it.
  public func bidirectional(
    _ path: String, metadata: Metadata = Metadata(), deadline: MonotonicTime? = nil
  ) async throws -> (requests: RequestWriter<[UInt8]>, responses: ResponseStream<[UInt8]>) {
    fatalError("not yet")
  }

  /// Ends open calls with UNAVAILABLE and closes the connection. Later calls fail.
  public func close() { fatalError("not yet") }
}

/// A response with what came around it.
public struct UnaryResponse<Message: Sendable>: Sendable {
  /// The response.
  public var message: Message
  /// Sent by the server before the message.
  public var initialMetadata: Metadata
  /// Sent by the server with the status.
  public var trailingMetadata: Metadata
}
