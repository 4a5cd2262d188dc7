import Crypto
import Protocols
import RPC
import Testing

@testable import AuthService

/// A running auth service without ports: clients connect within the process, over mTLS.
final class ServiceFixture: Sendable {
  let directory = TemporaryDirectory()
  let server: AuthServer
  let adminKey: APIKey

  var admin: Metadata { identity(tenant: "system", key: adminKey.id) }

  init() async throws {
    let authority = try DevelopmentCA.open(directory: "\(directory.path)/tls")
    for role in CertificateRole.allCases {
      try authority.issue(role: role, directory: "\(directory.path)/tls")
    }
    server = try AuthServer(Self.configuration(directory))
    try await server.start()
    adminKey = try #require(try adminKeyInFile("\(directory.path)/admin.key"))
  }

  static func configuration(_ directory: TemporaryDirectory) -> AuthConfiguration {
    var configuration = AuthConfiguration(
      listen: [], certificate: "\(directory.path)/tls/auth.pem",
      privateKey: "\(directory.path)/tls/auth.key", authority: "\(directory.path)/tls/ca.pem",
      databasePath: "\(directory.path)/auth.db", adminKeyPath: "\(directory.path)/admin.key")
    configuration.drainGracePeriod = .seconds(2)
    return configuration
  }

  /// A client that shows the certificate of `role`, or none.
  func client(_ role: CertificateRole?, of server: AuthServer? = nil) throws -> Client {
    var tls = TLSConfiguration(
      trustRoots: "\(directory.path)/tls/ca.pem", expectedRoles: ["auth"])
    if let role {
      tls.certificateChain = "\(directory.path)/tls/\(role).pem"
      tls.privateKey = "\(directory.path)/tls/\(role).key"
    }
    return try (server ?? self.server).makeInProcessClient(tls: tls)
  }
}

func identity(tenant: String, key: String) -> Metadata {
  ["x-martlet-tenant": tenant, "x-martlet-key": key]
}

/// Expects a call to end with the given status.
func expectStatus<Result>(
  _ code: StatusCode, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () async throws -> Result
) async {
  do {
    _ = try await body()
    Issue.record("expected \(code), but the call succeeded", sourceLocation: sourceLocation)
  } catch let error as RPCError {
    #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
  } catch {
    Issue.record("expected \(code), got \(error)", sourceLocation: sourceLocation)
  }
}
