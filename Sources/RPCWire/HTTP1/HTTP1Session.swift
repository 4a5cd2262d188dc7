/// What a session tells its connection, on its thread.
public protocol HTTP1SessionDelegate: AnyObject {
  /// A request's head is complete; the handler of the stream must be set.
  func session(
    _ session: HTTP1Session, receivedRequest stream: HTTP2StreamReference, headers: HeaderBlock)
  /// Something waits to be sent: call `produce` before long.
  func sessionHasOutput(_ session: HTTP1Session)
  /// ``WireSession/wantsInput`` has become true again.
  func sessionWantsInput(_ session: HTTP1Session)
  /// A stream is gone; its handler was told.
  func sessionStreamClosed(_ session: HTTP1Session)
  /// The client went past a limit.
  func session(_ session: HTTP1Session, exceeded limit: HTTP1Limit)
}

/// A server's side of an HTTP/1.1 connection without its socket: bytes and the time in, the same
/// events out as from ``HTTP2Session``, so that whoever answers need not know the difference. Each
/// request is a stream of its own; the next one is read when its answer is complete, and requests
/// sent ahead (pipelining) wait unread.
public final class HTTP1Session: WireSession {
  enum Input {
    case head
    /// So many bytes of the request's body are still to come.
    case body(Int)
    case chunks(HTTP1ChunkDecoder)
    /// The request is complete, its answer is not.
    case answer
    /// Nothing is read any more.
    case closed
  }

  /// As given.
  public let limits: HTTP1Limits
  /// Those it shares with HTTP/2.
  public let shared: HTTP2Limits
  unowned(unsafe) let delegate: any HTTP1SessionDelegate
  let pool: HTTP2StreamPool
  private let scheme: StaticString

  @exclusivity(unchecked) var now: UInt64 = 0
  @exclusivity(unchecked) private var input = Input.head
  /// A head in the making, or what came before its time.
  @exclusivity(unchecked) private var held = RawBuffer()
  /// The last head.
  @exclusivity(unchecked) private var inbound = InboundFields()
  private var scanner = HTTP1HeadScanner()
  private var skippedEmptyLine = false
  /// When the head's first byte, or the body's, came; nil between requests. The first request is
  /// due from the start.
  private(set) var since: UInt64?
  private var bodyByteCount = 0
  private var unwantedByteCount = 0
  private var pausedAt: UInt64?

  // The request under way, and how its answer goes.
  @exclusivity(unchecked) var stream: StreamPointer?
  @exclusivity(unchecked) var response = HTTP1Response()
  /// Delivered and not given back.
  private var unconsumed = 0
  /// No request follows the one under way.
  var isEnding = false
  var outputAnnounced = false
  var resetRequested = false
  /// Requests that were sent ahead wait only for room in ``output``.
  var hasMoreToRead = false
  /// Why the session ended early.
  public private(set) var failure: HTTP1Error?

  /// How many bytes of requests sent ahead are held.
  private static let heldByteCountMax = 16 << 10

  /// A session that waits for its first request.
  public init(
    limits: HTTP1Limits, shared: HTTP2Limits, pool: HTTP2StreamPool, scheme: StaticString,
    now: UInt64, delegate: any HTTP1SessionDelegate
  ) {
    self.limits = limits
    self.shared = shared
    self.pool = pool
    self.scheme = scheme
    self.delegate = delegate
    since = now
    super.init()
  }

  deinit {
    held.deallocate()
    inbound.deallocate()
  }

  override public func releaseMemory() {
    super.releaseMemory()
    inbound.deallocate()
  }

  /// 1 while a request is under way.
  public var streamCount: Int { stream == nil ? 0 : 1 }

  var requestHasEnded: Bool {
    switch input {
    case .answer: true
    case .head, .body, .chunks, .closed: false
    }
  }

  // MARK: Receiving

