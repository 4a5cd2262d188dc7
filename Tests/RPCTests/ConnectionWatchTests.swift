import EventLoop
import Testing

@testable import RPC

/// A connection's timeouts against a clock that only moves when told.
struct ConnectionWatchTests {
  private static func at(_ seconds: Double) -> MonotonicTime {
    MonotonicTime(nanoseconds: UInt64((seconds + 1_000) * 1e9))
  }

  /// An established connection that heard from its peer at `received`.
  private func established(received: Double, calls: Int = 0) -> ConnectionWatch.Observation {
    ConnectionWatch.Observation(
      blockedSince: nil, lastReceived: Self.at(received), hasShakenHands: true,
      hasAcknowledgedSettings: true, headersSince: nil, callCount: calls)
  }

  /// What is done, by second, while nothing changes on the connection.
  private func actions(
    _ limits: ServerLimits, _ seen: ConnectionWatch.Observation, seconds: Int
  ) -> [Int: ConnectionWatch.Action] {
    var watch = ConnectionWatch(limits, now: Self.at(0))
    var result: [Int: ConnectionWatch.Action] = [:]
    for second in 1...seconds {
      let action = watch.check(seen, now: Self.at(Double(second)))
      if action == .none { continue }
      result[second] = action
      if case .close = action { break }
    }
    return result
  }

  private func actions(
    _ seen: ConnectionWatch.Observation, seconds: Int
  ) -> [Int: ConnectionWatch.Action] {
    actions(ServerLimits(), seen, seconds: seconds)
  }

  @Test func aHandshakeThatDoesNotEndIsCutOff() {
    let silent = ConnectionWatch.Observation(lastReceived: Self.at(0))
    #expect(actions(silent, seconds: 20) == [10: .close(.handshake)])
    // Bytes that trickle in do not help.
    var watch = ConnectionWatch(ServerLimits(), now: Self.at(0))
    for second in 1..<10 {
      let slow = ConnectionWatch.Observation(lastReceived: Self.at(Double(second)))
      #expect(watch.check(slow, now: Self.at(Double(second))) == .none)
    }
    let slow = ConnectionWatch.Observation(lastReceived: Self.at(10))
    #expect(watch.check(slow, now: Self.at(10)) == .close(.handshake))
  }

  @Test func settingsMustBeAcknowledged() {
    var seen = established(received: 0, calls: 1)
    seen.hasAcknowledgedSettings = false
    #expect(actions(seen, seconds: 30) == [20: .close(.settingsAcknowledgement)])
  }

  @Test func aHeaderBlockMustEnd() {
    var seen = established(received: 30, calls: 1)
    seen.headersSince = Self.at(5)
    #expect(actions(seen, seconds: 30) == [15: .close(.headers)])
  }

  @Test func aPeerThatTakesNoBytesIsCutOff() {
    var seen = established(received: 100, calls: 1)
    seen.blockedSince = Self.at(3)
    #expect(actions(seen, seconds: 100) == [63: .close(.writeStall)])
  }

  @Test func aSilentPeerIsAskedAndThenGivenUp() {
    // Received at 5: asked at 65, given up 20 seconds later.
    #expect(
      actions(established(received: 5, calls: 1), seconds: 100)
        == [65: .sendPing, 85: .close(.keepAlive)])
  }

  @Test func anAnswerKeepsThePeerAlive() {
    var watch = ConnectionWatch(ServerLimits(), now: Self.at(0))
    var pings = 0
    var received = 0.0
    for second in stride(from: 1.0, to: 600, by: 1) {
      switch watch.check(established(received: received, calls: 1), now: Self.at(second)) {
      case .sendPing:
        pings += 1
        received = second
        watch.pingAcknowledged()
      case .none: break
      case let other: Issue.record("expected pings, got \(other)")
      }
    }
    #expect(pings == 9)
  }

  @Test func pingsCanBeTurnedOff() {
    var limits = ServerLimits()
    limits.keepAliveInterval = nil
    #expect(actions(limits, established(received: 0, calls: 1), seconds: 500) == [:])
  }

  @Test func aConnectionWithoutCallsIsLetGo() {
    var limits = ServerLimits()
    limits.keepAliveInterval = nil
    limits.idleTimeout = .seconds(30)
    let idle = actions(limits, established(received: 0), seconds: 30)
    #expect(idle == [1: .releaseMemory, 30: .drain(.idle)])
    #expect(actions(limits, established(received: 0, calls: 1), seconds: 100) == [:])
  }

  @Test func memoryIsReleasedOnceForEachTimeItWasUsed() {
    var limits = ServerLimits()
    limits.keepAliveInterval = nil
    var watch = ConnectionWatch(limits, now: Self.at(0))
    #expect(watch.check(established(received: 0.5), now: Self.at(1)) == .none)
    #expect(watch.check(established(received: 0.5), now: Self.at(2)) == .releaseMemory)
    #expect(watch.check(established(received: 0.5), now: Self.at(3)) == .none)
    #expect(watch.check(established(received: 3.5, calls: 1), now: Self.at(6)) == .none)
    #expect(watch.check(established(received: 3.5), now: Self.at(7)) == .releaseMemory)
    #expect(watch.check(established(received: 3.5), now: Self.at(8)) == .none)
  }

  @Test func anOldConnectionIsAnnouncedDrainedAndEnded() {
    var limits = ServerLimits()
    limits.connectionAgeGrace = .seconds(100)
    limits.keepAliveInterval = nil
    var watch = ConnectionWatch(limits, ageMax: .seconds(50), now: Self.at(0))
    var seen: [Int: ConnectionWatch.Action] = [:]
    for second in 1...160 {
      let busy = established(received: Double(second), calls: 1)
      let action = watch.check(busy, now: Self.at(Double(second)))
      if action != .none { seen[second] = action }
      if case .close = action { break }
    }
    #expect(
      seen == [50: .announce, 51: .drain(.connectionAge), 150: .close(.connectionAge)])
  }

  @Test func agesDifferByATenthAtMost() {
    var ages = ConnectionAges(.seconds(1_000), seed: 7)
    let drawn = (0..<1_000).map { _ in ages.next()! }
    #expect(drawn.allSatisfy { $0 >= .seconds(900) && $0 <= .seconds(1_100) })
    #expect(drawn.min()! < .seconds(910) && drawn.max()! > .seconds(1_090))
    #expect(Set(drawn).count > 900)
    var never = ConnectionAges(nil, seed: 7)
    #expect(never.next() == nil)
  }
}
