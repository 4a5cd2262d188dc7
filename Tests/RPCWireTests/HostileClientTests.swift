import Testing

@testable import RPCWire

/// What the session adds to libnghttp2's checks of a client; Tests/Conformance has the whole.
struct HostileClientTests {
  typealias F = RawFrames

  private func server() -> Recorder {
    let server = Recorder(.server, HTTP2Limits(), HTTP2StreamPool())
    server.receive(F.preface + F.settings(), .max, 1)
    _ = server.takeOutput()
    return server
  }

  private func request(_ stream: Int32, end: Bool, _ more: (String, String)...) -> [UInt8] {
    var fields = F.block((":method", "POST"), (":scheme", "http"), (":path", "/"))
    fields += F.block((":authority", "t"))
    for field in more { fields += F.block(field) }
    return F.headers(stream, end: end, fields)
  }

  @Test func decreasingIdentifierEndsTheConnectionAfterWhatCameBefore() {
    let server = server()
    server.receive(request(5, end: true) + request(3, end: true), .max, 1)
    #expect(server.streams.count == 1)
    #expect(F.errors(in: server.takeOutput()).last == "GOAWAY 1")
    #expect(server.session.violation == "HEADERS on stream 3: expected a number above 5")
    #expect(!server.session.isAlive)
  }

  @Test func nothingIsReadAfterAViolation() {
    let server = server()
    server.receive(request(1, end: true) + request(1, end: true) + request(3, end: true), .max, 1)
    server.receive(request(5, end: true), .max, 1)
    #expect(server.streams.count == 1)
    #expect(F.errors(in: server.takeOutput()).last == "GOAWAY 5")
  }

  @Test func violationEndsAConnectionThatIsBeingDrained() {
    let server = server()
    server.receive(request(1, end: true), .max, 1)
    server.session.submitGoAway()
    #expect(F.errors(in: server.takeOutput()) == ["GOAWAY 0"])
    server.receive(F.data(1, end: true), .max, 1)
    #expect(F.errors(in: server.takeOutput()).last == "GOAWAY 5")
  }

  @Test(arguments: [
    ("host", "elsewhere"), ("host", ""),
  ])
  func hostThatContradictsTheAuthorityIsMalformed(_ name: String, _ value: String) {
    let server = server()
    server.receive(request(1, end: true, (name, value)), .max, 1)
    #expect(server.streams.isEmpty)
    #expect(F.errors(in: server.takeOutput()) == ["RST_STREAM 1 1"])
    #expect(server.session.streamCount == 0)
  }

  @Test func hostThatSaysTheSameIsAccepted() {
    let server = server()
    server.receive(request(1, end: true, ("host", "T")), .max, 1)
    #expect(server.streams.count == 1)
  }

  @Test func settingsThatLiftAWindowOverItsMaximumEndTheConnection() {
    let server = server()
    server.receive(
      request(1, end: true) + F.frame(.windowUpdate, 1, F.number((1 << 31) - 1 - 65_535)), .max, 1)
    #expect(F.errors(in: server.takeOutput()) == [])
    server.receive(F.settings((4, 65_535)), .max, 1)
    #expect(F.errors(in: server.takeOutput()) == [])
    server.receive(F.settings((4, 65_536)), .max, 1)
    #expect(F.errors(in: server.takeOutput()).last == "GOAWAY 3")
  }

  @Test func acknowledgementOfOurSettingsIsNoticed() {
    let server = server()
    #expect(server.session.settingsReceived)
    #expect(!server.session.settingsAcknowledged)
    server.receive(F.frame(.settings, 0, flags: 1), .max, 1)
    #expect(server.session.settingsAcknowledged)
  }
}
