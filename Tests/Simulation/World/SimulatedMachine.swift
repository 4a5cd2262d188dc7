internal import EventLoop
internal import Glibc

/// What a loop of a simulated process runs on.
final class SimulatedMachine: Machine, @unchecked Sendable {
  let process: Process
  let number: Int
  /// False once a wait has found nothing, until a socket changes.
  var mayBeReady = false
  private var watched: [SimulatedSocket] = []
  private var events = UnsafeMutableBufferPointer<ReadyEvent>.allocate(capacity: 64)
  private var world: World { process.world }

  init(process: Process, number: Int) {
    self.process = process
    self.number = number
  }

  deinit {
    events.deallocate()
  }

  // MARK: Time and chance

  func now() -> MonotonicTime { world.now }

  /// The simulated calendar starts with the simulated clock.
  func wallMilliseconds() -> Int64 { Int64(world.now.nanoseconds / 1_000_000) }

  func randomSeed() -> UInt64 { world.random.next() }

  // MARK: Sockets

  func listen(
    on endpoint: Endpoint, backlog: Int32
  ) throws(SocketError) -> (descriptor: Int32, endpoint: Endpoint) {
    guard case .tcp(_, let port) = endpoint else {
      throw SocketError(code: EINVAL, message: "a simulated process listens on TCP only")
    }
    let socket = SimulatedSocket(process: process, kind: .listener(port: port))
    guard world.network.add(socket, port: port) else {
      throw SocketError(code: EADDRINUSE, message: "\(endpoint) is in use")
    }
    return (process.install(socket), endpoint)
  }

  func connect(to address: SocketAddress) throws(SocketError) -> Int32 {
    let socket = SimulatedSocket(process: process, kind: .stream)
    let descriptor = process.install(socket)
    world.network.connect(socket, to: address)
    return descriptor
  }

  func accept(_ listener: Int32) throws(SocketError) -> Int32? {
    guard let connection = process.socket(listener)?.accept() else { return nil }
    return process.install(connection)
  }

  func receive(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Socket.Transfer {
    process.socket(descriptor)?.receive(into: buffer) ?? .failed(EBADF)
  }

  func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Socket.Transfer {
    process.socket(descriptor)?.send(bytes) ?? .failed(EBADF)
  }

  func connectError(of descriptor: Int32) -> Int32 {
    process.socket(descriptor)?.takeConnectError() ?? EBADF
  }

  func peerDescription(_ descriptor: Int32) -> String {
    process.socket(descriptor)?.peer?.process.address ?? "unknown"
  }

  func close(_ descriptor: Int32) {
    if process.isDead { return }
    process.close(descriptor)
  }

  // MARK: The loop

  func start(_ loop: EventLoop, name: String) {
    world.start(loop, self)
  }

  func watch(_ descriptor: Int32, _ interest: Readiness, token: UInt64) {
    guard let socket = process.socket(descriptor) else { return }
    precondition(socket.watcher == nil, "\(process.name) watches descriptor \(descriptor) twice")
    socket.watcher = self
    socket.interest = interest
    socket.token = token
    watched.append(socket)
    mayBeReady = true
  }

  func rewatch(_ descriptor: Int32, _ interest: Readiness, token: UInt64) {
    guard let socket = process.socket(descriptor) else { return }
    socket.interest = interest
    socket.token = token
    mayBeReady = true
  }

  func unwatch(_ descriptor: Int32) {
    guard let socket = process.socket(descriptor) else { return }
    watched.removeAll { $0 === socket }
    socket.watcher = nil
  }

  /// Reports at once, in an order and a number drawn from the seed. Nothing ever waits: the world
  /// calls when there is a reason to.
  func wait(milliseconds: Int32) -> UnsafeBufferPointer<ReadyEvent> {
    guard mayBeReady, !process.isDead else { return UnsafeBufferPointer(start: nil, count: 0) }
    var count = 0
    for socket in watched {
      let readiness = socket.readiness.intersection(socket.interest.union([.error, .hangup]))
      guard !readiness.isEmpty, count < events.count else { continue }
      events.initializeElement(
        at: count, to: ReadyEvent(token: socket.token, readiness: readiness))
      count += 1
    }
    if count == 0 { mayBeReady = false }
    guard count > 1 else { return UnsafeBufferPointer(rebasing: events[..<count]) }
    for index in stride(from: count - 1, to: 0, by: -1) {
      events.swapAt(index, Int(world.random.next(upperBound: UInt64(index + 1))))
    }
    if world.random.chance(0.3) { count = 1 + Int(world.random.next(upperBound: UInt64(count))) }
    return UnsafeBufferPointer(rebasing: events[..<count])
  }

  func wake() {}
}
