import Crypto
import EventLoop
import Glibc
import RPCWire
import Telemetry
import Testing

@testable import RPC

/// Certificates change while a server runs; time is simulated.
@Suite(.timeLimit(.minutes(1))) struct CertificateReloadTests {
  private let fixture: TLSFixture
  private let metrics = Metrics()
  private let log: LogWriter
  private let reloader: TLSReloader
  private let source: TLSContextSource
  private let clock = MonotonicTime(nanoseconds: 1_000_000_000)
  private let calendar = secondsSince1970()

  init() throws {
    fixture = try TLSFixture()
    log = try LogWriter(path: "\(fixture.directory)/log")
    reloader = TLSReloader(metrics, log: log)
    source = try reloader.load(try fixture.configuration(.gateway), side: .server, as: "server")
  }

  private var lines: [String] {
    log.flush()
    let bytes = (try? readFile("\(fixture.directory)/log", byteCountMax: 1 << 20)) ?? []
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func metric(_ line: String) -> Bool {
    String(decoding: metrics.render(), as: UTF8.self).contains("\(line)\n")
  }

  private func look() {
    reloader.check(at: clock, calendar: calendar)
  }

  private func replace(_ name: String, with other: String) throws {
    try writeFileAtomically(
      "\(fixture.directory)/\(name)",
      readFile("\(fixture.directory)/\(other)", byteCountMax: 1 << 20), mode: 0o600)
  }

  @Test func aNewPairIsInUseOnceItsFilesAreQuiet() throws {
    let before = try #require(source.current.certificate)
    let notAfter = #"martlet_tls_certificate_not_after_seconds{certificate="server"} "#
    #expect(metric("\(notAfter)\(Double(before.notAfter))"))
    try fixture.renew(.gateway)
    look()
    #expect(source.current.certificate == before)
    look()
    let after = try #require(source.current.certificate)
    #expect(after.fingerprint != before.fingerprint)
    #expect(metric(#"martlet_tls_reloads_total{certificate="server",result="success"} 1"#))
    #expect(lines.count == 1 && lines[0].contains(after.fingerprint))
    #expect(lines[0].contains(#""not_after":"20"#))
    look()
    #expect(metric(#"martlet_tls_reloads_total{certificate="server",result="success"} 1"#))
  }

  @Test func aKeyThatDoesNotFitIsSaidOnceAndTheOldPairStays() throws {
    let before = source.current
    _ = try fixture.configuration(.model)
    try replace("gateway.key", with: "model.key")
    for _ in 0..<5 { look() }
    #expect(source.current === before)
    #expect(metric(#"martlet_tls_reloads_total{certificate="server",result="failure"} 1"#))
    #expect(lines.count == 1)
    #expect(lines[0].contains("new certificates cannot be used; the old ones stay"))
    #expect(lines[0].contains("gateway.key"))
    try replace("gateway.pem", with: "model.pem")
    look()
    look()
    #expect(source.current !== before)
    #expect(metric(#"martlet_tls_reloads_total{certificate="server",result="success"} 1"#))
  }

  @Test func aSwappedLinkIsAChangeAsKubernetesMakesIt() throws {
    let root = fixture.directory
    for generation in ["one", "two"] {
      mkdir("\(root)/\(generation)", 0o700)
      try fixture.renew(.gateway)
      for file in ["gateway.pem", "gateway.key"] {
        try writeFileAtomically(
          "\(root)/\(generation)/\(file)", readFile("\(root)/\(file)", byteCountMax: 1 << 20),
          mode: 0o600)
      }
    }
    symlink("one", "\(root)/..data")
    for file in ["gateway.pem", "gateway.key"] {
      symlink("..data/\(file)", "\(root)/linked-\(file)")
    }
    let linked = try reloader.load(
      TLSConfiguration(
        certificateChain: "\(root)/linked-gateway.pem", privateKey: "\(root)/linked-gateway.key"),
      side: .server, as: "linked")
    let before = linked.current.certificate
    symlink("two", "\(root)/..data_tmp")
    rename("\(root)/..data_tmp", "\(root)/..data")
    look()
    look()
    #expect(linked.current.certificate != before)
  }

  @Test func connectionsGoOnWhileTheCertificateChanges() async throws {
    var configuration = ServerConfiguration(tls: try fixture.configuration(.gateway))
    configuration.tlsReloader = reloader
    let server = Server(configuration: configuration)
    server.unary("/t.T/Echo") { (request: [UInt8], _) -> [UInt8] in request }
    try server.start()
    let old = try server.makeInProcessClient(tls: try fixture.configuration(nil))
    #expect(try await old.unary("/t.T/Echo", [UInt8]([1])) == [1])
    try fixture.renew(.gateway)
    reloader.reload()
    let new = try server.makeInProcessClient(tls: try fixture.configuration(nil))
    #expect(try await new.unary("/t.T/Echo", [UInt8]([2])) == [2])
    #expect(try await old.unary("/t.T/Echo", [UInt8]([3])) == [3])
    await server.shutdown(gracePeriod: .milliseconds(200))
  }
}
