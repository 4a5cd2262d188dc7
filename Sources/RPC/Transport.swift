internal import EventLoop
internal import RPCWire

/// What a transport tells the connection that owns it; on the loop.
protocol TransportOwner: AnyObject {
  /// TCP and TLS are done: frames may flow.
  func transportEstablished(_ transport: Transport)
  /// The socket is about to be closed.
  func transportWillClose(_ transport: Transport, _ end: ConnectionEnd)
  /// The socket is closed; the owner closes the session.
  func transportClosed(_ transport: Transport, _ end: ConnectionEnd)
}

/// Memory that a loop's transports share for the time of one read.
final class TransportScratch {
  /// A full socket buffer of small requests is taken in one system call.
  let ciphertext = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
  /// A TLS record holds at most 16 KiB.
  let plaintext = UnsafeMutableRawBufferPointer.allocate(byteCount: 17 << 10, alignment: 64)

  deinit {
    ciphertext.deallocate()
    plaintext.deallocate()
  }
}

/// Moves bytes between a socket, the TLS engine and the session of one connection.
///
/// The loop keeps it alive while its descriptor is registered; its owner until it is closed.
final class Transport: EventHandler, Flushable {
  let loop: EventLoop
  private(set) var session: WireSession
  let tls: TLSEngine?
  private let descriptor: Int32
  private let scratch: TransportScratch
  private unowned(unsafe) let owner: any TransportOwner
  private var isConnecting: Bool
  private var isFlushScheduled = false
  private var holdsHandshake: Bool
  private var isBlocked = false { didSet { session.mayPackAhead = !isBlocked } }
  /// The session wants no more bytes for now.
  private var isPaused = false
  /// In clear text nothing agrees on a protocol: the client's first bytes tell, where there is a
  /// choice.
  private let awaitsFirstBytes: Bool
  private var clearText = ClearTextProtocol()
  private var startsWithPreface = true
  private var end: ConnectionEnd?
  private(set) var isClosed = false
  private(set) var isEstablished = false
  /// Since when the peer takes no bytes, or nil.
  private(set) var blockedSince: MonotonicTime?
  /// When bytes last came.
  private(set) var lastReceived: MonotonicTime

  /// Reads of one turn, so that one busy peer leaves time for the others.
  private static let readsPerTurnMax = 4

  /// Owns the descriptor from here on.
  init(
    loop: EventLoop, descriptor: Int32, isConnecting: Bool, session: WireSession,
    tls: TLSEngine?, owner: any TransportOwner, awaitsFirstBytes: Bool = false
  ) {
    self.loop = loop
    self.descriptor = descriptor
    self.isConnecting = isConnecting
    self.session = session
    self.tls = tls
    holdsHandshake = tls != nil
    self.owner = owner
    self.awaitsFirstBytes = awaitsFirstBytes && tls == nil
    scratch = loop.local(TransportScratch.self) { TransportScratch() }
    lastReceived = loop.now
    isBlocked = isConnecting
  }

  /// Registers with the loop. To be called once, when the owner is complete.
  func start() {
    loop.add(descriptor, isConnecting ? [.read, .write] : .read, self)
    if !isConnecting { connected() }
  }

  private func connected() {
    isConnecting = false
    if let tls {
      do throws(TLSError) {
        try tls.start()
      } catch {
        return close(ConnectionEnd(.tlsFailed, error.message))
      }
      scheduleFlush()
    } else if !awaitsFirstBytes {
      established()
    }
  }

  /// False for a client that chose HTTP/1.1; known when the transport is established.
  var speaksHTTP2: Bool { tls?.isHTTP2 ?? startsWithPreface }

  /// Takes another session than the one it began with, before that was used.
  func replaceSession(_ session: WireSession) {
    self.session = session
  }

  private func established() {
    isEstablished = true
    owner.transportEstablished(self)
    scheduleFlush()
  }

  // MARK: Reading

