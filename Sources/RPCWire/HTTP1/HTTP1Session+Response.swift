internal import CHTTPParser

/// How the answer to one request is framed, and how far it is.
struct HTTP1Response {
  enum Framing {
    /// HEAD, 204, 304, or ended by the header block.
    case none
    case counted(Int)
    case chunked
    /// HTTP/1.0 without a length: the body ends with the connection.
    case untilClose
  }

  var isHead = false
  var isHTTP10 = false
  /// The client waits for a 100 before it sends the body.
  var isAwaitingContinue = false
  var framing = Framing.none
  var isComplete = false

  init() {}

  init(_ head: HTTP1RequestHead) {
    isHead = head.method.equals("HEAD")
    isHTTP10 = head.isHTTP10
    isAwaitingContinue = head.expectsContinue && head.body != .none
  }
}

/// Answers: from header lists and bytes of a stream to bytes of the connection.
extension HTTP1Session {
  var responseIsWaiting: Bool {
    guard let stream, stream.pointee.flags.contains(.headersSubmitted) else { return false }
    return stream.pointee.outbound.byteCount > 0 || response.isComplete
  }

  func announceOutput() {
    guard !outputAnnounced else { return }
    outputAnnounced = true
    delegate.sessionHasOutput(self)
  }

  func produceResponses(_ byteCountMax: Int) {
    outputAnnounced = false
    if hasMoreToRead {
      hasMoreToRead = false
      readHeld()
    }
    while let stream {
      if resetRequested {
        // The client must not take what was sent for the whole answer.
        close()
        finish(stream, .reset(.cancel))
        return
      }
      moveBody(stream, byteCountMax)
      guard response.isComplete else { return tellCanSend(stream) }
      finishResponse(stream)
      guard output.count < byteCountMax else {
        hasMoreToRead = true
        return
      }
      readHeld()
    }
  }

  private func moveBody(_ stream: StreamPointer, _ byteCountMax: Int) {
    guard stream.pointee.flags.contains(.headersSubmitted), !response.isComplete else { return }
    while stream.pointee.outbound.byteCount > 0, output.count < byteCountMax {
      let count = min(stream.pointee.outbound.byteCount, byteCountMax - output.count)
      switch response.framing {
      case .none: stream.pointee.outbound.drop(count)
      case .counted(let remaining):
        stream.pointee.outbound.move(min(count, remaining), to: &output)
        stream.pointee.outbound.drop(count - min(count, remaining))
        response.framing = .counted(remaining - min(count, remaining))
      case .untilClose: stream.pointee.outbound.move(count, to: &output)
      case .chunked:
        output.append(String(count, radix: 16))
        output.append("\r\n")
        stream.pointee.outbound.move(count, to: &output)
        output.append("\r\n")
      }
    }
    guard stream.pointee.outbound.byteCount == 0, stream.pointee.flags.contains(.ending) else {
      return
    }
    switch response.framing {
    case .none: break
    case .counted(let remaining):
      // Less than was announced: only the connection's end can say so.
      if remaining > 0 { isEnding = true }
    case .chunked: output.append("0\r\n\r\n")
    case .untilClose: isEnding = true
    }
    response.isComplete = true
  }

  private func finishResponse(_ stream: StreamPointer) {
    stream.pointee.flags.insert(.localEndSent)
    let hasEnded = requestHasEnded
    if !hasEnded, isEnding || response.isAwaitingContinue || restIsUnwanted { close() }
    finish(stream, .completed)
    if hasEnded { nextRequest() }
  }

  private func tellCanSend(_ stream: StreamPointer) {
    guard stream.pointee.flags.contains(.wantsCanSend),
      stream.pointee.outbound.byteCount < stream.pointee.outboundByteCountLow
    else { return }
    stream.pointee.flags.remove(.wantsCanSend)
    stream.pointee.handler?.streamCanSend(HTTP2StreamReference(stream))
  }

  // MARK: The head

