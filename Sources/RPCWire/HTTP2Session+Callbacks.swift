internal import CNGHTTP2
internal import Glibc

// The C callbacks of nghttp2. Formed in nonisolated free functions: a closure formed at the top
// level of a program would belong to the main actor and trap on a loop's thread.

/// One set of callbacks and options serves all sessions of a process.
func makeSession(
  _ role: HTTP2Session.Role, _ limits: HTTP2Limits, _ memory: HTTP2Memory,
  _ user: UnsafeMutableRawPointer
) -> OpaquePointer? {
  var callbacks: OpaquePointer?
  nghttp2_session_callbacks_new(&callbacks)
  defer { nghttp2_session_callbacks_del(callbacks) }
  nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, onBeginFrame)
  nghttp2_session_callbacks_set_unpack_extension_callback(callbacks, onUnknownFrame)
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onBeginHeaders)
  nghttp2_session_callbacks_set_on_header_callback2(callbacks, onHeader)
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrameReceived)
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData)
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onStreamClose)
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, onFrameSent)
  nghttp2_session_callbacks_set_send_data_callback(callbacks, onSendData)

  var options: OpaquePointer?
  nghttp2_option_new(&options)
  defer { nghttp2_option_del(options) }
  nghttp2_option_set_no_auto_window_update(options, 1)
  nghttp2_option_set_no_closed_streams(options, 1)
  // See MessageRules, which do the same.
  nghttp2_option_set_no_http_messaging(options, 1)
  // Our own counters see floods first and say why; the library's are the second line. It counts
  // a CONTINUATION once for each piece in which its nine bytes of frame header come.
  nghttp2_option_set_max_continuations(options, (limits.continuationsMax + 1) * 9)
  nghttp2_option_set_stream_reset_rate_limit(
    options, UInt64(limits.resetsReceivedBurstMax) * 2,
    UInt64(limits.resetsReceivedPerSecondMax) * 2)
  nghttp2_option_set_max_outbound_ack(options, limits.controlQueueMax)
  // Unknown frames are ignored, as RFC 9113 asks, but not unseen.
  for type in firstUnknownType...UInt8.max {
    nghttp2_option_set_user_recv_extension_type(options, type)
  }

  var functions = memory.functions
  var session: OpaquePointer?
  switch role {
  case .client: nghttp2_session_client_new3(&session, callbacks, user, options, &functions)
  case .server: nghttp2_session_server_new3(&session, callbacks, user, options, &functions)
  }
  precondition(session != nil, "an HTTP/2 session could not be made: out of memory")
  return session
}

@inline(__always)
private func withSession<Result>(
  _ user: UnsafeMutableRawPointer?, _ body: (HTTP2Session) -> Result
) -> Result {
  Unmanaged<HTTP2Session>.fromOpaque(user!)._withUnsafeGuaranteedRef { body($0) }
}

/// The first type that RFC 9113 does not define.
private let firstUnknownType: UInt8 = 0x0a

/// Counts what no other callback shows: the library skips PRIORITY when priorities are off.
private func onBeginFrame(
  _ raw: OpaquePointer?, _ header: UnsafePointer<nghttp2_frame_hd>?,
  _ user: UnsafeMutableRawPointer?
) -> Int32 {
  let type = header!.pointee.type
  // DATA and HEADERS, which nearly all frames are.
  if type < UInt8(NGHTTP2_PRIORITY.rawValue) { return 0 }
  if type == UInt8(NGHTTP2_CONTINUATION.rawValue) {
    withSession(user) { $0.count(.continuations) }
  } else if type == UInt8(NGHTTP2_SETTINGS.rawValue) {
    withSession(user) { $0.noteWindowsBeforeSettings() }
  } else if type == UInt8(NGHTTP2_PRIORITY.rawValue) || type >= firstUnknownType {
    withSession(user) { $0.count(.priorities) }
  }
  return 0
}

private func onUnknownFrame(
  _ raw: OpaquePointer?, _ payload: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  _ header: UnsafePointer<nghttp2_frame_hd>?, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  NGHTTP2_ERR_CANCEL.rawValue
}

private func onBeginHeaders(
  _ raw: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withSession(user) { session in
    let id = frame!.pointee.hd.stream_id
    session.headersStartedAt = session.now
    session.floods.continuationCount = 0
    if session.role == .server, frame!.pointee.headers.cat == NGHTTP2_HCAT_REQUEST {
      let stream = session.open(id: id)
      nghttp2_session_set_stream_user_data(raw, id, stream)
      session.headerStream = stream
      session.recentStream = stream
      session.begin(.request)
      return 0
    }
    session.headerStream = session.stream(id)
    let isFirst = !(session.headerStream?.pointee.flags.contains(.responseReceived) ?? true)
    session.begin(isFirst ? .response : .trailers)
    return 0
  }
}