  func handle(_ readiness: Readiness) {
    if isConnecting {
      let code = loop.machine.connectError(of: descriptor)
      guard code == 0 else {
        return close(ConnectionEnd(.broken, "cannot connect: \(Socket.describe(code))"))
      }
      guard readiness.contains(.write) else { return }
      isBlocked = false
      loop.modify(descriptor, .read)
      connected()
      return
    }
    if isPaused {
      if !readiness.isDisjoint(with: [.hangup, .error]) { close(.peerClosed) }
    } else if !readiness.isDisjoint(with: [.read, .hangup, .error]) {
      read()
    }
    if isBlocked, !isClosed, readiness.contains(.write) {
      isBlocked = false
      blockedSince = nil
      updateInterest()
      flush()
    }
  }

  private func read() {
    for _ in 0..<Self.readsPerTurnMax {
      guard !isClosed else { return }
      guard session.wantsInput else { return pause() }
      switch loop.machine.receive(descriptor, into: scratch.ciphertext) {
      case .bytes(0):
        return close(.peerClosed)
      case .bytes(let count):
        lastReceived = loop.now
        receive(UnsafeRawBufferPointer(rebasing: scratch.ciphertext[..<count]))
        if count < scratch.ciphertext.count { return }
      case .wouldBlock:
        return
      case .failed(let code):
        return close(.broken(code))
      }
    }
  }

  private func pause() {
    guard !isPaused else { return }
    isPaused = true
    updateInterest()
  }

  /// Reads again after the session had enough.
  func resumeReading() {
    guard isPaused, !isClosed else { return }
    isPaused = false
    updateInterest()
  }

  private func updateInterest() {
    var interest: Readiness = isPaused ? [] : .read
    if isBlocked { interest.insert(.write) }
    loop.modify(descriptor, interest)
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    // What follows a fatal error is not looked at: the connection only waits to say why.
    guard end == nil else { return }
    let now = loop.now.nanoseconds
    guard let tls else {
      if isEstablished { return give(bytes, now) }
      return clearText.receive(bytes) { isHTTP2, bytes in
        startsWithPreface = isHTTP2
        established()
        give(bytes, now)
      }
    }
    var failure: HTTP2SessionError?
    do throws(TLSError) {
      try tls.receive(bytes, scratch: scratch.plaintext) { plaintext in
        guard failure == nil else { return }
        if !isEstablished { established() }
        do throws(HTTP2SessionError) {
          try session.receive(plaintext, now: now)
        } catch {
          failure = error
        }
      }
    } catch {
      closeWhenFlushed(ConnectionEnd(.tlsFailed, error.message))
    }
    if let failure { closeWhenFlushed(ConnectionEnd(session, failure.message)) }
    if tls.isEstablished, !isEstablished { established() }
    if !tls.output.isEmpty { scheduleFlush() }
    if tls.isClosedByPeer { closeWhenFlushed(.peerClosed) }
  }

  private func give(_ bytes: UnsafeRawBufferPointer, _ now: UInt64) {
    do throws(HTTP2SessionError) {
      try session.receive(bytes, now: now)
    } catch {
      closeWhenFlushed(ConnectionEnd(session, error.message))
    }
  }

  // MARK: Writing

  /// Sends what the session has at the end of this turn.
  func scheduleFlush() {
    guard !isFlushScheduled, !isClosed else { return }
    isFlushScheduled = true
    loop.flushLater(self)
  }

  func flush() {
    isFlushScheduled = false
    guard !isClosed, !isConnecting else { return }
    while !isBlocked {
      if isEstablished, !fill() { return }
      if !write() { return }
      if end != nil || !isEstablished || !session.hasFrames { break }
    }
    if holdsHandshake { releaseHandshakeMemory() }
    closeIfDone()
  }

  /// Bytes of one write to the socket, about.
  private static let writeByteCountMax = 128 << 10
  /// Encrypted bytes that may wait for their turn.
  private static let aheadByteCountMax = 256 << 10
  /// Frames are made so many bytes at a time and encrypted while the processor's cache has them.
  private static let producedByteCount = 2 * TLSEngine.recordByteCountMax

