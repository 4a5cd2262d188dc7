import Protocols
import RPC
import Telemetry
import Testing

@testable import Gateway

/// Certificates at both sides of the gateway.
@Suite(.timeLimit(.minutes(1))) struct CertificateTests {
  private static let folder =
    #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Fixtures/tls"

  private static func tls(
    _ name: String?, clients: TLSConfiguration.ClientCertificates = .none
  ) -> TLSConfiguration {
    TLSConfiguration(
      certificateChain: name.map { "\(folder)/\($0).pem" },
      privateKey: name.map { _ in "\(folder)/leaf.key" }, trustRoots: "\(folder)/ca.pem",
      clientCertificates: clients)
  }

  @Test(arguments: [
    ("model-expired", "certificate has expired"), ("model-future", "certificate is not yet valid"),
    ("model-stranger", "unable to get local issuer certificate"),
    ("model-selfsigned", "self-signed certificate"),
    ("model-usage", "unsuitable certificate purpose"),
    ("model-keyusage", "unsuitable certificate purpose"),
    ("auth", "expected a server with the role 'model', got 'auth'"),
  ])
  func anInstanceWithABadCertificateGetsNoCallsAndOneLine(
    _ certificate: String, _ reason: String
  ) async throws {
    let folder = temporaryFolder()
    let auth = try FakeAuth(
      .unix(path: "\(folder)/auth"), tls: Self.tls("auth", clients: .required))
    auth.add(World.key, grant())
    let model = try FakeModel(
      "m0", .unix(path: "\(folder)/model"), tls: Self.tls(certificate, clients: .required))
    let configuration = GatewayConfiguration(
      listen: [], auth: [.unix(path: "\(folder)/auth")], models: [.unix(path: "\(folder)/model")],
      upstreamTLS: Self.tls("gateway"))
    let log = try LogWriter(path: "\(folder)/log")
    let gateway = try GatewayServer(configuration, log: log)
    try gateway.start()
    let client = try gateway.makeInProcessClient()
    var request = Inference.ModelInferRequest()
    request.modelName = "digits"
    let code = await status {
      try await client.unary(
        "/inference.GRPCInferenceService/ModelInfer", request.serialized(),
        metadata: ["authorization": "Bearer \(World.key)"])
    }
    #expect(code == .unavailable)
    #expect(model.inferCount == 0)
    client.close()
    await gateway.drain()
    log.flush()
    let lines = textLines("\(folder)/log").filter { $0.contains("instance lost") }
    #expect(lines.count >= 1)
    #expect(lines.first?.contains(reason) == true, "\(lines)")
    await model.kill()
    await auth.kill()
  }

  @Test func aClientsCertificateIsAskedForBesidesItsKeyAndLogged() async throws {
    let world = try World { $0.tls = Self.tls("gateway", clients: .required) }
    let ask = { (tls: TLSConfiguration, key: String?) in
      let client = try world.gateway.makeInProcessClient(tls: tls)
      defer { client.close() }
      var request = Inference.ModelInferRequest()
      request.modelName = "digits"
      _ = try await client.unary(
        "/inference.GRPCInferenceService/ModelInfer", request.serialized(),
        metadata: world.with(key))
    }
    #expect(await status { try await ask(Self.tls(nil), World.key) } == .unavailable)
    #expect(await status { try await ask(Self.tls("gateway-expired"), World.key) } == .unavailable)
    // A certificate is no key, whatever it says of itself.
    #expect(await status { try await ask(Self.tls("other"), nil) } == .unauthenticated)
    #expect(await status { try await ask(Self.tls("other"), World.key) } == .ok)
    let metrics = String(decoding: world.gateway.renderMetrics(), as: UTF8.self)
    #expect(
      metrics.contains(#"martlet_tls_handshake_failures_total{reason="no_certificate"} 1"#))
    #expect(metrics.contains(#"martlet_tls_handshake_failures_total{reason="expired"} 1"#))
    let lines = await world.stop()
    #expect(lines.allSatisfy { $0.contains(#""client_subject":"/CN=test other""#) })
    #expect(lines.count == 2 && lines.allSatisfy { $0.contains(#""client_certificate":""#) })
  }

  @Test func anOptionalCertificateMayBeMissing() async throws {
    let world = try World { $0.tls = Self.tls("gateway", clients: .optional) }
    let client = try world.gateway.makeInProcessClient(tls: Self.tls(nil))
    var request = Inference.ModelInferRequest()
    request.modelName = "digits"
    _ = try await client.unary(
      "/inference.GRPCInferenceService/ModelInfer", request.serialized(),
      metadata: world.with(World.key))
    client.close()
    let lines = await world.stop()
    #expect(lines.count == 1 && !lines[0].contains("client_"))
  }
}
