internal import ArgumentParser
internal import Gateway
internal import RPC

/// `martlet gateway --config FILE`.
struct GatewayCommand: AsyncParsableCommand, RoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "gateway", abstract: "Run the gateway, as a container does.",
    discussion: RoleHelp.text(
      GatewayFile.keys,
      example: """
        listen: 0.0.0.0:8443
        operator: 127.0.0.1:9400
        tls: {certificate: public.pem, key: public.key}
        identity: {certificate: gateway.pem, key: gateway.key, authority: ca.pem}
        auth: [auth:8444]
        models: [model:8445]
        accessLog: "-"
        limits: {connections: 5000, tenantRequestsPerSecond: 1000}
        """,
      more: """
        tls may also name an OCSP response to staple (ocsp: FILE, DER), keys of session tickets \
        that several gateways share (ticketKeys: FILE, 80 random bytes a key, the first encrypts), \
        and the authority of certificates that clients must show besides their API key \
        (clientAuthority: FILE, clientCertificates: required or optional), and refuse TLS 1.2 \
        (minimumVersion: "1.3"). docs/tls.md says more, docs/limits.md what limits there are.

        crossOrigins lists the origins of web pages that may call from a browser ([https://app.example], \
        or "*" for all; none by default). docs/rest.md says more.
        """))
  @Option(help: "The YAML file.") var config: String

  private static let readinessWait = Duration.seconds(10)

  /// What a client sends reaches a test service in clear text, and so does who he is.
  private static func testService(_ text: String) throws(CommandFailure) -> Endpoint {
    let endpoint = try RoleHelp.endpoint(text, "testServices")
    if case .tcp(let host, _) = endpoint, !["127.0.0.1", "::1", "localhost"].contains(host) {
      throw CommandFailure(
        .configuration, "testServices: expected an address on loopback, got '\(text)'")
    }
    return endpoint
  }

  func run() async throws {
    let file = try GatewayFile.read(config)
    var configuration = GatewayConfiguration(
      listen: [try RoleHelp.endpoint(file.listen, "listen")],
      tls: file.tls.configuration,
      auth: try file.auth.map { try RoleHelp.endpoint($0, "auth") },
      models: try file.models.map { try RoleHelp.endpoint($0, "models") },
      upstreamTLS: TLSConfiguration(
        certificateChain: file.identity.certificate, privateKey: file.identity.key,
        trustRoots: file.identity.authority))
    configuration.operatorEndpoint = try file.operator.map {
      try RoleHelp.endpoint($0, "operator")
    }
    configuration.accessLog = file.accessLog
    configuration.loopCount = file.threads ?? 1
    if let limit = file.messageBytesMax { configuration.limits.messageByteCountMax = limit }
    configuration.crossOrigins = try (file.crossOrigins ?? []).map {
      try RoleHelp.origin($0, "crossOrigins")
    }
    configuration.testServices = try (file.testServices ?? []).map(Self.testService)
    try LimitsFile.apply(file.limits ?? [:], to: &configuration.limits, "'\(config)'")
    let settings = configuration
    try await RoleProcess.serve("gateway") {
      let gateway = try GatewayServer(settings)
      try gateway.start()
      // Ready means that calls are answered: the services may still be starting beside us. They
      // may also stay away; then the gateway serves what it can and says so on /readyz.
      let end = MonotonicTime.now() + Self.readinessWait
      while !gateway.isReady, MonotonicTime.now() < end {
        try await Task.sleep(for: .milliseconds(5))
      }
      return RunningRole(drain: gateway.drain, reload: gateway.reload)
    }
  }
}

extension GatewayFile.FrontFiles {
  var configuration: TLSConfiguration {
    let clients: TLSConfiguration.ClientCertificates =
      switch (clientCertificates, clientAuthority) {
      case (nil, nil): .none
      case (.optional, _): .optional
      case (.required, _), (nil, _): .required
      }
    var tls = TLSConfiguration(
      certificateChain: certificate, privateKey: key, trustRoots: clientAuthority,
      clientCertificates: clients, ocspResponse: ocsp, ticketKeys: ticketKeys)
    if minimumVersion == .tls13 { tls.minimumVersion = .tls13 }
    return tls
  }
}
