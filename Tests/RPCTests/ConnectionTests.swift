import RPC
import RPCWire
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

  @Test func goAwayFromTheClientEndsAnIdleConnection() async throws {
    let server = Server(configuration: .init())
    try server.start()
    let connection = try RawConnection(to: server)
    connection.send(RawConnection.preface + goAway(0, 0))
    #expect(connection.readToEnd().suffix(17) == goAway(0, 0))
    await server.shutdown(gracePeriod: .milliseconds(200))
  }
}
