import EventLoop
import Synchronization

/// A machine whose clock the test sets, and whose peers never say a word.
final class SilentMachine: Machine {
  private struct State {
    var time = MonotonicTime(nanoseconds: 1_000_000_000)
    var closed: [Int32] = []
  }

  private let state = Mutex(State())

  /// Descriptors that were closed, in order.
  var closed: [Int32] { state.withLock { $0.closed } }

  /// Lets time pass for a loop, in steps of 100 ms, as a real wait would.
  func pass(_ duration: Duration, on loop: EventLoop) {
    var left = duration
    while left > .zero {
      let step = min(left, .milliseconds(100))
      state.withLock { $0.time = $0.time + step }
      left -= step
      _ = loop.turn()
    }
  }

  func now() -> MonotonicTime { state.withLock { $0.time } }
  func wallMilliseconds() -> Int64 { 0 }
  func randomSeed() -> UInt64 { 1 }
  func listen(
    on endpoint: Endpoint, backlog: Int32
  ) throws(SocketError) -> (descriptor: Int32, endpoint: Endpoint) { (1, endpoint) }
  func connect(to address: SocketAddress) throws(SocketError) -> Int32 { 1 }
  func accept(_ listener: Int32) throws(SocketError) -> Int32? { nil }
  func receive(
    _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
  ) -> Socket.Transfer { .wouldBlock }
  func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Socket.Transfer {
    .bytes(bytes.count)
  }
  func connectError(of descriptor: Int32) -> Int32 { 0 }
  func peerDescription(_ descriptor: Int32) -> String { "peer-\(descriptor)" }
  func close(_ descriptor: Int32) { state.withLock { $0.closed.append(descriptor) } }
  func start(_ loop: EventLoop, name: String) {}
  func watch(_ descriptor: Int32, _ interest: Readiness, token: UInt64) {}
  func rewatch(_ descriptor: Int32, _ interest: Readiness, token: UInt64) {}
  func unwatch(_ descriptor: Int32) {}
  func wait(milliseconds: Int32) -> UnsafeBufferPointer<ReadyEvent> { .init(start: nil, count: 0) }
  func wake() {}
}
