internal import CNGHTTP2

/// The session's live streams and what is submitted on them.
extension HTTP2Session {
  /// The live stream with a number, or nil. Most frames concern the stream of the frame before,
  /// which saves the search in nghttp2's table.
  @inline(__always)
  func stream(_ id: Int32) -> StreamPointer? {
    if let recent = recentStream, recent.pointee.id == id,
      recent.pointee.session?.toOpaque() == Unmanaged.passUnretained(self).toOpaque()
    {
      return recent
    }
    let found = nghttp2_session_get_stream_user_data(session, id)?
      .assumingMemoryBound(to: HTTP2Stream.self)
    // A stream that is closing is still in the table when its handler hears of it.
    guard let found, found.pointee.session != nil, found.pointee.id == id else { return nil }
    recentStream = found
    return found
  }

  func open(id: Int32) -> StreamPointer {
    let stream = pool.take()
    stream.pointee.id = id
    stream.pointee.session = Unmanaged.passUnretained(self)
    stream.pointee.next = firstStream
    firstStream?.pointee.previous = stream
    firstStream = stream
    streamCount += 1
    floods.windowUpdateCredit &+= FloodCounters.windowUpdatesPerFrame
    return stream
  }

  /// Tells the handler that the stream is gone and gives its memory back.
  func finish(_ stream: StreamPointer, _ reason: CallCloseReason) {
    if let previous = stream.pointee.previous {
      previous.pointee.next = stream.pointee.next
    } else {
      firstStream = stream.pointee.next
    }
    stream.pointee.next?.pointee.previous = stream.pointee.previous
    streamCount -= 1
    let reference = HTTP2StreamReference(stream)
    let handler = stream.takeHandler()
    if headerStream == stream { headerStream = nil }
    // Given back first: the handler's uses of the reference are no-ops from here on.
    pool.giveBack(stream)
    handler?.streamClosed(reference, reason: reason)
    delegate.sessionStreamClosed(self)
  }

  /// Copies a block into the stream's memory, where it stays until the stream is gone, and fills
  /// the pool's array with fields that point there: so nghttp2 makes no copy of its own.
  private func withFields<Result>(
    _ block: HeaderBlock, _ buffer: inout RawBuffer,
    _ body: (UnsafeMutablePointer<nghttp2_nv>, Int) -> Result
  ) -> Result {
    precondition(buffer.isEmpty, "a stream's header block is sent once")
    buffer.append(block.bytes)
    return withFields(HeaderBlock(bytes: buffer.bytes, count: block.count), body)
  }

  private static let blocksPerNameIndexing: UInt64 = 1_024

  /// Fills the pool's array with fields that point into `block`; valid inside `body`.
  private func withFields<Result>(
    _ block: HeaderBlock, _ body: (UnsafeMutablePointer<nghttp2_nv>, Int) -> Result
  ) -> Result {
    let fields = pool.fields(block.count)
    let pointsInto = NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue
    // A name is found in the table while any field that has it is there: so one value that does not
    // repeat goes in now and then, lest the names be spelt out each time.
    let indexesNames = blockCount % Self.blocksPerNameIndexing == 0
    blockCount &+= 1
    var next = fields
    block.forEach { field in
      let name = field.start + 8
      next.pointee = nghttp2_nv(
        name: UnsafeMutablePointer(mutating: name.assumingMemoryBound(to: UInt8.self)),
        value: UnsafeMutablePointer(
          mutating: (name + field.nameCount).assumingMemoryBound(to: UInt8.self)),
        namelen: field.nameCount, valuelen: field.valueCount,
        flags: UInt8(
          field.indexing == .usual || field.indexing == .nameOnly && indexesNames
            ? pointsInto : pointsInto | NGHTTP2_NV_FLAG_NO_INDEX.rawValue))
      next += 1
    }
    return body(fields, block.count)
  }