  /// See ``WireSession/receive(_:now:)``; never throws: what is wrong is answered.
  override public func receive(
    _ bytes: UnsafeRawBufferPointer, now: UInt64
  ) throws(HTTP2SessionError) {
    self.now = now
    if case .closed = input { return }
    var taken = 0
    // The usual body is not held but handed on from where it lies.
    if held.isEmpty { taken = takeBody(bytes) }
    held.append(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
    readHeld()
  }

  /// Reads what is held as far as it goes.
  func readHeld() {
    reading: while !held.isEmpty {
      switch input {
      case .head: guard readHead() else { break reading }
      case .body, .chunks: held.removeFirst(takeBody(held.bytes))
      case .answer: break reading
      case .closed: held.removeAll()
      }
    }
    updateWantsInput()
  }

  private func updateWantsInput() {
    let wanted: Bool
    switch input {
    case .head, .closed: wanted = true
    case .body, .chunks: wanted = unconsumed < Int(shared.streamWindowByteCount)
    case .answer: wanted = held.count <= Self.heldByteCountMax
    }
    guard wanted != wantsInput else { return }
    wantsInput = wanted
    if wanted {
      // The time in which we did not read is not the sender's.
      if let pausedAt, since != nil { since! += now &- pausedAt }
      pausedAt = nil
      delegate.sessionWantsInput(self)
    } else {
      pausedAt = now
    }
  }

  /// False when the head is not complete.
  private func readHead() -> Bool {
    if since == nil { since = now }
    switch scanner.scan(held.bytes) {
    case .malformed(let reason):
      fail(.malformed(reason))
    case .more:
      guard held.count <= shared.headerListByteCountMax else {
        fail(Self.headTooLarge(shared))
        return true
      }
      return false
    case .complete(byteCount: 2) where !skippedEmptyLine:
      // Some clients end a body with a line end too many (RFC 9112 section 2.2).
      skippedEmptyLine = true
      scanner = HTTP1HeadScanner()
      held.removeFirst(2)
    case .complete(let byteCount):
      do throws(HTTP1Error) {
        guard byteCount <= shared.headerListByteCountMax else {
          throw Self.headTooLarge(shared)
        }
        try begin(
          HTTP1RequestHead(UnsafeRawBufferPointer(rebasing: held.bytes[..<byteCount])),
          byteCount: byteCount)
      } catch {
        fail(error)
      }
    }
    return true
  }

  private static func headTooLarge(_ limits: HTTP2Limits) -> HTTP1Error {
    HTTP1Error(
      431,
      "the head is too large: expected at most \(limits.headerListByteCountMax) bytes in "
        + "\(limits.headerFieldCountMax) fields", .headerList)
  }

  private func begin(_ head: HTTP1RequestHead, byteCount: Int) throws(HTTP1Error) {
    let reference = pool.open(self)
    let stream = reference.pointer
    inbound.removeAll()
    inbound.append(head, scheme: scheme)
    if inbound.listByteCount > shared.headerListByteCountMax
      || inbound.count > shared.headerFieldCountMax
    {
      pool.close(reference, .reset(.enhanceYourCalm))
      throw Self.headTooLarge(shared)
    }
    response = HTTP1Response(head)
    if head.isLast { isEnding = true }
    held.removeFirst(byteCount)
    scanner = HTTP1HeadScanner()
    skippedEmptyLine = false
    since = now
    bodyByteCount = 0
    unwantedByteCount = 0
    unconsumed = 0
    resetRequested = false
    switch head.body {
    case .none: input = .answer
    case .counted(let count): input = .body(count)
    case .chunked:
      input = .chunks(
        HTTP1ChunkDecoder(
          lineMax: limits.chunkLineByteCountMax, trailerMax: shared.headerListByteCountMax))
    }
    self.stream = stream
    stream.pointee.flags.insert(.responseReceived)
    delegate.session(self, receivedRequest: reference, headers: inbound.block)
    if requestHasEnded { endRequest() }
  }

  /// Hands over the body bytes at the start of `bytes`; returns how many were taken.
  private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
    switch input {
    case .body(let remaining):
      let count = min(remaining, bytes.count)
      guard count > 0 else { return 0 }
      input = .body(remaining - count)
      deliver(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
      if count == remaining { endRequest() }
      return count
    case .chunks(var decoder):
      var offset = 0
      do throws(HTTP1Error) {
        reading: while true {
          switch try decoder.next(bytes, &offset) {
          case .data(let range):
            deliver(UnsafeRawBufferPointer(rebasing: bytes[range]))
            if isClosed { return bytes.count }
          case .more:
            input = .chunks(decoder)
            break reading
          case .end:
            endRequest()
            break reading
          }
        }
      } catch {
        fail(error)
        return bytes.count
      }
      return offset
    case .head, .answer, .closed: return 0
    }
  }

  private func deliver(_ bytes: UnsafeRawBufferPointer) {
    bodyByteCount += bytes.count
    guard let stream, let handler = stream.pointee.handler else {
      // The answer is complete: the rest is read for the sake of the connection, up to a limit.
      unwantedByteCount += bytes.count
      if unwantedByteCount > limits.unwantedBodyByteCountMax {
        close()
        announceOutput()
      }
      return
    }
    unconsumed += bytes.count
    handler.stream(HTTP2StreamReference(stream), receivedData: bytes)
  }

  private func endRequest() {
    if case .closed = input { return }
    since = nil
    input = .answer
    guard let stream else { return nextRequest() }
    stream.pointee.flags.insert(.remoteEnded)
    stream.pointee.handler?.streamReceivedEnd(HTTP2StreamReference(stream))
  }

  /// Both sides of the request are complete.
  func nextRequest() {
    if isEnding { return close() }
    input = .head
    since = nil
    unconsumed = 0
    if held.isEmpty { held.removeAll(keeping: 4 << 10) }
  }

  /// Nothing more is read; what is queued is sent.
  func close() {
    input = .closed
  }

  // MARK: Sending

  /// See ``WireSession/produce(upTo:now:)``; never throws.
  override public func produce(
    upTo byteCountMax: Int, now: UInt64
  ) throws(HTTP2SessionError) {
    self.now = now
    produceResponses(byteCountMax)
  }

  /// False once the last answer is sent.
  override public var isAlive: Bool { !isClosed || stream != nil || !output.isEmpty }

  /// True while an answer has bytes that were not produced.
  override public var hasFrames: Bool { hasMoreToRead || responseIsWaiting }

  /// Whoever sent more than was read gets time to read the answer.
  override public var closesGently: Bool { true }

  // MARK: Time and shutdown

  /// To be called about once a second: ends requests that come too slowly.
  public func check(now: UInt64) {
    self.now = now
    guard let since, now > since, wantsInput else { return }
    switch input {
    case .head:
      guard now - since >= limits.headNanosecondsMax else { return }
      guard !held.isEmpty else {
        // Nothing came: there is nobody to tell.
        close()
        return announceOutput()
      }
      fail(HTTP1Error(408, "the head took too long", .headers))
    case .body, .chunks:
      guard now - since >= limits.bodyGraceNanoseconds else { return }
      let seconds = Int((now - since - limits.bodyGraceNanoseconds) / 1_000_000_000)
      guard bodyByteCount < seconds * limits.bodyBytesPerSecondMin else { return }
      fail(HTTP1Error(408, "the body came too slowly", .bodyRate))
    case .answer, .closed: break
    }
  }

  /// Ends the connection with the request under way, at once when there is none.
  public func drain() {
    isEnding = true
    guard stream == nil, held.isEmpty else { return }
    close()
    announceOutput()
  }

  /// The request cannot be read on: the handler's stream ends, and the client learns why unless
  /// an answer has begun.
  func fail(_ error: HTTP1Error) {
    if case .closed = input { return }
    // Without a stream, the request was read no further than its head, or its answer is complete.
    let mayAnswer: Bool
    if let stream {
      mayAnswer = !stream.pointee.flags.contains(.headersSubmitted)
    } else if case .head = input {
      mayAnswer = true
    } else {
      mayAnswer = false
    }
    close()
    isEnding = true
    failure = error
    protocolWasBroken = true
    if let limit = error.limit { delegate.session(self, exceeded: limit) }
    if let stream { finish(stream, .reset(.protocolError)) }
    if mayAnswer { answer(error) }
    announceOutput()
  }

  /// Ends the session: a live stream is closed with `connectionLost`. Not during `receive`.
  public func abandon() {
    close()
    if let stream { finish(stream, .connectionLost) }
  }

  func finish(_ stream: StreamPointer, _ reason: CallCloseReason) {
    self.stream = nil
    pool.close(HTTP2StreamReference(stream), reason)
    delegate.sessionStreamClosed(self)
    // What the handler did not take, nobody will; the rest of the body must still be read.
    unconsumed = 0
    if !isClosed { updateWantsInput() }
  }

  var isClosed: Bool {
    if case .closed = input { return true }
    return false
  }

  func consumed(_ byteCount: Int) {
    unconsumed -= min(byteCount, unconsumed)
    updateWantsInput()
  }

  /// True when the rest of the request is too much to read for nothing.
  var restIsUnwanted: Bool {
    switch input {
    case .body(let remaining): remaining > limits.unwantedBodyByteCountMax
    case .chunks, .head, .answer, .closed: false
    }
  }

  var bodyHasBegun: Bool { bodyByteCount > 0 }
}

extension InboundFields {
  /// Fills the header block as HTTP/2 has it: pseudo-fields, then lower-case names.
  fileprivate mutating func append(_ head: HTTP1RequestHead, scheme: StaticString) {
    append(pseudo: ":method", head.method)
    append(
      pseudo: ":scheme",
      UnsafeRawBufferPointer(start: scheme.utf8Start, count: scheme.utf8CodeUnitCount))
    append(pseudo: ":authority", head.host)
    append(pseudo: ":path", head.target)
    for (name, value) in head.fields { append(name, value) }
  }

  private mutating func append(pseudo name: StaticString, _ value: UnsafeRawBufferPointer) {
    append(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), value)
  }

  private mutating func append(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
  ) {
    guard let first = name.baseAddress else { return }
    count(nameByteCount: name.count, valueByteCount: value.count)
    let kept = append(first, name.count, value.baseAddress, value.count)
    UnsafeMutableRawBufferPointer(start: kept, count: name.count).foldCase()
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Makes letters small.
  fileprivate func foldCase() {
    for index in indices
    where self[index] >= UInt8(ascii: "A") && self[index] <= UInt8(ascii: "Z") {
      self[index] |= 0x20
    }
  }
}
