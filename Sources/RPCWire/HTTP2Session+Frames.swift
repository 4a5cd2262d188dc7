internal import CNGHTTP2

/// What whole frames mean: events for handlers, and the counts that unmask a flood.
extension HTTP2Session {
  func received(_ frame: UnsafePointer<nghttp2_frame>) {
    let header = frame.pointee.hd
    switch UInt32(header.type) {
    case NGHTTP2_DATA.rawValue:
      if header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 {
        receivedEnd(header.stream_id)
      } else if header.length == frame.pointee.data.padlen {
        count(.emptyData)
      }
    case NGHTTP2_HEADERS.rawValue:
      receivedHeaders(
        header.stream_id, isEnd: header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0)
    case NGHTTP2_SETTINGS.rawValue:
      if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 {
        settingsAcknowledged = true
        return
      }
      if windowOverflows(frame.pointee.settings) { return terminate(.flowControlError) }
      count(.settings)
      settingsReceived = true
      delegate.sessionReceivedSettings(self)
    case NGHTTP2_PING.rawValue:
      if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 {
        delegate.sessionReceivedPingAcknowledgement(self)
      } else {
        count(.pings)
      }
    case NGHTTP2_RST_STREAM.rawValue: count(.resetsReceived)
    case NGHTTP2_WINDOW_UPDATE.rawValue: count(.windowUpdates)
    case NGHTTP2_GOAWAY.rawValue:
      goAwayReceived = true
      delegate.sessionReceivedGoAway(self)
    default:
      break
    }
  }

  /// Counts one frame against its limit; only clients are suspected of floods.
  func count(_ limit: HTTP2Limit) {
    guard role == .server, floods.exceeds(limit, limits, now: now) else { return }
    exceed(limit)
  }

  /// A limit was hit: the delegate counts it, and the connection ends if it must.
  func exceed(_ limit: HTTP2Limit) {
    guard role == .server else { return }
    if limit.endsConnection {
      guard exceededLimit == nil else { return }
      exceededLimit = limit
      terminate(.enhanceYourCalm)
    }
    delegate.session(self, exceeded: limit)
  }

  /// Begins a header block.
  func begin(_ section: MessageRules.Section) {
    inbound = section == .trailers ? blocks + 1 : blocks
    inbound.pointee.begin(section)
  }

  /// A field that repeats none. Returns what the library's callback returns.
  @inline(never)
  func received(
    _ name: OpaquePointer, _ value: OpaquePointer, _ flags: UInt8, _ stream: StreamPointer
  ) -> Int32 {
    inbound.pointee.append(name, value, flags, limits) ? 0 : headersAreTooLarge(stream)
  }

  /// A field went past the limits: it is not kept. Returns what the library's callback returns.
  private func headersAreTooLarge(_ stream: StreamPointer) -> Int32 {
    if !stream.pointee.flags.contains(.headersTooLarge) {
      stream.pointee.flags.insert(.headersTooLarge)
      exceed(.headerList)
    }
    guard inbound.pointee.listByteCount > limits.headerBlockByteCountMax else { return 0 }
    exceed(.headerBlock)
    // Stops decoding: the session ignores all that follows.
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
  }

