public import RPCWire

/// Decides who serves a request. Lives on one loop; see ``Server/callRouter(_:)``.
public protocol CallRouter: AnyObject {
  /// The delegate that takes the call over, or nil to leave it to the server's other routes.
  /// `headers` is valid only during the call. May also answer at once on `call` and return a
  /// delegate that ignores the rest.
  func route(_ headers: HeaderBlock, call: ServerCall) -> (any ServerCallDelegate)?
  /// The server stops and lets go of the router: it must give back what refers to it. Optional.
  func close()
}

extension CallRouter {
  /// Nothing to give back.
  public func close() {}
}

/// Receives what happens to one call of a server: below gRPC framing, on the loop's thread.
public protocol ServerCallDelegate: HTTP2StreamHandler {
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

/// The session's events in a server's terms.
extension ServerCallDelegate {
  /// Requests have no second header block.
  public func stream(_ stream: HTTP2StreamReference, receivedHeaders headers: HeaderBlock) {}
  /// gRPC requests have no trailers.
  public func stream(_ stream: HTTP2StreamReference, receivedTrailers trailers: HeaderBlock) {}
  /// See ``call(_:receivedData:)``.
  public func stream(_ stream: HTTP2StreamReference, receivedData bytes: UnsafeRawBufferPointer) {
    call(ServerCall(stream), receivedData: bytes)
  }
  /// See ``callReceivedEnd(_:)``.
  public func streamReceivedEnd(_ stream: HTTP2StreamReference) {
    callReceivedEnd(ServerCall(stream))
  }
  /// See ``callCanSend(_:)``.
  public func streamCanSend(_ stream: HTTP2StreamReference) {
    callCanSend(ServerCall(stream))
  }
  /// See ``callClosed(_:reason:)``.
  public func streamClosed(_ stream: HTTP2StreamReference, reason: CallCloseReason) {
    callClosed(ServerCall(stream), reason: reason)
  }
}

/// One stream of a server's connection. A handle: cheap to copy, harmless when the stream is
/// gone, to be used on its loop's thread only.
public struct ServerCall {
  /// The stream itself, for who stands between a call and its connection.
  public let stream: HTTP2StreamReference

  /// The call of a stream: of a session's, or of a translator's (``StreamBackend``), whose
  /// connection must be that of a client's call.
  public init(_ stream: HTTP2StreamReference) {
    self.stream = stream
  }

  private var connection: ServerConnection? {
    stream.connection.map { unsafeDowncast($0, to: ServerConnection.self) }
  }

  /// Counts that this call went past a limit of the server.
  func exceeded(_ limit: ServerLimit) {
    connection?.exceeded(limit)
  }

  /// Something that the router keeps with the call's connection; nil at first.
  public var connectionObject: AnyObject? {
    get { connection?.routerObject }
    nonmutating set { connection?.routerObject = newValue }
  }

  /// Ends the call's connection, after what is queued, because of a limit.
  public func endConnection(_ limit: ServerLimit) {
    connection?.end(limit)
  }

  /// False once the stream is gone.
  public var isOpen: Bool { stream.isOpen }
  /// The client's verified certificate.
  public var peer: PeerIdentity? { connection?.peer }
  /// The client's address, for logs.
  public var remoteAddress: String { connection?.remoteAddress ?? "" }
  /// Bytes queued by `sendData` that have not left for the connection.
  public var outboundByteCount: Int { stream.outboundByteCount }
  /// False while more than the high mark is queued: stop, and go on at `callCanSend`.
  public var canSend: Bool { stream.canSend }
  /// Below how many queued bytes `callCanSend` comes; four times as many are the high mark.
  public var lowMark: Int {
    get { stream.lowMark }
    nonmutating set { stream.lowMark = newValue }
  }
  /// True when the request's header list was over the limit; `headers` was cut short.
  public var headersWereTooLarge: Bool { stream.headersWereTooLarge }

  /// Sends the response's header block; must start with `:status`.
  public func sendHeaders(_ headers: HeaderList, endOfStream: Bool = false) {
    stream.sendHeaders(headers, endOfStream: endOfStream)
  }

  /// Says that the head is accepted and the body wanted: an HTTP/1.1 client may wait for that.
  public func sendContinue() {
    stream.sendContinue()
  }

  /// Queues body bytes; they are copied. Those that more will follow cost less.
  public func sendData(_ bytes: UnsafeRawBufferPointer, moreFollows: Bool = false) {
    stream.sendData(bytes, moreFollows: moreFollows)
  }

  /// Queues body bytes without a copy.
  public func sendData(_ bytes: consuming [UInt8]) {
    stream.sendData(bytes)
  }

  /// Ends the response with trailers, after the queued bytes.
  public func sendTrailers(_ trailers: HeaderList) {
    stream.sendEnd(trailers: trailers)
  }

  /// Ends the response without trailers, after the queued bytes.
  public func sendEnd() {
    stream.sendEnd()
  }

  /// Ends a gRPC response: trailers, or headers with the status when none were sent.
  public func sendStatus(_ code: StatusCode, _ message: String, metadata: Metadata = Metadata()) {
    if stream.headersWereSent {
      var trailers = HeaderList()
      trailers.appendStatus(code, message, metadata)
      stream.sendEnd(trailers: trailers)
    } else {
      var headers = ResponseHeaders.base
      headers.appendStatus(code, message, metadata)
      stream.sendHeaders(headers, endOfStream: true)
    }
  }

  /// Drops the stream, whatever is queued.
  public func reset(_ code: HTTP2ErrorCode) {
    stream.reset(code)
  }

  /// Gives received bytes back to the client's window.
  public func consume(_ byteCount: Int) {
    stream.consume(byteCount)
  }
}
