/// What stands behind a stream that no HTTP/2 session owns: an HTTP/1.1 session, or a translator
/// between a client's call and a gRPC one. So whoever answers on a stream need not know which
/// protocol it is. Confined to one thread.
///
/// The stream keeps its backend; the backend closes the stream.
public protocol StreamBackend: AnyObject {
  /// The connection, as an HTTP/2 session's owner would be.
  var connection: AnyObject? { get }
  /// The response's header block; comes once.
  func send(_ stream: HTTP2StreamReference, headers: HeaderList, endOfStream: Bool)
  /// Body bytes, valid only during the call.
  func send(_ stream: HTTP2StreamReference, data: UnsafeRawBufferPointer)
  /// Body bytes that may be kept.
  func send(_ stream: HTTP2StreamReference, data: consuming [UInt8])
  /// The end of the response; trailers may be empty.
  func sendEnd(_ stream: HTTP2StreamReference, trailers: HeaderList)
  /// The request's head is accepted: who waits for that before the body may send it.
  func sendContinue(_ stream: HTTP2StreamReference)
  /// Drop the stream. It must not be closed before this returns.
  func reset(_ stream: HTTP2StreamReference, _ code: HTTP2ErrorCode)
  /// Received bytes may be replaced by as many new ones.
  func consume(_ stream: HTTP2StreamReference, _ byteCount: Int)
  /// Bytes sent that have not left for the connection.
  func outboundByteCount(_ stream: HTTP2StreamReference) -> Int
  /// The stream's low mark was set.
  func setLowMark(_ stream: HTTP2StreamReference, _ byteCount: Int)
}

extension StreamBackend {
  /// Copies for backends that keep nothing.
  public func send(_ stream: HTTP2StreamReference, data: consuming [UInt8]) {
    data.withUnsafeBytes { send(stream, data: $0) }
  }

  /// For backends that queue in the stream itself.
  public func outboundByteCount(_ stream: HTTP2StreamReference) -> Int {
    stream.pointer.pointee.outbound.byteCount
  }

  /// For backends that queue in the stream itself.
  public func setLowMark(_ stream: HTTP2StreamReference, _ byteCount: Int) {}
}

extension HTTP2StreamReference {
  /// The backend of an open stream; nil for a stream of HTTP/2.
  public var backend: (any StreamBackend)? { isOpen ? pointer.pointee.backend : nil }

  /// The connection that an open stream belongs to, as its owner knows it.
  public var connection: AnyObject? { session?.owner ?? backend?.connection }

  /// Says that the body is wanted, where the protocol has words for it.
  public func sendContinue() {
    backend?.sendContinue(self)
  }

  // What the methods of the same names do when there is no session.

  func sendToBackend(headers: HeaderList, endOfStream: Bool) {
    guard let backend, !pointer.pointee.flags.contains(.headersSubmitted) else { return }
    pointer.pointee.flags.insert(endOfStream ? [.headersSubmitted, .ending] : .headersSubmitted)
    backend.send(self, headers: headers, endOfStream: endOfStream)
  }

  func sendToBackend(data: UnsafeRawBufferPointer) {
    guard let backend, !isEnding else { return }
    backend.send(self, data: data)
  }

  func sendToBackend(data: consuming [UInt8]) {
    guard let backend, !isEnding else { return }
    backend.send(self, data: data)
  }

  func sendEndToBackend(trailers: HeaderList) {
    guard let backend, !isEnding else { return }
    pointer.pointee.flags.insert(.ending)
    backend.sendEnd(self, trailers: trailers)
  }
}

extension HTTP2StreamPool {
  /// A stream that answers to `backend`.
  public func open(_ backend: any StreamBackend) -> HTTP2StreamReference {
    let stream = take()
    stream.pointee.id = 0
    stream.pointee.backend = backend
    return HTTP2StreamReference(stream)
  }

  /// Ends such a stream and tells its handler; does nothing the second time.
  public func close(_ stream: HTTP2StreamReference, _ reason: CallCloseReason) {
    guard stream.isOpen, stream.pointer.pointee.backend != nil else { return }
    let handler = stream.pointer.takeHandler()
    stream.pointer.pointee.backend = nil
    giveBack(stream.pointer)
    handler?.streamClosed(stream, reason: reason)
  }
}
