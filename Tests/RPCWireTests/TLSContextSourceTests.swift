import Glibc
import Testing

@testable import RPCWire

@Suite struct TLSContextSourceTests {
  /// 2027, between the fixtures' beginning and end.
  private static let now: Int64 = 1_800_000_000

  private let folder: String

  init() {
    var template = Array("/tmp/martlet-tls-XXXXXX".utf8CString)
    mkdtemp(&template)
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// A copy of a fixture under another name.
  private func put(_ fixture: String, as name: String) throws {
    let bytes = try readFile(TestCertificates.path(fixture), byteCountMax: 1 << 20)
    let file = try #require(fopen("\(folder)/\(name)", "wb"))
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  private func source() throws -> TLSContextSource {
    try put("gateway.pem", as: "server.pem")
    try put("leaf.key", as: "server.key")
    return try TLSContextSource(
      TLSConfiguration(
        certificateChain: "\(folder)/server.pem", privateKey: "\(folder)/server.key"),
      side: .server)
  }

  private func fingerprintSeen(_ context: TLSContext) throws -> String? {
    var pair = try TLSPair(
      client: TLSContext(TestCertificates.configuration(nil), side: .client), server: context)
    pair.handshake()
    #expect(pair.clientError == nil)
    return pair.client.peer?.fingerprint
  }

  @Test func newHandshakesUseTheNewCertificateAndOldOnesGoOn() throws {
    let source = try source()
    let old = source.current
    var underWay = try TLSPair(
      client: TLSContext(TestCertificates.configuration(nil), side: .client), server: old)
    let before = try fingerprintSeen(source.current)
    #expect(before == source.current.certificate?.fingerprint)
    try put("other.pem", as: "server.pem")
    try source.reload(now: Self.now)
    let after = try fingerprintSeen(source.current)
    #expect(after == source.current.certificate?.fingerprint)
    #expect(after != before)
    underWay.handshake()
    #expect(underWay.client.peer?.fingerprint == before)
  }

  @Test(arguments: [
    "ca.pem", "ocsp-good.der", "make.sh", "gateway-expired.pem", "gateway-future.pem",
  ])
  func filesThatCannotBeUsedLeaveTheOldCertificate(_ fixture: String) throws {
    let source = try source()
    let before = source.current
    try put(fixture, as: "server.pem")
    #expect(throws: TLSError.self) { try source.reload(now: Self.now) }
    #expect(source.current === before)
    unlink("\(folder)/server.pem")
    #expect(throws: TLSError.self) { try source.reload(now: Self.now) }
    #expect(source.current === before)
    try put("gateway.pem", as: "server.pem")
    try source.reload(now: Self.now)
    #expect(source.current !== before)
  }

  @Test func whoIsTrustedChangesWithTheFile() throws {
    try put("stranger.pem", as: "roots.pem")
    var configuration = TestCertificates.configuration("gateway", expectedRole: "model")
    configuration.trustRoots = "\(folder)/roots.pem"
    let client = try TLSContextSource(configuration, side: .client)
    let server = try TLSContext(
      TestCertificates.configuration("model", clients: .required), side: .server)
    var refused = try TLSPair(client: client.current, server: server)
    refused.handshake()
    #expect(refused.clientError?.code == .unknownAuthority)
    try put("ca.pem", as: "roots.pem")
    try client.reload(now: Self.now)
    var trusted = try TLSPair(client: client.current, server: server)
    trusted.handshake()
    #expect(trusted.clientError == nil && trusted.client.isEstablished)
  }

  @Test func anExpiredOrForeignOCSPResponseIsNotServed() throws {
    func context(_ response: String) throws -> TLSContext {
      var configuration = TestCertificates.configuration("gateway")
      configuration.ocspResponse = TestCertificates.path(response)
      return try TLSContext(configuration, side: .server)
    }
    let good = try context("ocsp-good.der")
    let end = try #require(good.stapledUntil)
    #expect(good.stapledBytes == nil, "nothing is served before the time is known")
    good.advance(now: end - 1)
    #expect(good.stapledBytes != nil && good.staplingProblem(now: end - 1) == nil)
    good.advance(now: end)
    #expect(good.stapledBytes == nil)
    #expect(good.staplingProblem(now: end) == "the OCSP response has expired")
    good.advance(now: 0)
    #expect(good.stapledBytes == nil)
    for (response, reason) in [
      ("ocsp-other.der", "another certificate"), ("ocsp-revoked.der", "good"),
      ("ca.pem", "no OCSP response"), ("missing.der", "cannot be read"),
    ] {
      let context = try context(response)
      context.advance(now: end - 1)
      #expect(context.stapledBytes == nil)
      #expect(context.staplingProblem(now: end - 1)?.contains(reason) == true)
    }
  }

  @Test func ticketKeysAreRefusedWhereSessionsAreNotResumed() throws {
    var configuration = TestCertificates.configuration("gateway", clients: .optional)
    configuration.ticketKeys = TestCertificates.path("leaf.key")
    #expect(throws: TLSError.self) { try TLSContext(configuration, side: .server) }
  }
}
