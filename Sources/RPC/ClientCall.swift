public import EventLoop
public import RPCWire

/// Receives what happens to one call of a client connection: below gRPC framing, on the loop's
/// thread.
public protocol ClientCallDelegate: AnyObject {
  /// The response's header block, valid only during the call. A response that ends here
  /// (trailers-only) is followed by `callReceivedEnd`.
  func call(_ call: ClientCall, receivedHeaders headers: HeaderBlock)
  /// Body bytes, valid only during the call; give them back with ``ClientCall/consume(_:)``.
  func call(_ call: ClientCall, receivedData bytes: UnsafeRawBufferPointer)
  /// The trailers, valid only during the call.
  func call(_ call: ClientCall, receivedTrailers trailers: HeaderBlock)
  /// The server has ended its side.
  func callReceivedEnd(_ call: ClientCall)
  /// The bytes queued on the call fell below the low mark: more may be sent.
  func callCanSend(_ call: ClientCall)
  /// The stream is gone; always the last callback.
  func callClosed(_ call: ClientCall, reason: CallCloseReason)
}

/// One stream of a client's connection. A handle: cheap to copy, harmless when the stream is
/// gone, to be used on its loop's thread only.
public struct ClientCall {
  let stream: UnsafeMutableRawPointer
  let generation: UInt64

  /// False once the stream is gone.
  public var isOpen: Bool { fatalError("not yet") }
  /// Bytes queued by `sendData` that have not left for the connection.
  public var outboundByteCount: Int { fatalError("not yet") }
  /// Queues body bytes; they are copied.
  public func sendData(_ bytes: UnsafeRawBufferPointer) { fatalError("not yet") }
  /// Queues body bytes without a copy.
  public func sendData(_ bytes: [UInt8]) { fatalError("not yet") }
  /// Ends the request, after the queued bytes.
  public func sendEnd() { fatalError("not yet") }
  /// Drops the stream, whatever is queued.
  public func reset(_ code: HTTP2ErrorCode) { fatalError("not yet") }
  /// Gives received bytes back to the server's window.
  public func consume(_ byteCount: Int) { fatalError("not yet") }
}