  /// Starts a request; `headers` begins with the pseudo-fields. nil when no more streams can be
  /// opened. Beyond the peer's limit the request waits.
  public func submitRequest(
    _ headers: HeaderList, endOfStream: Bool, handler: any HTTP2StreamHandler
  ) -> HTTP2StreamReference? {
    guard let session, role == .client, !goAwayReceived, !isTerminating else { return nil }
    let stream = open(id: 0)
    stream.pointee.flags.insert(.headersSubmitted)
    if endOfStream { stream.pointee.flags.insert(.ending) }
    stream.pointee.handler = handler
    let id = headers.withBlock { block in
      withFields(block, &stream.pointee.sentHeaders) { fields, count in
        var provider = makeProvider(stream)
        return withUnsafePointer(to: &provider) { provider in
          nghttp2_submit_request(
            session, nil, fields, count, endOfStream ? nil : provider, stream)
        }
      }
    }
    guard id > 0 else {
      stream.pointee.handler = nil
      finish(stream, .connectionLost)
      return nil
    }
    stream.pointee.id = id
    announceOutput()
    return HTTP2StreamReference(stream)
  }

  /// Ends new streams at a number that is known later: tells the peer to open no more (GOAWAY
  /// with the highest number), so that requests under way are not lost.
  public func submitShutdownNotice() {
    guard let session, role == .server else { return }
    nghttp2_submit_shutdown_notice(session)
    announceOutput()
  }

  /// GOAWAY: open streams go on, new ones are refused.
  public func submitGoAway() {
    guard let session else { return }
    isTerminating = true
    nghttp2_submit_goaway(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue),
      nghttp2_session_get_last_proc_stream_id(session), 0, nil, 0)
    announceOutput()
  }

  /// GOAWAY with an error: what is queued besides is dropped.
  public func terminate(_ code: HTTP2ErrorCode) {
    guard let session, !isTerminated else { return }
    isTerminating = true
    isTerminated = true
    nghttp2_session_terminate_session(session, code.rawValue)
    announceOutput()
  }

  /// PING; the answer comes as `sessionReceivedPingAcknowledgement`.
  public func submitPing() {
    guard let session else { return }
    nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
    announceOutput()
  }

  // MARK: One stream

  func sendHeaders(_ stream: StreamPointer, _ headers: HeaderList, endOfStream: Bool) {
    guard let session, !stream.pointee.flags.contains(.headersSubmitted) else { return }
    stream.pointee.flags.insert(.headersSubmitted)
    if endOfStream { stream.pointee.flags.insert(.ending) }
    _ = headers.withBlock { block in
      withFields(block, &stream.pointee.sentHeaders) { fields, count in
        var provider = makeProvider(stream)
        return withUnsafePointer(to: &provider) { provider in
          nghttp2_submit_response(
            session, stream.pointee.id, fields, count, endOfStream ? nil : provider)
        }
      }
    }
    announceOutput()
  }

  /// To be called after bytes or an end were queued.
  func resume(_ stream: StreamPointer) {
    if stream.pointee.outbound.byteCount >= stream.pointee.outboundByteCountLow {
      stream.pointee.flags.insert(.wantsCanSend)
    }
    guard let session, stream.pointee.flags.contains(.deferred) else { return }
    stream.pointee.flags.remove(.deferred)
    nghttp2_session_resume_data(session, stream.pointee.id)
    announceOutput()
  }

  func reset(_ stream: StreamPointer, _ code: HTTP2ErrorCode) {
    guard let session, !stream.pointee.flags.contains(.resetSubmitted) else { return }
    stream.pointee.flags.insert([.resetSubmitted, .ending])
    nghttp2_submit_rst_stream(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.pointee.id, code.rawValue)
    announceOutput()
  }

  func consume(_ stream: StreamPointer, _ byteCount: Int) {
    guard let session, byteCount > 0 else { return }
    // The stream's window is of no use to a peer that has ended its side.
    if stream.pointee.flags.contains(.remoteEnded) { return }
    nghttp2_session_consume_stream(session, stream.pointee.id, byteCount)
    announceOutput()
  }

  /// Called while DATA is packed: queues the trailers that end the stream.
  func submitTrailers(_ stream: StreamPointer) {
    let (session, id) = (session, stream.pointee.id)
    let block = HeaderBlock(
      bytes: stream.pointee.sentTrailers.bytes, count: stream.pointee.sentTrailerCount)
    _ = withFields(block) { nghttp2_submit_trailer(session, id, $0, $1) }
  }
}

