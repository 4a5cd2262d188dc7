internal import EventLoop
public import Protocols
internal import RPCWire

/// Routes with protobuf messages. A request that cannot be decoded ends its call with
/// INTERNAL, or INVALID_ARGUMENT where a text holds NUL.
extension Server {
  /// One request, one response. The handler starts on the loop's own thread as soon as the
  /// request is complete.
  public func unary<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ path: String,
    _ handler: @escaping @Sendable (Request, CallContext) async throws -> Response
  ) {
    add(
      path,
      .unary { OutboundMessage(encoding: try await handler(Request(protobuf: $0[...]), $1)) })
  }

  /// One request, one response, by a function that runs on the loop's thread from start to end:
  /// the cheapest kind, for work of microseconds. It must not block.
  public func unaryOnLoop<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ path: String,
    _ handler: @escaping @Sendable (Request, CallContext) throws -> Response
  ) {
    add(path, .onLoop { OutboundMessage(encoding: try handler(Request(protobuf: $0[...]), $1)) })
  }

  /// Many requests, one response.
  public func clientStreaming<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ path: String,
    _ handler: @escaping @Sendable (RequestStream<Request>, CallContext) async throws -> Response
  ) {
    add(
      path,
      .streaming { holder, context in
        let requests = RequestStream(holder) { try Request(protobuf: $0[...]) }
        let response = try await handler(requests, context)
        try await holder.call.send(OutboundMessage(encoding: response))
      })
  }

  /// One request, many responses.
  public func serverStreaming<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ path: String,
    _ handler:
      @escaping @Sendable (Request, ResponseWriter<Response>, CallContext) async throws
      -> Void
  ) {
    add(
      path,
      .streaming { holder, context in
        let request = try Request(protobuf: try await holder.call.receiveOnly()[...])
        try await handler(
          request, ResponseWriter(holder) { OutboundMessage(encoding: $0) }, context)
      })
  }

  /// Many requests, many responses, in any order.
  public func bidirectional<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ path: String,
    _ handler:
      @escaping @Sendable (
        RequestStream<Request>, ResponseWriter<Response>, CallContext
      ) async throws -> Void
  ) {
    add(
      path,
      .streaming { holder, context in
        try await handler(
          RequestStream(holder) { try Request(protobuf: $0[...]) },
          ResponseWriter(holder) { OutboundMessage(encoding: $0) }, context)
      })
  }
}