  private func receivedHeaders(_ id: Int32, isEnd: Bool) {
    guard let stream = stream(id) else { return }
    headerStream = nil
    inbound.pointee.complete()
    let (rules, block) = (inbound.pointee.rules, inbound.pointee.block)
    let reference = HTTP2StreamReference(stream)
    if stream.pointee.flags.contains(.resetSubmitted) { return }
    // What was too large is not known whole: a request's handler refuses it, trailers still end.
    let isWell =
      stream.pointee.flags.contains(.headersTooLarge)
      ? !rules.isMalformed && (isEnd || !stream.pointee.flags.contains(.responseReceived))
      : rules.isComplete(endsStream: isEnd)
    guard isWell else { return reset(stream, .protocolError) }
    switch role {
    case .server:
      if !stream.pointee.flags.contains(.responseReceived) {
        if rules.namesHost, !Self.hostsAgree(block) { return reset(stream, .protocolError) }
        stream.pointee.flags.insert(.responseReceived)
        stream.pointee.contentLeft = rules.contentByteCount
        delegate.session(self, receivedRequest: reference, headers: block)
      }
    case .client:
      if stream.pointee.flags.contains(.headersTooLarge) {
        reset(stream, .protocolError)
        return
      }
      if stream.pointee.flags.contains(.responseReceived) {
        stream.pointee.handler?.stream(reference, receivedTrailers: block)
      } else {
        // An interim response (1xx) is not the response.
        if rules.status < 200 { return }
        stream.pointee.flags.insert(.responseReceived)
        stream.pointee.contentLeft = rules.contentByteCount
        stream.pointee.handler?.stream(reference, receivedHeaders: block)
      }
    }
    if isEnd { receivedEnd(id) }
  }

  /// Whether content may come on a stream; resets it when not.
  @inline(__always)
  func takesData(_ stream: StreamPointer, _ byteCount: Int) -> Bool {
    // Nearly no message says how long it is.
    if stream.pointee.contentLeft < 0, stream.pointee.flags.contains(.responseReceived) {
      return true
    }
    return takesCountedData(stream, byteCount)
  }

  /// Gives a stream its whole window as soon as a piece of at least half of the first one came: small
  /// messages never fill that much.
  @inline(__always)
  func widen(_ stream: StreamPointer, _ byteCount: Int) {
    guard !stream.pointee.flags.contains(.isWide),
      byteCount >= Int(limits.streamWindowByteCountStart) / 2
    else { return }
    stream.pointee.flags.insert(.isWide)
    nghttp2_session_set_local_window_size(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.pointee.id, limits.streamWindowByteCount)
  }

  @inline(never)
  private func takesCountedData(_ stream: StreamPointer, _ byteCount: Int) -> Bool {
    guard stream.pointee.flags.contains(.responseReceived),
      stream.pointee.contentLeft < 0 || byteCount <= stream.pointee.contentLeft
    else {
      reset(stream, .protocolError)
      return false
    }
    if stream.pointee.contentLeft >= 0 { stream.pointee.contentLeft -= byteCount }
    return true
  }

  private func receivedEnd(_ id: Int32) {
    guard let stream = stream(id) else { return }
    stream.pointee.flags.insert(.remoteEnded)
    if stream.pointee.flags.contains(.resetSubmitted) { return }
    guard stream.pointee.contentLeft <= 0, stream.pointee.flags.contains(.responseReceived) else {
      return reset(stream, .protocolError)
    }
    stream.pointee.handler?.streamReceivedEnd(HTTP2StreamReference(stream))
  }

  func sent(_ frame: UnsafePointer<nghttp2_frame>) {
    let header = frame.pointee.hd
    switch UInt32(header.type) {
    case NGHTTP2_HEADERS.rawValue, NGHTTP2_DATA.rawValue:
      guard header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0,
        let stream = stream(header.stream_id)
      else { return }
      stream.pointee.flags.insert(.localEndSent)
      if role == .server, !stream.pointee.flags.contains(.remoteEnded) {
        // The answer is complete and the request is not: tell the client to stop sending.
        stream.pointee.flags.insert(.resetSubmitted)
        nghttp2_submit_rst_stream(
          session, UInt8(NGHTTP2_FLAG_NONE.rawValue), header.stream_id, 0)
      }
    case NGHTTP2_RST_STREAM.rawValue:
      let code = HTTP2ErrorCode(rawValue: frame.pointee.rst_stream.error_code)
      switch code {
      // Our own decisions, not provoked.
      case .noError, .cancel: break
      // Beyond the peer's limit before it has acknowledged that limit; later the session ends.
      case .refusedStream: exceed(.streams)
      default: count(.resetsSent)
      }
    case NGHTTP2_GOAWAY.rawValue:
      if frame.pointee.goaway.error_code != 0 { protocolWasBroken = true }
    default:
      break
    }
  }
}
