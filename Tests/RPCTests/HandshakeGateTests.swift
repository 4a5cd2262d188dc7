import EventLoop
import Testing

@testable import RPC

@Suite struct HandshakeGateTests {
  private func at(_ milliseconds: UInt64) -> MonotonicTime {
    MonotonicTime(nanoseconds: milliseconds * 1_000_000)
  }

  // A macro's argument may not change a value.
  private func expectOverdue<Handshake: Equatable>(
    _ expected: Handshake?, _ gate: inout HandshakeGate<Handshake>, at milliseconds: UInt64,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let overdue = gate.overdue(now: at(milliseconds))
    #expect(overdue == expected, sourceLocation: sourceLocation)
  }

  @Test func theOldestMakesRoomOnceItHasHadItsTime() {
    var gate = HandshakeGate<String>(countMax: 3, patience: .milliseconds(500))
    let first = gate.begin("first", now: at(0))
    let second = gate.begin("second", now: at(100))
    #expect(gate.hasRoom)
    _ = gate.begin("third", now: at(200))
    #expect(!gate.hasRoom)
    expectOverdue(nil, &gate, at: 499)
    expectOverdue("first", &gate, at: 500)
    // A handshake ends once.
    let endings = [gate.end(first), gate.end(first)]
    #expect(endings == [true, false])
    #expect(gate.hasRoom && gate.count == 2)
    expectOverdue(nil, &gate, at: 599)
    gate.end(second)
    expectOverdue("third", &gate, at: 700)
  }

  @Test func nothingIsOverdueWhenNothingRuns() {
    var gate = HandshakeGate<Int>(countMax: 1, patience: .zero)
    expectOverdue(nil, &gate, at: 1)
    for number in 0..<1_000 { gate.end(gate.begin(number, now: at(1))) }
    expectOverdue(nil, &gate, at: 2)
    #expect(gate.count == 0)
  }
}
