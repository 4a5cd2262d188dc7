import Crypto
import EventLoop
import RPCWire
import Telemetry
import Testing

@testable import RPC

/// Clients that connect and say nothing, on a simulated clock.
@Suite struct HandshakeLimitTests {
  private let machine: SilentMachine
  private let loop: EventLoop
  private let metrics = Metrics()
  private let counter = ConnectionCounter()
  private let part: ServerLoop

  init() throws {
    machine = SilentMachine()
    loop = EventLoop(on: machine)
    let fixture = try TLSFixture()
    let tls = try TLSContextSource(try fixture.configuration(.gateway), side: .server)
    var configuration = ServerConfiguration()
    configuration.limits.handshakesPerLoopMax = 3
    configuration.tlsMonitor = TLSMonitor(metrics, log: nil)
    part = ServerLoop(
      loop: loop, configuration: configuration, routes: RouteTable(), tls: tls, counter: counter,
      shard: 0,
      makeRouter: nil)
  }

  private func metric(_ line: String) -> Bool {
    String(decoding: metrics.render(), as: UTF8.self).contains("\(line)\n")
  }

  @Test func aHandshakeThatDoesNotEndIsEnded() {
    part.adopt(10)
    machine.pass(.seconds(9), on: loop)
    #expect(machine.closed == [] && counter.count == 1)
    #expect(metric("martlet_tls_handshakes_in_progress 1"))
    machine.pass(.seconds(2), on: loop)
    #expect(machine.closed == [10] && counter.count == 0)
    #expect(metric("martlet_tls_handshakes_in_progress 0"))
    #expect(metric(#"martlet_tls_handshake_failures_total{reason="timeout"} 1"#))
  }

  @Test func tooManyHandshakesWaitAndTheOldestMakeRoom() {
    for descriptor in Int32(10)..<15 { part.adopt(descriptor) }
    #expect(counter.count == 5)
    #expect(metric("martlet_tls_handshakes_in_progress 3"))
    #expect(metric("martlet_tls_handshakes_waiting 2"))
    machine.pass(.milliseconds(400), on: loop)
    #expect(machine.closed == [])
    // The sweep is not awaited: whoever comes next makes the overdue ones go.
    machine.pass(.milliseconds(200), on: loop)
    part.adopt(15)
    #expect(machine.closed == [10, 11, 12])
    #expect(metric("martlet_tls_handshakes_in_progress 3"))
    #expect(metric("martlet_tls_handshakes_waiting 0"))
    #expect(metric(#"martlet_tls_handshake_failures_total{reason="evicted"} 3"#))
    machine.pass(.seconds(11), on: loop)
    #expect(counter.count == 0)
  }

  @Test func oneThatWaitsIsNotMadeToWaitLongerThanTheTimeout() {
    for descriptor in Int32(10)..<13 { part.adopt(descriptor) }
    part.adopt(20)
    // Nobody else comes: the sweep makes room, so that it gets its turn and its own time.
    machine.pass(.seconds(2), on: loop)
    #expect(machine.closed == [10])
    machine.pass(.seconds(10), on: loop)
    #expect(machine.closed.sorted() == [10, 11, 12, 20])
  }

  @Test func whatWaitsIsClosedWhenTheServerStops() {
    for descriptor in Int32(10)..<16 { part.adopt(descriptor) }
    part.announceShutdown()
    #expect(machine.closed == [13, 14, 15])
    part.closeAll()
    #expect(machine.closed.count == 6 && counter.count == 0)
  }
}
