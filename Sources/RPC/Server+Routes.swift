public import EventLoop
public import RPCWire

/// Routes by method path, with messages as bytes. Typed variants are in Server+Protobuf.swift.
extension Server {
  /// One request, one response. The handler starts on the loop's own thread as soon as the
  /// request is complete.
  public func unary(
    _ path: String,
    _ handler: @escaping @Sendable ([UInt8], CallContext) async throws -> [UInt8]
  ) { fatalError("not yet") }

  /// One request, one response, by a function that runs on the loop's thread from start to end:
  /// the cheapest kind, for work of microseconds. It must not block.
  public func unaryOnLoop(
    _ path: String,
    _ handler: @escaping @Sendable ([UInt8], CallContext) throws -> [UInt8]
  ) { fatalError("not yet") }

  /// Many requests, one response.
  public func clientStreaming(
    _ path: String,
    _ handler: @escaping @Sendable (RequestStream<[UInt8]>, CallContext) async throws -> [UInt8]
  ) { fatalError("not yet") }

  /// One request, many responses.
  public func serverStreaming(
    _ path: String,
    _ handler:
      @escaping @Sendable ([UInt8], ResponseWriter<[UInt8]>, CallContext) async throws
      -> Void
  ) { fatalError("not yet") }

  /// Many requests, many responses, in any order.
  public func bidirectional(
    _ path: String,
    _ handler:
      @escaping @Sendable (
        RequestStream<[UInt8]>, ResponseWriter<[UInt8]>, CallContext
      ) async throws -> Void
  ) { fatalError("not yet") }

  /// Makes one router per loop, on that loop's thread. It sees every request before the routes
  /// above and may take it over with a delegate: the layer below async, for proxies.
  public func callRouter(_ make: @escaping @Sendable (EventLoop) -> any CallRouter) {
    fatalError("not yet")
  }
}
