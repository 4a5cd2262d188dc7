internal import CNGHTTP2

/// What whole frames mean: events for handlers, and the counts that unmask a flood.
extension HTTP2Session {
  func received(_ frame: UnsafePointer<nghttp2_frame>) {
    let header = frame.pointee.hd
    switch UInt32(header.type) {
    case NGHTTP2_DATA.rawValue:
      if header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 {
        receivedEnd(header.stream_id)
      } else if header.length == 0, floods.receivedEmptyData(limits, now: now) {
        calm("empty DATA frames: more than \(limits.emptyDataPerSecondMax) a second")
      }
    case NGHTTP2_HEADERS.rawValue:
      receivedHeaders(
        header.stream_id, isEnd: header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0)
    case NGHTTP2_SETTINGS.rawValue:
      if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 { return }
      if floods.receivedSettings(limits, now: now) {
        return calm("SETTINGS frames: more than \(limits.settingsPerSecondMax) a second")
      }
      settingsReceived = true
      delegate.sessionReceivedSettings(self)
    case NGHTTP2_PING.rawValue:
      if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 {
        delegate.sessionReceivedPingAcknowledgement(self)
      } else if floods.receivedPing(limits, now: now) {
        calm("PING frames: more than \(limits.pingsPerSecondMax) a second")
      }
    case NGHTTP2_RST_STREAM.rawValue:
      if floods.receivedReset(limits, now: now) {
        calm("RST_STREAM frames: more than \(limits.resetsReceivedPerSecondMax) a second")
      }
    case NGHTTP2_PRIORITY.rawValue:
      if floods.receivedPriority(limits, now: now) {
        calm("PRIORITY frames: more than \(limits.prioritiesPerSecondMax) a second")
      }
    case NGHTTP2_GOAWAY.rawValue:
      goAwayReceived = true
      delegate.sessionReceivedGoAway(self)
    default:
      break
    }
  }

  private func calm(_ reason: String) {
    guard role == .server, floodReason == nil else { return }
    floodReason = reason
    terminate(.enhanceYourCalm)
  }

  private func stream(_ id: Int32) -> StreamPointer? {
    nghttp2_session_get_stream_user_data(session, id)?
      .assumingMemoryBound(to: HTTP2Stream.self)
  }

  private func receivedHeaders(_ id: Int32, isEnd: Bool) {
    guard let stream = stream(id) else { return }
    headerStream = nil
    let reference = HTTP2StreamReference(stream)
    if stream.pointee.flags.contains(.resetSubmitted) { return }
    switch role {
    case .server:
      if !stream.pointee.flags.contains(.responseReceived) {
        stream.pointee.flags.insert(.responseReceived)
        delegate.session(self, receivedRequest: reference, headers: stream.pointee.headerBlock)
      }
    case .client:
      if stream.pointee.flags.contains(.headersTooLarge) {
        reset(stream, .protocolError)
        return
      }
      if stream.pointee.flags.contains(.responseReceived) {
        stream.pointee.handler?.stream(
          reference, receivedTrailers: stream.pointee.headerBlock)
      } else {
        let block = stream.pointee.headerBlock
        // An interim response (1xx) is not the response.
        if block.first(":status")?.first == UInt8(ascii: "1") { return }
        stream.pointee.flags.insert(.responseReceived)
        stream.pointee.handler?.stream(reference, receivedHeaders: block)
      }
    }
    if isEnd { receivedEnd(id) }
  }

  private func receivedEnd(_ id: Int32) {
    guard let stream = stream(id) else { return }
    stream.pointee.flags.insert(.remoteEnded)
    if stream.pointee.flags.contains(.resetSubmitted) { return }
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
      // Only resets that the peer provoked count; NO_ERROR and CANCEL are our own decisions.
      let code = frame.pointee.rst_stream.error_code
      if code != 0, code != HTTP2ErrorCode.cancel.rawValue, role == .server,
        floods.sentReset(limits, now: now)
      {
        calm("provoked RST_STREAM: more than \(limits.resetsSentPerMinuteMax) a minute")
      }
    default:
      break
    }
  }
}