  private func writeHead(_ stream: StreamPointer, _ headers: HeaderList, endOfStream: Bool) {
    var status = 500
    var length: Int?
    headers.withBlock { block in
      block.forEach { field in
        if field.isNamed(":status") {
          status = Int(String(decoding: field.value, as: UTF8.self)) ?? 500
        } else if field.isNamed("content-length") {
          length = Int(String(decoding: field.value, as: UTF8.self))
        }
      }
    }
    if isLastAnswer { isEnding = true }
    writeStatusLine(status)
    headers.withBlock { block in
      block.forEach { if !$0.isPseudo, !$0.isConnectionSpecific { write($0.name, $0.value) } }
    }
    let hasNoBody = status == 204 || status == 304
    if response.isHead || hasNoBody {
      response.framing = .none
    } else if let length {
      response.framing = .counted(length)
    } else if endOfStream {
      response.framing = .none
      output.append("content-length: 0\r\n")
    } else if response.isHTTP10 {
      response.framing = .untilClose
      isEnding = true
    } else {
      response.framing = .chunked
      output.append("transfer-encoding: chunked\r\n")
    }
    output.append(isEnding ? "connection: close\r\n\r\n" : "\r\n")
  }

  private var isLastAnswer: Bool {
    !requestHasEnded && (response.isAwaitingContinue || restIsUnwanted)
  }

  private func writeStatusLine(_ status: Int) {
    let reason = http_status_str(http_status(UInt32(status))).map { String(cString: $0) } ?? ""
    output.append("HTTP/1.1 \(status) \(reason)\r\n")
  }

  private func write(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    output.append(name)
    output.append(": ")
    output.append(value)
    output.append("\r\n")
  }

  /// Answers a request that could not be read.
  func answer(_ error: HTTP1Error) {
    let body = error.message + "\n"
    writeStatusLine(error.status)
    output.append(
      "content-type: text/plain; charset=utf-8\r\ncontent-length: \(body.utf8.count)\r\n"
        + "connection: close\r\n\r\n")
    output.append(body)
  }
}

extension HTTP1Session: StreamBackend {
  /// The connection that owns the session.
  public var connection: AnyObject? { delegate }

  /// Writes the head; the body follows as it comes.
  public func send(_ stream: HTTP2StreamReference, headers: HeaderList, endOfStream: Bool) {
    writeHead(stream.pointer, headers, endOfStream: endOfStream)
    announceOutput()
  }

  /// Queues a copy.
  public func send(_ stream: HTTP2StreamReference, data: UnsafeRawBufferPointer) {
    stream.pointer.pointee.outbound.append(data)
    queued(stream.pointer)
  }

  /// Queues the array itself.
  public func send(_ stream: HTTP2StreamReference, data: consuming [UInt8]) {
    stream.pointer.pointee.outbound.append(data)
    queued(stream.pointer)
  }

  /// Trailers have no place here: what they say in gRPC is in the body of gRPC-Web.
  public func sendEnd(_ stream: HTTP2StreamReference, trailers: HeaderList) {
    announceOutput()
  }

  private func queued(_ stream: StreamPointer) {
    if stream.pointee.outbound.byteCount >= stream.pointee.outboundByteCountLow {
      stream.pointee.flags.insert(.wantsCanSend)
    }
    announceOutput()
  }

  /// The interim response that some clients wait for.
  public func sendContinue(_ stream: HTTP2StreamReference) {
    guard response.isAwaitingContinue, !stream.headersWereSent else { return }
    response.isAwaitingContinue = false
    guard !bodyHasBegun, !requestHasEnded else { return }
    output.append("HTTP/1.1 100 Continue\r\n\r\n")
    announceOutput()
  }

  /// Ends the connection: HTTP/1.1 cannot drop one answer and keep the rest.
  public func reset(_ stream: HTTP2StreamReference, _ code: HTTP2ErrorCode) {
    resetRequested = true
    stream.pointer.pointee.flags.insert([.resetSubmitted, .ending])
    announceOutput()
  }

  /// Lets more of the body come.
  public func consume(_ stream: HTTP2StreamReference, _ byteCount: Int) {
    consumed(byteCount)
  }
}

extension HeaderBlock.Field {
  /// Belongs to a connection, whose framing this session decides.
  fileprivate var isConnectionSpecific: Bool {
    isNamed("connection") || isNamed("keep-alive") || isNamed("transfer-encoding")
      || isNamed("upgrade") || isNamed("trailer")
  }
}

extension RawBuffer {
  mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  mutating func append(_ text: StaticString) {
    append(text.utf8Start, text.utf8CodeUnitCount)
  }
}
