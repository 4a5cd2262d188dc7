internal import CNGHTTP2

/// What a session tells its connection, on its thread.
public protocol HTTP2SessionDelegate: AnyObject {
  /// A request's header block is complete; the handler of the stream must be set. Servers only.
  func session(
    _ session: HTTP2Session, receivedRequest stream: HTTP2StreamReference,
    headers: HeaderBlock)
  /// Something waits to be sent: call `produce` before long. Told once until then.
  func sessionHasOutput(_ session: HTTP2Session)
  /// Bytes were packed before output was asked for: some may be taken from it now. Optional.
  func sessionPackedAhead(_ session: HTTP2Session)
  /// The peer's settings came.
  func sessionReceivedSettings(_ session: HTTP2Session)
  /// The peer takes no new streams.
  func sessionReceivedGoAway(_ session: HTTP2Session)
  /// The answer to our PING came.
  func sessionReceivedPingAcknowledgement(_ session: HTTP2Session)
  /// A stream is gone; its handler was told.
  func sessionStreamClosed(_ session: HTTP2Session)
  /// The peer went past a limit. Optional.
  func session(_ session: HTTP2Session, exceeded limit: HTTP2Limit)
}

extension HTTP2SessionDelegate {
  /// They wait for their turn.
  public func sessionPackedAhead(_ session: HTTP2Session) { sessionHasOutput(session) }
  /// Nothing to count.
  public func session(_ session: HTTP2Session, exceeded limit: HTTP2Limit) {}
}

/// A failure of the whole session: the connection must be closed after what is queued is sent.
public struct HTTP2SessionError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The library's reason.
  public var message: String

  /// The sentence.
  public var description: String { message }
}

/// One side of an HTTP/2 connection without its socket: bytes and the time in, callbacks to
/// handlers and bytes out. It owns the nghttp2 session and the live streams.
///
/// The connection's receive window is given back at once and only the streams' windows hold a
/// peer back: one slow reader must not stop the other streams of the connection. Memory is
/// bounded by streams × stream window.
public final class HTTP2Session: WireSession {
  /// Which end of the connection this is.
  public enum Role: Sendable, Hashable {
    /// Sends requests.
    case client
    /// Answers requests.
    case server
  }

  /// Which end of the connection this is.
  public let role: Role
  /// As given.
  public let limits: HTTP2Limits
  unowned(unsafe) let delegate: any HTTP2SessionDelegate
  /// The delegate as an object, for code that knows what it is.
  public var owner: AnyObject { delegate }
  let pool: HTTP2StreamPool
  var session: OpaquePointer?
  // What follows is touched by every frame. Each access is short and on one thread, so the
  // run-time check for overlapping ones, 80 instructions each, is left out.
  @exclusivity(unchecked) var now: UInt64 = 0
  @exclusivity(unchecked) var floods = FloodCounters()
  @exclusivity(unchecked) private var rules: InboundRules
  /// One for what a message begins with and one for trailers, so that each repeats its like.
  let blocks = UnsafeMutablePointer<RepeatedBlock>.allocate(capacity: 2)
  /// The one of them that is being received.
  @exclusivity(unchecked) var inbound: UnsafeMutablePointer<RepeatedBlock>
  @exclusivity(unchecked) var firstStream: StreamPointer?
  @exclusivity(unchecked) var headerStream: StreamPointer?
  @exclusivity(unchecked) var headersStartedAt: UInt64 = 0
  @exclusivity(unchecked) var recentStream: StreamPointer?
  @exclusivity(unchecked) var canSendList: [HTTP2StreamReference] = []
  @exclusivity(unchecked) var outputAnnounced = false
  /// Header blocks submitted so far.
  var blockCount: UInt64 = 0

