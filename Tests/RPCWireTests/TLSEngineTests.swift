import Testing

@testable import RPCWire

/// Who is let in, byte by byte and without a socket.
@Suite struct TLSEngineTests {
  static let bad: [(String, TLSFailure)] = [
    ("expired", .expired), ("future", .notYetValid), ("stranger", .unknownAuthority),
    ("selfsigned", .selfSigned), ("usage", .wrongUsage), ("keyusage", .wrongUsage),
  ]

  @Test(arguments: bad)
  func aServerRefusesAClientsBadCertificate(_ kind: String, _ reason: TLSFailure) throws {
    var pair = try TLSPair(
      client: TestCertificates.configuration("gateway-\(kind)"),
      server: TestCertificates.configuration(
        "model", clients: .required, expectedRole: "gateway"))
    pair.handshake()
    #expect(pair.serverError?.code == reason)
    #expect(pair.server.failure == pair.serverError)
    #expect(!pair.server.isEstablished && pair.server.peer == nil)
    #expect(pair.clientError?.code == .refusedByPeer)
  }

  @Test(arguments: bad)
  func aClientRefusesAServersBadCertificate(_ kind: String, _ reason: TLSFailure) throws {
    var pair = try TLSPair(
      client: TestCertificates.configuration("gateway", expectedRole: "model"),
      server: TestCertificates.configuration("model-\(kind)", clients: .required))
    pair.handshake()
    #expect(pair.clientError?.code == reason)
    #expect(!pair.client.isEstablished && pair.client.peer == nil)
    #expect(pair.serverError?.code == .refusedByPeer)
  }

  @Test func theRoleDecides() throws {
    var good = try TLSPair(
      client: TestCertificates.configuration("gateway", expectedRole: "model"),
      server: TestCertificates.configuration(
        "model", clients: .required, expectedRole: "gateway"))
    good.handshake()
    #expect(good.clientError == nil && good.serverError == nil)
    #expect(good.server.peer?.role == "gateway" && good.client.peer?.role == "model")
    #expect(good.server.peer?.fingerprint.count == 64)

    var intruder = try TLSPair(
      client: TestCertificates.configuration("auth", expectedRole: "model"),
      server: TestCertificates.configuration(
        "model", clients: .required, expectedRole: "gateway"))
    intruder.handshake()
    #expect(
      intruder.serverError
        == TLSError(
          .wrongRole,
          "TLS handshake: expected a client with the role 'gateway', got 'auth'"))

    var impostor = try TLSPair(
      client: TestCertificates.configuration("gateway", expectedRole: "model"),
      server: TestCertificates.configuration("auth", clients: .required))
    impostor.handshake()
    #expect(impostor.clientError?.code == .wrongRole)
  }

  @Test func aMissingCertificateIsNamed() throws {
    var pair = try TLSPair(
      client: TestCertificates.configuration(nil),
      server: TestCertificates.configuration("model", clients: .required))
    pair.handshake()
    #expect(pair.serverError?.code == .missingCertificate)
  }

  @Test func bytesThatAreNoTLSEndTheHandshake() throws {
    let server = try TLSEngine(
      TLSContext(TestCertificates.configuration("gateway"), side: .server))
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 17 << 10, alignment: 16)
    defer { scratch.deallocate() }
    let error = #expect(throws: TLSError.self) {
      try Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8).withUnsafeBytes {
        try server.receive($0, scratch: scratch) { _ in }
      }
    }
    #expect(error?.code == .noCommonProtocol)
  }

  @Test func aRoleIsExpectedOnlyOfThoseWhoMustShowACertificate() throws {
    for clients in [TLSConfiguration.ClientCertificates.none, .optional] {
      #expect(throws: TLSError.self) {
        try TLSContext(
          TestCertificates.configuration("model", clients: clients, expectedRole: "gateway"),
          side: .server)
      }
    }
  }
}
