internal import ArgumentParser
internal import Glibc
internal import Interop
internal import RPC

/// `martlet testserver`: the services of conformance suites.
struct TestServerCommand: AsyncParsableCommand, RoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "testserver",
    abstract: "Test mode: serve grpc.testing.TestService for interoperability suites.",
    discussion: """
      For tests only: the services answer everybody and send as many bytes as they are asked for. \
      Prints one line 'ready HOST:PORT' and serves until SIGTERM. A gateway forwards to it only \
      when its configuration names it under testServices.
      """)
  @Option(help: "Where to listen, HOST:PORT; port 0 takes a free one.")
  var listen = "127.0.0.1:0"
  @Option(help: "A PEM certificate chain: serve TLS instead of clear text.")
  var tlsCert: String?
  @Option(help: "The certificate's key.") var tlsKey: String?
  @Option(help: "A PEM authority: only clients with a certificate of it are served.")
  var clientCA: String?
  @Option(help: "Event loops.") var threads = 1

  func run() async throws {
    guard let endpoint = try? Endpoint(parsing: listen) else {
      throw CommandFailure(.usage, "expected --listen HOST:PORT, got '\(listen)'")
    }
    guard tlsCert != nil || tlsKey == nil && clientCA == nil else {
      throw CommandFailure(.usage, "--tls-key and --client-ca need --tls-cert FILE")
    }
    guard threads > 0 else {
      throw CommandFailure(.usage, "expected --threads above 0, got \(threads)")
    }
    let tls = tlsCert.map {
      TLSConfiguration(
        certificateChain: $0, privateKey: tlsKey ?? $0, trustRoots: clientCA,
        clientCertificates: clientCA == nil ? .none : .required)
    }
    let server = Server(
      configuration: ServerConfiguration(endpoints: [endpoint], tls: tls, loopCount: threads))
    TestService.register(on: server)
    ConformanceService.register(on: server)
    HealthService().register(on: server)
    ReflectionService(services: [
      "grpc.testing.TestService", "connectrpc.conformance.v1.ConformanceService",
      "grpc.health.v1.Health",
    ])
    .register(on: server)
    do {
      try server.start()
    } catch {
      throw CommandFailure(.unavailable, "cannot serve on \(listen): \(error)")
    }
    let bound = server.boundEndpoints.first.map { "\($0)" } ?? listen
    let line = "ready \(bound)\n"
    _ = line.withCString { write(STDOUT_FILENO, $0, strlen($0)) }
    RoleProcess.reportReady()
    await RoleProcess.waitForEnd()
    await server.shutdown()
  }
}