  /// Open streams, those that wait for the peer's limit included.
  @exclusivity(unchecked) public internal(set) var streamCount = 0
  /// True after the peer's first SETTINGS.
  public internal(set) var settingsReceived = false
  /// The widest window of a stream, and what new streams got, before the SETTINGS frame that is
  /// being read.
  @exclusivity(unchecked) var windowsBeforeSettings: (widest: Int, initial: Int) = (0, 0)
  /// True after a GOAWAY from the peer.
  public internal(set) var goAwayReceived = false
  /// True after we sent GOAWAY, or a fatal error.
  public internal(set) var isTerminating = false
  /// True after GOAWAY with an error: nothing is read any more.
  var isTerminated = false
  private var brokenRule: InboundRules.Violation?
  /// The rule that ended the session, as a sentence; nil when it was another's or none.
  public var violation: String? { brokenRule?.description }
  /// True after the peer's acknowledgement of our SETTINGS.
  public internal(set) var settingsAcknowledged = false
  /// The limit that ended the session, or nil.
  public internal(set) var exceededLimit: HTTP2Limit?
  /// When the header block began that is not complete yet, in the nanoseconds of `receive`; nil
  /// between header blocks.
  public var incompleteHeadersSince: UInt64? { headerStream == nil ? nil : headersStartedAt }

  /// Where `produce` stops.
  @exclusivity(unchecked) var outputByteCountMax = 0
  /// True inside the library, which must not be asked for output then.
  @exclusivity(unchecked) private var isInLibrary = false
  /// What the library said when it could not go on, or 0.
  private var packingError = 0
  /// The bytes that ``sendAtOnce(_:_:)`` sends, and whose they are.
  @exclusivity(unchecked) var lent = UnsafeRawBufferPointer(start: nil, count: 0)
  @exclusivity(unchecked) var lentTo: StreamPointer?

  /// A session that has its SETTINGS (and a client its preface) ready to send.
  public init(
    role: Role, limits: HTTP2Limits, pool: HTTP2StreamPool, delegate: any HTTP2SessionDelegate
  ) {
    self.role = role
    self.limits = limits
    rules = InboundRules(role: role)
    self.pool = pool
    self.delegate = delegate
    blocks.initialize(repeating: RepeatedBlock(), count: 2)
    inbound = blocks
    super.init()
    session = makeSession(
      role, limits, pool.memory, Unmanaged.passUnretained(self).toOpaque())
    submitSettings()
  }

  deinit {
    close()
    blocks.deallocate()
  }

