import RPC
import RPCWire
import Telemetry
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ConnectionTests {
  /// GOAWAY after stream `last`, with a code.
  private func goAway(_ last: UInt8, _ code: UInt8) -> [UInt8] {
    [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, last, 0, 0, 0, code]
  }

  @Test func settingsThatAreNotAcknowledgedEndTheConnection() async throws {
    var configuration = ServerConfiguration()
    configuration.limits.settingsTimeout = .milliseconds(20)
    let server = Server(configuration: configuration)
    try server.start()
    let connection = try RawConnection(to: server)
    connection.send(RawConnection.preface)
    let answer = connection.readToEnd()
    #expect(answer.suffix(17) == goAway(0, 4))
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  /// As it must before its streams' identifiers are used up.
  @Test func aConnectionThatHasMadeItsCallsIsReplaced() async throws {
    let registry = Metrics()
    var configuration = ServerConfiguration()
    configuration.metrics = ServerMetrics(registry)
    let server = Server(configuration: configuration)
    server.unary("/t.T/Echo") { (request: [UInt8], _) -> [UInt8] in request }
    try server.start()
    var few = ClientConfiguration()
    few.callsPerConnectionMax = 3
    let client = try server.makeInProcessClient(configuration: few)
    for round in 0..<10 as Range<UInt8> {
      async let first = client.unary("/t.T/Echo", [round])
      async let second = client.unary("/t.T/Echo", [round, round])
      #expect(try await first == [round])
      #expect(try await second == [round, round])
    }
    let text = String(decoding: registry.render(), as: UTF8.self)
    let opened = try #require(
      text.split(separator: "\n").first { $0.hasPrefix("martlet_rpc_connections_total ") })
    #expect(Int(opened.split(separator: " ")[1])! >= 5, "\(opened)")
    client.close()
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func goAwayFromTheClientEndsAnIdleConnection() async throws {
    let server = Server(configuration: .init())
    try server.start()
    let connection = try RawConnection(to: server)
    connection.send(RawConnection.preface + goAway(0, 0))
    #expect(connection.readToEnd().suffix(17) == goAway(0, 0))
    await server.shutdown(gracePeriod: .milliseconds(200))
  }
}
