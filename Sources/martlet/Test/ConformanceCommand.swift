internal import ArgumentParser
internal import Crypto
internal import Glibc
internal import Interop
internal import RPC

/// `martlet conformance`: a server or a client under test of connect's conformance suite.
struct ConformanceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conformance",
    abstract: "Test mode: be the server or the client under test of connect's conformance suite.",
    discussion: """
      Speaks the suite's protocol on standard input and output: messages of \
      connectrpc.conformance.v1 with their size in front. For gRPC over HTTP/2.
      """,
    subcommands: [ConformanceServerCommand.self, ConformanceClientCommand.self])
}

/// `martlet conformance server`.
struct ConformanceServerCommand: AsyncParsableCommand, RoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "server", abstract: "Read a ServerCompatRequest, serve, and say where.")

  func run() async throws {
    let pipe = ConformancePipe()
    let wish = try pipe.readServerWish()
    let folder = try ScratchFolder()
    defer { folder.remove() }
    var configuration = ServerConfiguration(endpoints: [.tcp(host: "127.0.0.1", port: 0)])
    if let limit = wish.messageByteCountMax { configuration.limits.messageByteCountMax = limit }
    var certificate: [UInt8] = []
    if wish.usesTLS {
      let authority = try DevelopmentCA.open(directory: folder.path)
      let files = try authority.issue(role: .gateway, directory: folder.path)
      certificate = try FileBytes.read(authority.certificatePath)
      var tls = TLSConfiguration(
        certificateChain: files.certificateChain, privateKey: files.privateKey)
      if !wish.clientAuthority.isEmpty {
        tls.trustRoots = try folder.keep(wish.clientAuthority, "clients.pem")
        tls.clientCertificates = .required
      }
      configuration.tls = tls
    }
    let server = Server(configuration: configuration)
    ConformanceService.register(on: server)
    try server.start()
    try pipe.reportServer(host: "127.0.0.1", port: server.port ?? 0, certificate: certificate)
    await RoleProcess.waitForEnd()
    await server.shutdown(gracePeriod: .seconds(1))
  }
}

/// `martlet conformance client`.
struct ConformanceClientCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "client",
    abstract: "Read ClientCompatRequests, make the calls, and report what came of them.")

  func run() async throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    try await ConformancePipe().runClient { try folder.keep($0, $1) }
  }
}

/// A folder for the certificates of one run.
private struct ScratchFolder {
  let path: String

  init() throws(CommandFailure) {
    var template = Array("/tmp/martlet-conformance-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw CommandFailure(.cannotCreate, "cannot make a temporary folder: errno \(errno)")
    }
    path = String(
      decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func keep(_ bytes: [UInt8], _ name: String) throws -> String {
    let file = "\(path)/\(name)"
    try FileBytes.write(bytes, to: file, mode: 0o600)
    return file
  }

  func remove() {
    for name in (try? FileBytes.list(path)) ?? [] { unlink("\(path)/\(name)") }
    rmdir(path)
  }
}