  private func submitSettings() {
    var settings = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
        value: UInt32(min(limits.streamWindowByteCount, limits.streamWindowByteCountStart))),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
        value: UInt32(limits.headerListByteCountMax)),
    ]
    if role == .server {
      settings.append(
        nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
          value: limits.streamsMax))
      settings.append(
        nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES.rawValue), value: 1))
    } else {
      settings.append(
        nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0))
    }
    nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), settings, settings.count)
    nghttp2_session_set_local_window_size(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, limits.connectionWindowByteCount)
  }

  /// Takes bytes from the peer and calls the handlers. The time is in nanoseconds of any
  /// monotonic clock. After an error, send what is queued and close.
  override public func receive(
    _ bytes: UnsafeRawBufferPointer, now: UInt64
  ) throws(HTTP2SessionError) {
    guard let session else { return }
    guard !isTerminated else { return }
    self.now = now
    let (count, violation) = rules.check(bytes)
    isInLibrary = true
    let code = nghttp2_session_mem_recv(
      session, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), count)
    isInLibrary = false
    if let violation {
      brokenRule = violation
      terminate(violation.code)
    }
    announceOutput()
    if code < 0 {
      switch Int32(code) {
      case NGHTTP2_ERR_FLOODED.rawValue: exceed(.controlQueue)
      case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue: exceed(.continuations)
      default: protocolWasBroken = true
      }
      isTerminating = true
      throw HTTP2SessionError(message: String(cString: nghttp2_strerror(Int32(code))))
    }
  }

  /// See ``WireSession/produce(upTo:now:)``; throws when the session is broken.
  override public func produce(
    upTo byteCountMax: Int, now: UInt64
  ) throws(HTTP2SessionError) {
    guard let session else { return }
    self.now = now
    outputAnnounced = false
    let code = pack(session, upTo: byteCountMax)
    if code < 0 {
      isTerminating = true
      throw HTTP2SessionError(message: String(cString: nghttp2_strerror(Int32(code))))
    }
    tellCanSend()
  }

  /// Has the library pack frames; negative for its error, which stays.
  private func pack(_ session: OpaquePointer, upTo byteCountMax: Int) -> Int {
    guard packingError == 0 else { return packingError }
    outputByteCountMax = byteCountMax
    isInLibrary = true
    defer { isInLibrary = false }
    while output.count < byteCountMax {
      var bytes: UnsafePointer<UInt8>?
      let count = nghttp2_session_mem_send(session, &bytes)
      guard count > 0, let bytes else {
        packingError = count
        return count
      }
      output.append(bytes, count)
    }
    return 0
  }

  /// Output that is packed before its turn, at most about.
  private static let packedAheadByteCountMax = 64 << 10

  /// Packs bytes of a stream whose queue is empty straight into ``output``: a large body on its way
  /// through is copied once less. Returns how many; 0 when something else comes first.
  func sendAtOnce(_ stream: StreamPointer, _ bytes: UnsafeRawBufferPointer) -> Int {
    guard let session, mayPackAhead, !isInLibrary, stream.pointee.flags.contains(.deferred),
      output.count < Self.packedAheadByteCountMax, nghttp2_session_want_write(session) == 0
    else { return 0 }
    (lent, lentTo) = (bytes, stream)
    stream.pointee.flags.remove(.deferred)
    nghttp2_session_resume_data(session, stream.pointee.id)
    // An error is told when output is asked for.
    _ = pack(session, upTo: Self.packedAheadByteCountMax)
    let count = bytes.count - lent.count
    (lent, lentTo) = (UnsafeRawBufferPointer(start: nil, count: 0), nil)
    if !output.isEmpty { delegate.sessionPackedAhead(self) }
    return count
  }

  private func tellCanSend() {
    guard !canSendList.isEmpty else { return }
    let list = canSendList
    canSendList.removeAll(keepingCapacity: true)
    for stream in list where stream.isOpen {
      stream.pointer.pointee.handler?.streamCanSend(stream)
    }
  }

  /// Bytes that wait to be sent: produced frames, and what lies in the streams' queues.
  package var queuedByteCount: Int {
    var count = output.count
    var stream = firstStream
    while let current = stream {
      count += current.pointee.outbound.byteCount
      stream = current.pointee.next
    }
    return count
  }

  /// True while the session expects bytes or has some to send; false means close.
  override public var isAlive: Bool {
    guard let session else { return false }
    return nghttp2_session_want_read(session) != 0 || nghttp2_session_want_write(session) != 0
  }

  /// After our GOAWAY: the client may not have read it, and may be sending what it allows.
  override public var closesGently: Bool {
    role == .server && (isTerminating || protocolWasBroken)
  }

  /// True when frames wait to be produced.
  override public var hasFrames: Bool {
    guard let session else { return false }
    return nghttp2_session_want_write(session) != 0
  }

  /// How many streams the peer allows us to open.
  public var peerStreamsMax: Int {
    guard let session else { return 0 }
    return Int(
      nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
  }

  /// Ends the session: live streams are closed with `connectionLost`. Not during `receive`.
  public func close() {
    guard let session else { return }
    // nghttp2 does not report the streams that die with their session.
    while let stream = firstStream { finish(stream, .connectionLost) }
    // What they refer to is memory of the session's pool.
    for index in 0..<2 { blocks[index].deallocate() }
    nghttp2_session_del(session)
    pool.memory.sessionClosed()
    self.session = nil
  }

  override public func releaseMemory() {
    super.releaseMemory()
    // Not the block that is coming in.
    guard headerStream == nil else { return }
    for index in 0..<2 { blocks[index].deallocate() }
  }

  func announceOutput() {
    if !outputAnnounced, let session, nghttp2_session_want_write(session) != 0 {
      outputAnnounced = true
      delegate.sessionHasOutput(self)
    }
  }
}
