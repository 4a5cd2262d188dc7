import Crypto
import EventLoop
import RPC
import RPCWire
import Testing

@Suite(.timeLimit(.minutes(1)))
struct TLSTests {
  private static func roleServer(_ tls: TLSConfiguration) throws -> Server {
    let server = Server(configuration: .init(tls: tls))
    server.unary("/t.T/Role") { (_: [UInt8], context) -> [UInt8] in
      Array((context.peer?.role ?? "nobody").utf8)
    }
    try server.start()
    return server
  }

  @Test func anonymousClientIsServedWhenCertificatesAreOptional() async throws {
    let fixture = try TLSFixture()
    let server = try Self.roleServer(try fixture.configuration(.gateway, clients: .optional))
    let client = try server.makeInProcessClient(tls: try fixture.configuration(nil))
    #expect(try await client.unary("/t.T/Role", [UInt8]()) == Array("nobody".utf8))
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func roleOfTheClientComesFromItsCertificate() async throws {
    let fixture = try TLSFixture()
    let server = try Self.roleServer(try fixture.configuration(.model, clients: .required))
    let client = try server.makeInProcessClient(
      tls: try fixture.configuration(.gateway, expectedRole: "model"))
    #expect(try await client.unary("/t.T/Role", [UInt8]()) == Array("gateway".utf8))
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func clientWithoutCertificateIsRefused() async throws {
    let fixture = try TLSFixture()
    let server = try Self.roleServer(try fixture.configuration(.model, clients: .required))
    let client = try server.makeInProcessClient(tls: try fixture.configuration(nil))
    let error = await #expect(throws: RPCError.self) {
      try await client.unary("/t.T/Role", [UInt8]())
    }
    #expect(error?.code == .unavailable)
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func serverWithAnotherRoleIsRefused() async throws {
    let fixture = try TLSFixture()
    let server = try Self.roleServer(try fixture.configuration(.model, clients: .required))
    let client = try server.makeInProcessClient(
      tls: try fixture.configuration(.gateway, expectedRole: "auth"))
    let error = await #expect(throws: RPCError.self) {
      try await client.unary("/t.T/Role", [UInt8]())
    }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains("expected a server with the role 'auth', got 'model'") ?? false)
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func serverOfAnotherNameOrAuthorityIsRefused() async throws {
    let fixture = try TLSFixture()
    let server = try Self.roleServer(try fixture.configuration(.gateway))
    let misnamed = try server.makeInProcessClient(
      tls: try fixture.configuration(nil, serverName: "elsewhere.example"))
    let stranger = try server.makeInProcessClient(tls: try TLSFixture().configuration(nil))
    let addressed = try server.makeInProcessClient(
      tls: try fixture.configuration(nil, serverName: "127.0.0.1"))
    for client in [misnamed, stranger] {
      let error = await #expect(throws: RPCError.self) {
        try await client.unary("/t.T/Role", [UInt8]())
      }
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains("certificate was refused") ?? false)
    }
    #expect(try await addressed.unary("/t.T/Role", [UInt8]()) == Array("nobody".utf8))
    await server.shutdown(gracePeriod: .milliseconds(200))
  }
}