extension HTTP2StreamReference {
  /// False when the stream is gone, or when a backend other than HTTP/2 stands behind it.
  @inline(__always)
  private var isInSession: Bool { isOpen && pointer.pointee.session != nil }

  /// Runs `body` if the stream is open, without counting a reference to the session.
  @inline(__always)
  private func withSession(_ body: (HTTP2Session) -> Void) {
    guard isOpen, let session = pointer.pointee.session else { return }
    session._withUnsafeGuaranteedRef(body)
  }

  /// Sends the response's header block; a second one is ignored.
  public func sendHeaders(_ headers: HeaderList, endOfStream: Bool = false) {
    guard isInSession else { return sendToBackend(headers: headers, endOfStream: endOfStream) }
    withSession { $0.sendHeaders(pointer, headers, endOfStream: endOfStream) }
  }

  /// Queues a copy of body bytes. Where `moreFollows` they may be packed at once; the last ones wait for
  /// the end, which goes in the same frame: peers that answer a complete message twice when an empty
  /// frame ends it have been met.
  public func sendData(_ bytes: UnsafeRawBufferPointer, moreFollows: Bool = false) {
    guard isInSession else { return sendToBackend(data: bytes) }
    withSession { session in
      guard !pointer.pointee.flags.contains(.ending) else { return }
      var rest = bytes
      if moreFollows, bytes.count >= Self.sentAtOnceByteCountMin,
        pointer.pointee.outbound.byteCount == 0
      {
        rest = UnsafeRawBufferPointer(rebasing: bytes[session.sendAtOnce(pointer, bytes)...])
        if rest.isEmpty { return }
      }
      pointer.pointee.outbound.append(rest)
      session.resume(pointer)
    }
  }

  /// Less is better gathered with what follows.
  private static let sentAtOnceByteCountMin = 4 << 10

  /// Queues body bytes without a copy.
  public func sendData(_ bytes: consuming [UInt8]) {
    guard isInSession else { return sendToBackend(data: bytes) }
    guard isOpen, let session = pointer.pointee.session,
      !pointer.pointee.flags.contains(.ending)
    else { return }
    pointer.pointee.outbound.append(bytes)
    session._withUnsafeGuaranteedRef { $0.resume(pointer) }
  }

  /// Ends our side after the queued bytes; with trailers unless they are empty.
  public func sendEnd(trailers: HeaderList = HeaderList()) {
    guard isInSession else { return sendEndToBackend(trailers: trailers) }
    withSession { session in
      guard !pointer.pointee.flags.contains(.ending) else { return }
      pointer.pointee.flags.insert(.ending)
      if !trailers.isEmpty {
        pointer.pointee.flags.insert(.hasTrailers)
        trailers.withBlock { pointer.pointee.sentTrailers.append($0.bytes) }
        pointer.pointee.sentTrailerCount = trailers.count
      }
      session.resume(pointer)
    }
  }

  /// Drops the stream, whatever is queued.
  public func reset(_ code: HTTP2ErrorCode) {
    guard isInSession else { return backend?.reset(self, code) ?? () }
    withSession { $0.reset(pointer, code) }
  }

  /// Gives received bytes back to the peer's window.
  public func consume(_ byteCount: Int) {
    guard isInSession else { return backend?.consume(self, byteCount) ?? () }
    withSession { $0.consume(pointer, byteCount) }
  }
}
