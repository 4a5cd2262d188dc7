internal import EventLoop

/// When to ask a silent peer whether it is there, and when to give it up.
struct KeepAlive {
  enum Action: Equatable { case none, sendPing, close }

  private let interval: Duration?
  private let timeout: Duration
  private var pingSent: MonotonicTime?

  init(interval: Duration?, timeout: Duration) {
    self.interval = interval
    self.timeout = timeout
  }

  /// How often to call `check`, or nil for never.
  var checkInterval: Duration? { interval.map { min($0, timeout) / 2 } }

  mutating func acknowledged() {
    pingSent = nil
  }

  mutating func check(now: MonotonicTime, lastReceived: MonotonicTime) -> Action {
    guard let interval else { return .none }
    if let sent = pingSent {
      // Any bytes prove that the peer is there, not only the PING's answer.
      if lastReceived > sent {
        pingSent = nil
        return .none
      }
      return now - sent >= timeout ? .close : .none
    }
    guard now - lastReceived >= interval else { return .none }
    pingSent = now
    return .sendPing
  }
}
