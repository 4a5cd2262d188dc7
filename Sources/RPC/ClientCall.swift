public import RPCWire

/// Receives what happens to one call of a client connection: below gRPC framing, on the loop's
/// thread.
public protocol ClientCallDelegate: HTTP2StreamHandler {
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
  /// The stream is gone; always the last callback. `reset(.refusedStream)` says that the server
  /// has not looked at the request: it may be sent elsewhere.
  func callClosed(_ call: ClientCall, reason: CallCloseReason)
}

/// The session's events in a client's terms.
extension ClientCallDelegate {
  /// See ``call(_:receivedHeaders:)``.
  public func stream(_ stream: HTTP2StreamReference, receivedHeaders headers: HeaderBlock) {
    call(ClientCall(stream), receivedHeaders: headers)
  }
  /// See ``call(_:receivedTrailers:)``.
  public func stream(_ stream: HTTP2StreamReference, receivedTrailers trailers: HeaderBlock) {
    call(ClientCall(stream), receivedTrailers: trailers)
  }
  /// See ``call(_:receivedData:)``.
  public func stream(_ stream: HTTP2StreamReference, receivedData bytes: UnsafeRawBufferPointer) {
    call(ClientCall(stream), receivedData: bytes)
  }
  /// See ``callReceivedEnd(_:)``.
  public func streamReceivedEnd(_ stream: HTTP2StreamReference) {
    callReceivedEnd(ClientCall(stream))
  }
  /// See ``callCanSend(_:)``.
  public func streamCanSend(_ stream: HTTP2StreamReference) {
    callCanSend(ClientCall(stream))
  }
  /// See ``callClosed(_:reason:)``.
  public func streamClosed(_ stream: HTTP2StreamReference, reason: CallCloseReason) {
    callClosed(ClientCall(stream), reason: reason)
  }
}

/// One stream of a client's connection. A handle: cheap to copy, harmless when the stream is
/// gone, to be used on its loop's thread only.
public struct ClientCall {
  let stream: HTTP2StreamReference

  init(_ stream: HTTP2StreamReference) {
    self.stream = stream
  }

  /// False once the stream is gone.
  public var isOpen: Bool { stream.isOpen }
  /// Bytes queued by `sendData` that have not left for the connection.
  public var outboundByteCount: Int { stream.outboundByteCount }
  /// False while more than the high mark is queued: stop, and go on at `callCanSend`.
  public var canSend: Bool { stream.canSend }

  /// Whether the answer was large enough for more than its first few bytes to be on their way at a
  /// time.
  public var isWide: Bool { stream.isWide }

  /// Queues body bytes; they are copied. Those that more will follow cost less.
  public func sendData(_ bytes: UnsafeRawBufferPointer, moreFollows: Bool = false) {
    stream.sendData(bytes, moreFollows: moreFollows)
  }

  /// Queues body bytes without a copy.
  public func sendData(_ bytes: consuming [UInt8]) {
    stream.sendData(bytes)
  }

  /// Ends the request, after the queued bytes.
  public func sendEnd() {
    stream.sendEnd()
  }

  /// Drops the stream, whatever is queued.
  public func reset(_ code: HTTP2ErrorCode) {
    stream.reset(code)
  }

  /// Gives received bytes back to the server's window.
  public func consume(_ byteCount: Int) {
    stream.consume(byteCount)
  }
}
