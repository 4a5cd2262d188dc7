/// What a loop runs on: the time, sockets, news of their readiness, and seeds. Each loop has one
/// of its own.
///
/// ``Kernel`` is the real one. A simulation is another: the code above then runs with a simulated
/// clock and network, on one thread, and does the same again for the same seed (decision 49).
public protocol Machine: AnyObject, Sendable {
  // MARK: Time and chance

  /// Reads the monotonic clock.
  func now() -> MonotonicTime
  /// Reads the calendar's clock: milliseconds since 1970.
  func wallMilliseconds() -> Int64
  /// A number that nobody can guess, to start a generator from.
  func randomSeed() -> UInt64

  // MARK: Sockets; see ``Socket`` for what each call does

  /// A listening socket, and where it listens really.
  func listen(
    on endpoint: Endpoint, backlog: Int32
  ) throws(SocketError) -> (descriptor: Int32, endpoint: Endpoint)
  /// Starts to connect.
  func connect(to address: SocketAddress) throws(SocketError) -> Int32
  /// The next connection of a listening socket, or nil when none waits.
  func accept(_ listener: Int32) throws(SocketError) -> Int32?
  /// Reads what is there.
  func receive(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Socket.Transfer
  /// Writes what fits.
  func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Socket.Transfer
  /// What came of connecting; 0 for success.
  func connectError(of descriptor: Int32) -> Int32
  /// The peer's address for logs.
  func peerDescription(_ descriptor: Int32) -> String
  /// Ends our side; the peer may go on. Optional.
  func shutdownWrite(_ descriptor: Int32)
  /// Closes the descriptor.
  func close(_ descriptor: Int32)

  // MARK: The loop's thread and its wait

  /// Has the loop's `run` called, on a thread of its own or as the machine sees fit.
  func start(_ loop: EventLoop, name: String)
  /// Reports a descriptor's readiness under `token` from now on.
  func watch(_ descriptor: Int32, _ interest: Readiness, token: UInt64)
  /// Changes what is reported.
  func rewatch(_ descriptor: Int32, _ interest: Readiness, token: UInt64)
  /// Reports no more.
  func unwatch(_ descriptor: Int32)
  /// Waits until something is ready, ``wake()`` is called, or the time is over; -1: for ever.
  /// What it returns is valid until the next wait.
  func wait(milliseconds: Int32) -> UnsafeBufferPointer<ReadyEvent>
  /// Ends the wait under way. From any thread.
  func wake()
}

extension Machine {
  /// Nothing: the peer learns of the end when the descriptor is closed.
  public func shutdownWrite(_ descriptor: Int32) {}
}

/// A watched descriptor, by its token, and what it is ready for.
public struct ReadyEvent {
  /// As given to ``Machine/watch(_:_:token:)``.
  public var token: UInt64
  /// What it is ready for.
  public var readiness: Readiness

  /// One event.
  public init(token: UInt64, readiness: Readiness) {
    self.token = token
    self.readiness = readiness
  }
}
