internal import CLinux
internal import Glibc

// Sendable by hand: `events` and `ready` are touched by the loop's own thread only; everything
// else is constant.

/// The machine that Linux is: epoll, system calls on sockets, its clocks.
public final class Kernel: Machine, @unchecked Sendable {
  private let poller: Int32
  private let wakeup: Int32
  private let events: UnsafeMutablePointer<martlet_ready>
  private let ready: UnsafeMutablePointer<ReadyEvent>

  private static let eventsPerWaitMax = 256

  /// One loop's part of it.
  public init() {
    poller = martlet_epoll_create()
    wakeup = martlet_eventfd()
    precondition(poller >= 0 && wakeup >= 0, "epoll or eventfd could not be created: \(errno)")
    events = .allocate(capacity: Self.eventsPerWaitMax)
    ready = .allocate(capacity: Self.eventsPerWaitMax)
    control(MARTLET_EPOLL_ADD, wakeup, .read, .max)
  }

  deinit {
    Glibc.close(poller)
    Glibc.close(wakeup)
    events.deallocate()
    ready.deallocate()
  }

  /// See ``Machine/now()``.
  public func now() -> MonotonicTime { MonotonicTime.now() }

  /// See ``Machine/wallMilliseconds()``.
  public func wallMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// See ``Machine/randomSeed()``.
  public func randomSeed() -> UInt64 { .random(in: .min ... .max) }

  /// See ``Machine/start(_:name:)``.
  public func start(_ loop: EventLoop, name: String) {
    Thread.spawn(name: name) { loop.run() }
  }

  // MARK: Waiting

  /// See ``Machine/watch(_:_:token:)``.
  public func watch(_ descriptor: Int32, _ interest: Readiness, token: UInt64) {
    control(MARTLET_EPOLL_ADD, descriptor, interest, token)
  }

  /// See ``Machine/rewatch(_:_:token:)``.
  public func rewatch(_ descriptor: Int32, _ interest: Readiness, token: UInt64) {
    control(MARTLET_EPOLL_MODIFY, descriptor, interest, token)
  }

  /// See ``Machine/unwatch(_:)``.
  public func unwatch(_ descriptor: Int32) {
    control(MARTLET_EPOLL_DELETE, descriptor, [], 0)
  }

  private func control(
    _ operation: Int, _ descriptor: Int32, _ interest: Readiness, _ token: UInt64
  ) {
    _ = martlet_epoll_control(poller, Int32(operation), descriptor, interest.rawValue, token)
  }

  /// See ``Machine/wait(milliseconds:)``.
  public func wait(milliseconds: Int32) -> UnsafeBufferPointer<ReadyEvent> {
    let found = martlet_epoll_wait(poller, events, Int32(Self.eventsPerWaitMax), milliseconds)
    var count = 0
    for index in 0..<max(0, Int(found)) {
      let event = events[index]
      if event.token == .max {
        var value: UInt64 = 0
        _ = read(wakeup, &value, 8)
        continue
      }
      (ready + count).initialize(
        to: ReadyEvent(token: event.token, readiness: Readiness(rawValue: event.events)))
      count += 1
    }
    return UnsafeBufferPointer(start: ready, count: count)
  }

  /// See ``Machine/wake()``.
  public func wake() {
    var one: UInt64 = 1
    _ = write(wakeup, &one, 8)
  }

  // MARK: Sockets

  /// See ``Socket/listen(on:backlog:)``.
  public func listen(
    on endpoint: Endpoint, backlog: Int32
  ) throws(SocketError) -> (descriptor: Int32, endpoint: Endpoint) {
    try Socket.listen(on: endpoint, backlog: backlog)
  }

  /// See ``Socket/connect(to:)``.
  public func connect(to address: SocketAddress) throws(SocketError) -> Int32 {
    try Socket.connect(to: address)
  }

  /// See ``Socket/accept(_:)``.
  public func accept(_ listener: Int32) throws(SocketError) -> Int32? {
    try Socket.accept(listener)
  }

  /// See ``Socket/receive(_:into:)``.
  public func receive(
    _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
  ) -> Socket.Transfer {
    Socket.receive(descriptor, into: buffer)
  }

  /// See ``Socket/send(_:_:)``.
  public func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Socket.Transfer {
    Socket.send(descriptor, bytes)
  }

  /// See ``Socket/connectError(of:)``.
  public func connectError(of descriptor: Int32) -> Int32 { Socket.connectError(of: descriptor) }

  /// See ``Socket/shutdownWrite(_:)``.
  public func shutdownWrite(_ descriptor: Int32) { Socket.shutdownWrite(descriptor) }

  /// See ``Socket/peerDescription(_:)``.
  public func peerDescription(_ descriptor: Int32) -> String {
    Socket.peerDescription(descriptor)
  }

  /// See ``Socket/close(_:)``.
  public func close(_ descriptor: Int32) { Socket.close(descriptor) }
}