private func onHeader(
  _ raw: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ name: OpaquePointer?,
  _ value: OpaquePointer?, _ flags: UInt8, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withSession(user) { session in
    guard let stream = session.headerStream, stream.pointee.id == frame!.pointee.hd.stream_id
    else { return 0 }
    if session.inbound.pointee.repeats(name!, value!, flags) { return 0 }
    return session.received(name!, value!, flags, stream)
  }
}

private func onFrameReceived(
  _ raw: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withSession(user) { session in
    session.received(frame!)
    return 0
  }
}

private func onData(
  _ raw: OpaquePointer?, _ flags: UInt8, _ id: Int32, _ bytes: UnsafePointer<UInt8>?,
  _ count: Int, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withSession(user) { session in
    nghttp2_session_consume_connection(raw, count)
    if let stream = session.stream(id), !stream.pointee.flags.contains(.resetSubmitted),
      session.takesData(stream, count), let handler = stream.pointee.handler
    {
      session.widen(stream, count)
      handler.stream(
        HTTP2StreamReference(stream),
        receivedData: UnsafeRawBufferPointer(start: bytes, count: count))
    } else {
      nghttp2_session_consume_stream(raw, id, count)
    }
    return 0
  }
}

private func onStreamClose(
  _ raw: OpaquePointer?, _ id: Int32, _ code: UInt32, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withSession(user) { session in
    guard let stream = session.stream(id) else { return 0 }
    let isComplete =
      code == 0 && stream.pointee.flags.isSuperset(of: [.localEndSent, .remoteEnded])
    session.finish(stream, isComplete ? .completed : .reset(HTTP2ErrorCode(rawValue: code)))
    return 0
  }
}

private func onFrameSent(
  _ raw: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withSession(user) { session in
    session.sent(frame!)
    return 0
  }
}

func makeProvider(_ stream: StreamPointer) -> nghttp2_data_provider {
  var provider = nghttp2_data_provider()
  provider.source.ptr = UnsafeMutableRawPointer(stream)
  provider.read_callback = onReadData
  return provider
}

/// Says how much DATA a stream has; the bytes themselves are copied once, by `onSendData`.
private func onReadData(
  _ raw: OpaquePointer?, _ id: Int32, _ buffer: UnsafeMutablePointer<UInt8>?, _ length: Int,
  _ flags: UnsafeMutablePointer<UInt32>?, _ source: UnsafeMutablePointer<nghttp2_data_source>?,
  _ user: UnsafeMutableRawPointer?
) -> Int {
  let stream = source!.pointee.ptr.assumingMemoryBound(to: HTTP2Stream.self)
  let available =
    stream.pointee.outbound.byteCount
    + withSession(user) { $0.lentTo == stream ? $0.lent.count : 0 }
  let count = min(available, length)
  let isLast = count == available && stream.pointee.flags.contains(.ending)
  if count == 0, !isLast {
    stream.pointee.flags.insert(.deferred)
    return Int(NGHTTP2_ERR_DEFERRED.rawValue)
  }
  flags!.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_COPY.rawValue)
  if isLast {
    flags!.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
    if stream.pointee.flags.contains(.hasTrailers) {
      flags!.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue)
      withSession(user) { $0.submitTrailers(stream) }
    }
  }
  return count
}

private func onSendData(
  _ raw: OpaquePointer?, _ frame: UnsafeMutablePointer<nghttp2_frame>?,
  _ header: UnsafePointer<UInt8>?, _ length: Int,
  _ source: UnsafeMutablePointer<nghttp2_data_source>?, _ user: UnsafeMutableRawPointer?
) -> Int32 {
  withSession(user) { session in
    if session.output.count >= session.outputByteCountMax {
      return NGHTTP2_ERR_WOULDBLOCK.rawValue
    }
    let stream = source!.pointee.ptr.assumingMemoryBound(to: HTTP2Stream.self)
    session.floods.windowUpdateCredit &+= FloodCounters.windowUpdatesPerFrame
    session.output.reserve(9 + length)
    session.output.append(header!, 9)
    if session.lentTo == stream {
      session.output.append(session.lent.baseAddress!, length)
      session.lent = UnsafeRawBufferPointer(rebasing: session.lent[length...])
    } else {
      stream.pointee.outbound.move(length, to: &session.output)
    }
    if stream.pointee.flags.contains(.wantsCanSend),
      stream.pointee.outbound.byteCount < stream.pointee.outboundByteCountLow
    {
      stream.pointee.flags.remove(.wantsCanSend)
      session.canSendList.append(HTTP2StreamReference(stream))
    }
    return 0
  }
}
