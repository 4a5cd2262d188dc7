public import EventLoop
internal import RPCWire
internal import Synchronization

/// Routes by method path, with messages as bytes. Typed variants are in Server+Protobuf.swift.
/// A second route for a path replaces the first.
extension Server {
  func add(_ path: String, _ handler: Route.Handler) {
    state.withLock { state in
      precondition(!state.isStarted, "routes are registered before a server starts: \(path)")
      state.routes.add(Route(path: path, handler: handler))
    }
  }

  /// One request, one response. The handler starts on the loop's own thread as soon as the
  /// request is complete.
  public func unary(
    _ path: String,
    _ handler: @escaping @Sendable ([UInt8], CallContext) async throws -> [UInt8]
  ) {
    add(path, .unaryBytes(handler))
  }

  /// One request, one response, by a function that runs on the loop's thread from start to end:
  /// the cheapest kind, for work of microseconds. It must not block.
  public func unaryOnLoop(
    _ path: String,
    _ handler: @escaping @Sendable ([UInt8], CallContext) throws -> [UInt8]
  ) {
    add(path, .onLoop { OutboundMessage(try handler($0, $1)) })
  }

  /// Many requests, one response.
  public func clientStreaming(
    _ path: String,
    _ handler: @escaping @Sendable (RequestStream<[UInt8]>, CallContext) async throws -> [UInt8]
  ) {
    add(
      path,
      .streaming { holder, context in
        let response = try await handler(RequestStream(holder) { $0 }, context)
        try await holder.call.send(OutboundMessage(response))
      })
  }

  /// One request, many responses.
  public func serverStreaming(
    _ path: String,
    _ handler:
      @escaping @Sendable ([UInt8], ResponseWriter<[UInt8]>, CallContext) async throws
      -> Void
  ) {
    add(
      path,
      .streaming { holder, context in
        let request = try await holder.call.receiveOnly()
        try await handler(request, ResponseWriter(holder) { OutboundMessage($0) }, context)
      })
  }

  /// Many requests, many responses, in any order.
  public func bidirectional(
    _ path: String,
    _ handler:
      @escaping @Sendable (
        RequestStream<[UInt8]>, ResponseWriter<[UInt8]>, CallContext
      ) async throws -> Void
  ) {
    add(
      path,
      .streaming { holder, context in
        try await handler(
          RequestStream(holder) { $0 }, ResponseWriter(holder) { OutboundMessage($0) }, context)
      })
  }

  /// Makes one router per loop, on that loop's thread. It sees every request before the routes
  /// above and may take it over with a delegate: the layer below async, for proxies.
  public func callRouter(_ make: @escaping @Sendable (EventLoop) -> any CallRouter) {
    state.withLock { $0.makeRouter = make }
  }
}

extension GRPCCall {
  /// The one message of a peer that sends one.
  final func receiveOnly() async throws -> [UInt8] {
    guard let message = try await receive() else {
      throw RPCError(code: .unimplemented, message: "the call needs one message, got none")
    }
    guard try await receive() == nil else {
      throw RPCError(code: .unimplemented, message: "the call needs one message, got more")
    }
    return message
  }
}
