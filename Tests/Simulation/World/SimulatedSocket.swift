internal import EventLoop
internal import Glibc

/// One end of a simulated TCP connection, or a listening socket, as its process sees it.
final class SimulatedSocket {
  enum Kind {
    case stream
    case listener(port: UInt16)
  }

  enum State {
    /// A SYN is under way.
    case connecting
    case open
    /// Closed here; the process has forgotten it.
    case closed
  }

  let process: Process
  let kind: Kind
  private(set) var state: State
  /// The other end, while there is a connection.
  private(set) weak var peer: SimulatedSocket?
  /// Bytes to us, and bytes from us.
  private(set) var inbound: Pipe!
  private(set) var outbound: Pipe!
  /// What the next read or write reports; 0: nothing.
  private var error: Int32 = 0
  /// Broken: what still arrives is nobody's.
  private(set) var isReset = false
  private var backlog: [SimulatedSocket] = []

  // Of the loop that watches it.
  weak var watcher: SimulatedMachine?
  var interest: Readiness = []
  var token: UInt64 = 0

  private var world: World { process.world }

  init(process: Process, kind: Kind) {
    self.process = process
    self.kind = kind
    if case .stream = kind { state = .connecting } else { state = .open }
  }

  private func changed() {
    watcher?.mayBeReady = true
  }

  var readiness: Readiness {
    if case .listener = kind { return backlog.isEmpty ? [] : .read }
    if error != 0 { return [.read, .write, .error, .hangup] }
    guard state == .open else { return [] }
    var result: Readiness = []
    if inbound.isReadable { result.insert(.read) }
    if outbound.room > 0 { result.insert(.write) }
    return result
  }

  // MARK: Connecting

  /// Makes the server's end of a connection whose SYN has come; the client's end follows later.
  func established(with peer: SimulatedSocket, inbound: Pipe, outbound: Pipe) {
    self.peer = peer
    self.inbound = inbound
    self.outbound = outbound
    inbound.reader = self
    outbound.writer = self
    state = .open
    changed()
  }

  func connectFailed(_ code: Int32) {
    guard state == .connecting else { return }
    error = code
    changed()
  }

  func takeConnectError() -> Int32 {
    defer { error = 0 }
    return error
  }

  // MARK: Accepting

  private static let backlogMax = 64

  /// False when the queue is full: the SYN is dropped.
  func enqueue(_ connection: SimulatedSocket) -> Bool {
    guard backlog.count < Self.backlogMax else { return false }
    backlog.append(connection)
    changed()
    return true
  }

  /// Connections come in any order: each took a way of its own.
  func accept() -> SimulatedSocket? {
    guard !backlog.isEmpty else { return nil }
    return backlog.remove(at: Int(world.random.next(upperBound: UInt64(backlog.count))))
  }

  // MARK: Bytes

  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Socket.Transfer {
    guard state == .open else { return .failed(error == 0 ? ENOTCONN : error) }
    // What arrived before a reset can still be read.
    if inbound.receivedByteCount > 0 {
      var count = min(buffer.count, inbound.receivedByteCount)
      if world.random.chance(0.2) { count = 1 + Int(world.random.next(upperBound: UInt64(count))) }
      inbound.take(count, into: buffer)
      return .bytes(count)
    }
    if error != 0 { return fail() }
    return inbound.hasEnded ? .bytes(0) : .wouldBlock
  }

  func send(_ bytes: UnsafeRawBufferPointer) -> Socket.Transfer {
    guard state == .open else { return .failed(error == 0 ? ENOTCONN : error) }
    if error != 0 { return fail() }
    guard !bytes.isEmpty else { return .bytes(0) }
    var count = min(bytes.count, outbound.room)
    guard count > 0 else { return .wouldBlock }
    if world.random.chance(0.1) { count = 1 + Int(world.random.next(upperBound: UInt64(count))) }
    outbound.send([UInt8](UnsafeRawBufferPointer(rebasing: bytes[..<count])))
    return .bytes(count)
  }

  private func fail() -> Socket.Transfer {
    // Told once; afterwards the connection is simply over.
    let code = error
    error = EPIPE
    return .failed(code)
  }

  // MARK: What the network tells

  func readable() { changed() }
  func writable() { changed() }

  /// The connection is broken: RST came, or nobody answers any more.
  func reset(_ code: Int32 = ECONNRESET) {
    guard state != .closed else { return }
    if state == .connecting { return connectFailed(code == ECONNRESET ? ECONNREFUSED : code) }
    if world.random.chance(0.5) { inbound.dropReceived() }
    outbound.drop()
    error = code
    isReset = true
    changed()
  }

  // MARK: Closing

  func closeByProcess(withReset: Bool = false) {
    watcher = nil
    if withReset { resetPeer() }
    close()
  }

  private func close() {
    defer { state = .closed }
    if case .listener(let port) = kind {
      world.network.remove(self, port: port)
      for connection in backlog { connection.resetPeer() }
      backlog = []
      return
    }
    guard state == .open else { return }
    if error != 0 { return }
    // Bytes that nobody will read are worth a reset, as in Linux.
    if inbound.receivedByteCount > 0 { resetPeer() } else { outbound.sendEnd() }
  }

  private func resetPeer() {
    outbound.drop()
    guard let peer else { return }
    world.network.sendReset(from: process, to: peer)
  }

  /// The kernel closes what a killed process had; a host without power says nothing.
  func processDied(hostIsUp: Bool) {
    watcher = nil
    if hostIsUp { return close() }
    if case .listener(let port) = kind { world.network.remove(self, port: port) }
    state = .closed
    outbound?.drop()
    backlog = []
  }
}
