internal import Crypto
internal import Protocols
internal import RPC
internal import Testing

@testable import ModelService

/// Who may connect: over mTLS, with certificates of the development authority.
@Suite struct PeerTests {
  let folder = TemporaryFolder()
  let server: ModelServer

  init() async throws {
    let authority = try DevelopmentCA.open(directory: "\(folder.path)/tls")
    for role in CertificateRole.allCases {
      try authority.issue(role: role, directory: "\(folder.path)/tls")
    }
    folder.write("models/acme/simple/1/model.onnx", Array("simple".utf8))
    var configuration = ModelServerConfiguration(
      listen: [], certificate: "\(folder.path)/tls/model.pem",
      privateKey: "\(folder.path)/tls/model.key", authority: "\(folder.path)/tls/ca.pem",
      repositoryPath: "\(folder.path)/models")
    configuration.drainGracePeriod = .milliseconds(200)
    server = try ModelServer(
      configuration, repository: DirectoryRepository(path: configuration.repositoryPath),
      loader: TestLoader())
    try await server.start()
  }

  func infer(as role: CertificateRole?) async throws -> RPCError? {
    var tls = TLSConfiguration(trustRoots: "\(folder.path)/tls/ca.pem", expectedRoles: ["model"])
    if let role {
      tls.certificateChain = "\(folder.path)/tls/\(role).pem"
      tls.privateKey = "\(folder.path)/tls/\(role).key"
    }
    let client = try server.makeInProcessClient(tls: tls)
    defer { client.close() }
    let metadata: Metadata = [
      "x-martlet-tenant": "acme", "x-martlet-rights": "infer", "x-martlet-models": "*",
    ]
    return await status {
      _ = try await client.unary(
        "/inference.GRPCInferenceService/ModelInfer",
        Inference.ModelInferRequest.simple().serialized(), metadata: metadata)
    }
  }

  @Test func aGatewayIsServed() async throws {
    #expect(try await infer(as: .gateway) == nil)
    await server.drain()
  }

  @Test(arguments: [CertificateRole.auth, .model])
  func otherRolesAreTurnedAwayWhateverTheySayOfThemselves(_ role: CertificateRole) async throws {
    let error = try await infer(as: role)
    #expect(error?.code == .unavailable)
    await server.drain()
  }

  @Test func withoutACertificateThereIsNoConnection() async throws {
    #expect(try await infer(as: nil)?.code == .unavailable)
    await server.drain()
  }
}
