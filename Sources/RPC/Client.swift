public import EventLoop
public import RPCWire
internal import Synchronization

/// A gRPC client: one HTTP/2 connection, made on first use and again after it breaks. A call
/// that finds no server fails with UNAVAILABLE; whether to try again is the caller's decision.
public final class Client: Sendable {
  let channel: ClientChannel

  private static let sharedLoop: EventLoop = {
    let loop = EventLoop()
    loop.start(name: "rpc-client")
    return loop
  }()

  /// A client of a target. It connects when the first call is made. `loop` is where it lives;
  /// nil means a thread shared by all such clients of the process.
  public init(
    target: Endpoint, tls: TLSConfiguration? = nil, configuration: ClientConfiguration = .init(),
    loop: EventLoop? = nil
  ) throws {
    let authority: String
    switch target {
    case .tcp: authority = target.description
    case .unix, .descriptor: authority = "localhost"
    }
    channel = ClientChannel(
      loop: loop ?? Self.sharedLoop, target: target,
      tls: try tls.map { try TLSContext($0, side: .client) }, authority: authority,
      configuration: configuration, connector: nil)
  }

  /// A client that gets connected sockets from a function.
  init(
    tls: TLSContext?, configuration: ClientConfiguration, loop: EventLoop?,
    connector: @escaping @Sendable () throws -> Int32
  ) {
    channel = ClientChannel(
      loop: loop ?? Self.sharedLoop, target: .unix(path: "in-process"), tls: tls,
      authority: "localhost", configuration: configuration, connector: connector)
  }

  deinit {
    close()
  }

  /// Ends open calls with UNAVAILABLE and closes the connection. Later calls fail.
  public func close() {
    let channel = channel
    channel.loop.execute { channel.close() }
  }

  func makeCall(_ path: String, _ metadata: Metadata, _ deadline: MonotonicTime?)
    -> GRPCClientCall
  {
    GRPCClientCall(channel: channel, path: path, metadata: metadata, deadline: deadline)
  }

  func start(_ call: GRPCClientCall, _ request: OutboundMessage?) {
    if channel.loop.isCurrent {
      call.start(onlyRequest: request)
    } else {
      channel.loop.execute { call.start(onlyRequest: request) }
    }
  }

  func unaryResponse(
    _ path: String, _ request: OutboundMessage, _ metadata: Metadata, _ deadline: MonotonicTime?
  ) async throws -> UnaryResponse<[UInt8]> {
    let call = makeCall(path, metadata, deadline)
    return try await withTaskCancellationHandler {
      start(call, request)
      return try await call.onlyResponse()
    } onCancel: {
      call.cancel()
    }
  }

  func serverStreaming<Response>(
    _ path: String, _ request: OutboundMessage, _ metadata: Metadata, _ deadline: MonotonicTime?,
    decode: @escaping @Sendable ([UInt8]) throws -> Response
  ) -> ResponseStream<Response> {
    let call = makeCall(path, metadata, deadline)
    start(call, request)
    return ResponseStream(ClientCallHolder(call), decode: decode)
  }

  func clientStreaming<Request>(
    _ path: String, _ metadata: Metadata, _ deadline: MonotonicTime?,
    encode: @escaping @Sendable (Request) -> OutboundMessage,
    _ send: (RequestWriter<Request>) async throws -> Void
  ) async throws -> UnaryResponse<[UInt8]> {
    let call = makeCall(path, metadata, deadline)
    return try await withTaskCancellationHandler {
      start(call, nil)
      let writer = RequestWriter(CallHolder(call), encode: encode)
      do {
        try await send(writer)
      } catch {
        // The server may have ended the call early: its status says more than the failed send.
        if call.isCancelled.load(ordering: .relaxed) {
          return try await call.onlyResponse()
        }
        call.cancel()
        throw error
      }
      call.loop.execute { call.endRequests() }
      return try await call.onlyResponse()
    } onCancel: {
      call.cancel()
    }
  }

  func bidirectional<Request, Response>(
    _ path: String, _ metadata: Metadata, _ deadline: MonotonicTime?,
    encode: @escaping @Sendable (Request) -> OutboundMessage,
    decode: @escaping @Sendable ([UInt8]) throws -> Response
  ) -> (requests: RequestWriter<Request>, responses: ResponseStream<Response>) {
    let call = makeCall(path, metadata, deadline)
    start(call, nil)
    let holder = ClientCallHolder(call)
    let writer = RequestWriter(holder, encode: encode) {
      call.loop.execute { call.endRequests() }
    }
    return (writer, ResponseStream(holder, decode: decode))
  }
}

/// A response with what came around it.
public struct UnaryResponse<Message: Sendable>: Sendable {
  /// The response.
  public var message: Message
  /// Sent by the server before the message.
  public var initialMetadata: Metadata
  /// Sent by the server with the status.
  public var trailingMetadata: Metadata
  /// Whether the server had compressed the message.
  public var wasCompressed = false
}

extension GRPCClientCall {
  /// The response of a call that has one.
  func onlyResponse() async throws -> UnaryResponse<[UInt8]> {
    guard let message = try await receive() else {
      throw RPCError(code: .unimplemented, message: "the server sent a status and no response")
    }
    guard try await receive() == nil else {
      cancel()
      throw RPCError(code: .unimplemented, message: "the server sent more than one response")
    }
    let metadata = received.withLock { $0 }
    return UnaryResponse(
      message: message, initialMetadata: metadata.initial, trailingMetadata: metadata.trailing,
      wasCompressed: messageWasCompressed.load(ordering: .relaxed))
  }
}
