internal import CNGHTTP2

/// The session's live streams and what is submitted on them.
extension HTTP2Session {
  func open(id: Int32) -> StreamPointer {
    let stream = pool.take()
    stream.pointee.id = id
    stream.pointee.session = Unmanaged.passUnretained(self)
    stream.pointee.headerCount = 0
    stream.pointee.headerListByteCount = 0
    stream.pointee.pseudoCount = 0
    stream.pointee.regularStart = 0
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
    let handler = stream.pointee.handler
    if headerStream == stream { headerStream = nil }
    // Given back first: the handler's uses of the reference are no-ops from here on.
    pool.giveBack(stream)
    handler?.streamClosed(reference, reason: reason)
    delegate.sessionStreamClosed(self)
  }

  /// Fills the scratch array with fields that point into `list`; valid inside `body`.
  private func withFields<Result>(
    _ list: HeaderList, _ body: (UnsafeMutablePointer<nghttp2_nv>, Int) -> Result
  ) -> Result {
    list.withBlock { block in
      if block.count > fieldCapacity {
        fields.deallocate()
        fieldCapacity = block.count * 2
        fields = .allocate(capacity: fieldCapacity)
      }
      var count = 0
      block.forEach { field in
        let isNeverIndexed =
          (field.name.baseAddress! - 8).loadUnaligned(as: UInt32.self)
          & HeaderList.neverIndexedFlag != 0
        fields[count] = nghttp2_nv(
          name: UnsafeMutablePointer(
            mutating: field.name.baseAddress!.assumingMemoryBound(to: UInt8.self)),
          value: UnsafeMutablePointer(
            mutating: field.value.baseAddress!.assumingMemoryBound(to: UInt8.self)),
          namelen: field.name.count, valuelen: field.value.count,
          flags: isNeverIndexed ? UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue) : 0)
        count += 1
      }
      return body(fields, count)
    }
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
    let id = withFields(headers) { fields, count in
      var provider = makeProvider(stream)
      return withUnsafePointer(to: &provider) { provider in
        nghttp2_submit_request(
          session, nil, fields, count, endOfStream ? nil : provider, stream)
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
    _ = withFields(headers) { fields, count in
      var provider = makeProvider(stream)
      return withUnsafePointer(to: &provider) { provider in
        nghttp2_submit_response(
          session, stream.pointee.id, fields, count, endOfStream ? nil : provider)
      }
    }
    announceOutput()
  }

  /// To be called after bytes or an end were queued.
  func resume(_ stream: StreamPointer) {
    if stream.pointee.outbound.byteCount >= HTTP2Stream.outboundByteCountLow {
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
    nghttp2_session_consume_stream(session, stream.pointee.id, byteCount)
    announceOutput()
  }

  /// Called while DATA is packed: queues the trailers that end the stream.
  func submitTrailers(_ stream: StreamPointer) {
    let trailers = stream.pointee.trailers
    _ = withFields(trailers) { fields, count in
      nghttp2_submit_trailer(session, stream.pointee.id, fields, count)
    }
  }
}

extension HTTP2StreamReference {
  /// Sends the response's header block; a second one is ignored.
  public func sendHeaders(_ headers: HeaderList, endOfStream: Bool = false) {
    session?.sendHeaders(pointer, headers, endOfStream: endOfStream)
  }

  /// Queues a copy of body bytes.
  public func sendData(_ bytes: UnsafeRawBufferPointer) {
    guard let session, !isEnding else { return }
    pointer.pointee.outbound.append(bytes)
    session.resume(pointer)
  }

  /// Queues body bytes without a copy.
  public func sendData(_ bytes: consuming [UInt8]) {
    guard let session, !isEnding else { return }
    pointer.pointee.outbound.append(bytes)
    session.resume(pointer)
  }

  /// Ends our side after the queued bytes; with trailers unless they are empty.
  public func sendEnd(trailers: HeaderList = HeaderList()) {
    guard let session, !isEnding else { return }
    pointer.pointee.flags.insert(.ending)
    if !trailers.isEmpty {
      pointer.pointee.flags.insert(.hasTrailers)
      pointer.pointee.trailers = trailers
    }
    session.resume(pointer)
  }

  /// Drops the stream, whatever is queued.
  public func reset(_ code: HTTP2ErrorCode) {
    session?.reset(pointer, code)
  }

  /// Gives received bytes back to the peer's window.
  public func consume(_ byteCount: Int) {
    session?.consume(pointer, byteCount)
  }
}