  /// Has the session make bytes for one write, and TLS encrypt them; false when the connection is
  /// gone.
  private func fill() -> Bool {
    guard let tls else { return produce(upTo: Self.writeByteCountMax) }
    while true {
      guard produce(upTo: Self.producedByteCount) else { return false }
      let count = session.output.count
      let isLast =
        count < Self.producedByteCount || tls.output.count + count >= Self.writeByteCountMax
      // One that failed has set the end, which comes behind what was encrypted before.
      if !encrypt(tls, wholeRecords: !isLast) || isLast { return true }
    }
  }

  /// False when the connection is gone.
  private func produce(upTo byteCount: Int) -> Bool {
    do throws(HTTP2SessionError) {
      try session.produce(upTo: byteCount, now: loop.now.nanoseconds)
    } catch {
      end = end ?? ConnectionEnd(session, error.message)
    }
    return !isClosed
  }

  /// Encrypts what the session has made before its turn, while the cache has it.
  func encryptAhead() {
    if let tls, isEstablished, tls.output.count < Self.aheadByteCountMax {
      _ = encrypt(tls, wholeRecords: true)
    }
    scheduleFlush()
  }

  /// Moves plaintext through TLS; less than a record may wait for what follows. False when it
  /// failed.
  private func encrypt(_ tls: TLSEngine, wholeRecords: Bool) -> Bool {
    let output = session.output.bytes
    let count =
      wholeRecords ? output.count & ~(TLSEngine.recordByteCountMax - 1) : output.count
    guard count > 0 else { return true }
    do throws(TLSError) {
      try tls.send(UnsafeRawBufferPointer(rebasing: output[..<count]))
      session.output.removeFirst(count)
      return true
    } catch {
      end = end ?? ConnectionEnd(.tlsFailed, error.message)
      return false
    }
  }

  /// Writes to the socket; false when the connection is gone.
  private func write() -> Bool {
    while true {
      let bytes = tls.map { $0.output.bytes } ?? session.output.bytes
      if bytes.isEmpty { return true }
      switch loop.machine.send(descriptor, bytes) {
      case .bytes(let count):
        if let tls {
          tls.output.removeFirst(count)
        } else {
          session.output.removeFirst(count)
        }
        blockedSince = nil
      case .wouldBlock:
        isBlocked = true
        blockedSince = blockedSince ?? loop.now
        updateInterest()
        return true
      case .failed(let code):
        close(.broken(code))
        return false
      }
    }
  }

  /// What the handshake needed, a connection that then idles would keep: gives it back once.
  private func releaseHandshakeMemory() {
    guard holdsHandshake, isEstablished, let tls, tls.output.isEmpty else { return }
    holdsHandshake = false
    tls.output.removeAll(keeping: 0)
  }

  private func closeIfDone() {
    guard !isBlocked, !isClosed else { return }
    if let end { return close(end) }
    if isEstablished, !session.isAlive { close(ConnectionEnd(session)) }
  }

  // MARK: Closing

  /// Closes once what is queued has been sent.
  func closeWhenFlushed(_ end: ConnectionEnd) {
    guard self.end == nil else { return }
    self.end = end
    scheduleFlush()
  }

  /// Closes at once. Not from a callback of the session; see ``closeSoon(_:)``.
  func close(_ end: ConnectionEnd) {
    guard !isClosed else { return }
    isClosed = true
    owner.transportWillClose(self, end)
    loop.remove(descriptor)
    tls?.close()
    if let tls, !tls.output.isEmpty, !isConnecting {
      _ = loop.machine.send(descriptor, tls.output.bytes)
    }
    if isEstablished, session.closesGently, !isBlocked {
      LingeringClose.start(descriptor, on: loop)
    } else {
      loop.machine.close(descriptor)
    }
    owner.transportClosed(self, end)
  }

  /// Closes in a moment, from anywhere on the loop.
  func closeSoon(_ end: ConnectionEnd) {
    let bound = LoopBound(self, on: loop)
    loop.execute { bound.value.close(end) }
  }

  /// Gives memory back that only a busy connection needs; it comes again with the next bytes.
  func releaseMemory() {
    guard !isClosed, session.output.isEmpty else { return }
    session.releaseMemory()
    tls?.releaseMemory()
  }
}
