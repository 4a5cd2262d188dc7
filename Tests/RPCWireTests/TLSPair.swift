@testable import RPCWire

/// Certificates of Tests/Fixtures/tls, by name.
enum TestCertificates {
  static let folder =
    #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" }
    + "/Fixtures/tls"

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// The identity `name`, trusting the authority `ca`.
  static func configuration(
    _ name: String?, clients: TLSConfiguration.ClientCertificates = .none,
    expectedRole: String? = nil
  ) -> TLSConfiguration {
    TLSConfiguration(
      certificateChain: name.map { path("\($0).pem") },
      privateKey: name.map { _ in path("leaf.key") }, trustRoots: path("ca.pem"),
      clientCertificates: clients, serverName: "localhost",
      expectedRoles: expectedRole.map { [$0] } ?? [])
  }
}

/// A client's engine and a server's, wired to each other in memory.
struct TLSPair {
  let client: TLSEngine
  let server: TLSEngine
  private(set) var clientError: TLSError?
  private(set) var serverError: TLSError?

  init(client: TLSContext, server: TLSContext) throws {
    self.client = try TLSEngine(client, host: "localhost")
    self.server = try TLSEngine(server)
  }

  init(client: TLSConfiguration, server: TLSConfiguration) throws {
    try self.init(
      client: TLSContext(client, side: .client), server: TLSContext(server, side: .server))
  }

  /// Passes bytes to and fro until both sides are quiet.
  mutating func handshake() {
    do throws(TLSError) { try client.start() } catch { clientError = error }
    while !client.output.isEmpty || !server.output.isEmpty {
      Self.pass(from: client, to: server, &serverError)
      Self.pass(from: server, to: client, &clientError)
    }
  }

  private static func pass(
    from sender: TLSEngine, to receiver: TLSEngine, _ failure: inout TLSError?
  ) {
    let bytes = Array(sender.output.bytes)
    sender.output.removeFirst(bytes.count)
    guard failure == nil, !bytes.isEmpty else { return }
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 17 << 10, alignment: 16)
    defer { scratch.deallocate() }
    do {
      try bytes.withUnsafeBytes { try receiver.receive($0, scratch: scratch) { _ in } }
    } catch {
      failure = error as? TLSError
    }
  }
}
