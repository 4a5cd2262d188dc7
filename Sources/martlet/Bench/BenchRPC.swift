internal import ArgumentParser
internal import Glibc
internal import RPC

/// `martlet bench rpc`: a server that only echoes, for a load generator to press.
struct BenchRPC: AsyncParsableCommand, RoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "rpc",
    abstract: "Serve /martlet.bench.Echo/Unary until SIGTERM, for a load generator.")
  @Option(help: "Where to listen, HOST:PORT.") var serve: String
  @Option(help: "Event loops.") var loops = 1
  @Option(help: "A PEM certificate chain: serve TLS instead of clear text.")
  var certificate: String?
  @Option(help: "The certificate's key.") var key: String?

  func run() async throws {
    guard let endpoint = try? Endpoint(parsing: serve) else {
      throw CommandFailure(.usage, "expected --serve HOST:PORT, got '\(serve)'")
    }
    let tls = certificate.map { TLSConfiguration(certificateChain: $0, privateKey: key ?? $0) }
    let server = Server(
      configuration: ServerConfiguration(endpoints: [endpoint], tls: tls, loopCount: loops))
    EchoService.register(on: server)
    do {
      try server.start()
    } catch {
      throw CommandFailure(.unavailable, "cannot listen on \(serve): \(error)")
    }
    let line = "ready \(serve)\n"
    _ = line.withCString { write(STDOUT_FILENO, $0, strlen($0)) }
    await RoleProcess.waitForEnd()
    await server.shutdown()
  }
}
