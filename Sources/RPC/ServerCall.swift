public import EventLoop
public import RPCWire

/// Why a call's stream is gone.
public enum CallCloseReason: Sendable, Hashable {
  /// Both sides had ended.
  case completed
  /// One side reset the stream.
  case reset(HTTP2ErrorCode)
  /// The connection broke or was closed.
  case connectionLost
}

/// Decides who serves a request. Lives on one loop; see ``Server/callRouter(_:)``.
public protocol CallRouter: AnyObject {
  /// The delegate that takes the call over, or nil to leave it to the server's other routes.
  /// `headers` is valid only during the call. May also answer at once on `call` and return a
  /// delegate that ignores the rest.
  func route(_ headers: HeaderBlock, call: ServerCall) -> (any ServerCallDelegate)?
}

/// Receives what happens to one call of a server: below gRPC framing, on the loop's thread.
public protocol ServerCallDelegate: AnyObject {
  /// Body bytes, valid only during the call. Each byte must be given back with
  /// ``ServerCall/consume(_:)`` sooner or later, or the client stops at its window.
  func call(_ call: ServerCall, receivedData bytes: UnsafeRawBufferPointer)
  /// The client has ended its side.
  func callReceivedEnd(_ call: ServerCall)
  /// The bytes queued on the call fell below the low mark: more may be sent.
  func callCanSend(_ call: ServerCall)
  /// The stream is gone; always the last callback. Every use of `call` is a no-op from here on.
  func callClosed(_ call: ServerCall, reason: CallCloseReason)
}

/// One stream of a server's connection. A handle: cheap to copy, harmless when the stream is
/// gone, to be used on its loop's thread only.
public struct ServerCall {
  let stream: UnsafeMutableRawPointer
  let generation: UInt64

  /// False once the stream is gone.
  public var isOpen: Bool { fatalError("not yet") }
  /// The loop the call lives on.
  public var loop: EventLoop { fatalError("not yet") }
  /// The client's verified certificate.
  public var peer: PeerIdentity? { fatalError("not yet") }
  /// The client's address, for logs.
  public var remoteAddress: String { fatalError("not yet") }
  /// Bytes queued by `sendData` that have not left for the connection.
  public var outboundByteCount: Int { fatalError("not yet") }

  /// Sends the response's header block; must start with `:status`.
  public func sendHeaders(_ headers: HeaderList, endOfStream: Bool = false) {
    fatalError("not yet")
  }
  /// Queues body bytes; they are copied.
  public func sendData(_ bytes: UnsafeRawBufferPointer) { fatalError("not yet") }
  /// Queues body bytes without a copy.
  public func sendData(_ bytes: [UInt8]) { fatalError("not yet") }
  /// Ends the response with trailers, after the queued bytes.
  public func sendTrailers(_ trailers: HeaderList) { fatalError("not yet") }
  /// Ends the response without trailers, after the queued bytes.
  public func sendEnd() { fatalError("not yet") }
  /// Ends a gRPC response: trailers, or headers with the status when none were sent.
  public func sendStatus(_ code: StatusCode, _ message: String, metadata: Metadata = Metadata()) {
    fatalError("not yet")
  }
  /// Drops the stream, whatever is queued.
  public func reset(_ code: HTTP2ErrorCode) { fatalError("not yet") }
  /// Gives received bytes back to the client's window.
  public func consume(_ byteCount: Int) { fatalError("not yet") }
}
