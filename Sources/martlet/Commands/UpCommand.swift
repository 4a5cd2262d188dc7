internal import ArgumentParser
internal import Crypto
internal import Glibc

/// `martlet up`: all roles on this machine, one process each.
struct UpCommand: ParsableCommand, RoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Run all roles on this machine, one process each.",
    discussion: """
      On first use DIR gets a development authority (tls/ca.pem, for clients to trust), an \
      administrator's key (admin.key), the tenants and keys (auth.db) and the models (models/). A \
      second run on the same DIR goes on with all of it. Certificates are renewed while it runs; \
      SIGHUP has all roles load them again. SIGTERM and Ctrl-C drain and stop.
      """)
  @Option(help: "Where everything is kept.") var data: String
  @Option(help: "Where clients connect, HOST:PORT; port 0 takes a free one.")
  var listen = "127.0.0.1:8443"
  @Option(help: "How many model-service processes.") var instances = 1
  @Option(help: "A further name or address of this machine for the gateway's certificate.")
  var hostName: [String] = []

  @Option(help: "A YAML file of the gateway's limits, 'NAME: NUMBER' a line (docs/limits.md).")
  var limits: String?
  @Option(help: "An origin of web pages that may call from a browser (docs/rest.md).")
  var crossOrigin: [String] = []

  @Option(
    help:
      "Where trainings' workers that were started elsewhere reach this machine (docs/training.md)."
  )
  var nodeHost: String?

  private static let readyMilliseconds: Int32 = 15_000
  private static let instancesMax = 64

  func validate() throws {
    guard (1...Self.instancesMax).contains(instances) else {
      throw ValidationError("expected 1 to \(Self.instancesMax) --instances, got \(instances)")
    }
  }

  func run() throws {
    let (host, port) = try Self.split(listen)
    let directory = DataDirectory(root: Self.absolute(data))
    try directory.create()
    try directory.lock()
    let names = hostName + (host == "0.0.0.0" || host == "::" ? [] : [host])
    let issueCertificates = {
      try directory.issueCertificates(
        names: names.filter { !Self.isAddress($0) && $0 != "localhost" },
        addresses: names.filter(Self.isAddress))
    }
    try issueCertificates()

    let front = try ListeningSocket(host: host, port: port)
    let plan = try UpPlan(
      directory: directory, front: front, instances: instances,
      limits: try limits.map(LimitsFile.read), nodeHost: nodeHost,
      crossOrigins: try crossOrigin.map { try RoleHelp.origin($0, "--cross-origin") })
    var supervisor = try Supervisor(
      directory: directory, children: plan.children, renewCertificates: issueCertificates)
    try supervisor.start(readyMilliseconds: Self.readyMilliseconds)
    // Written at once, because whoever started us reads it through a pipe.
    let line = "ready https://\(front.address)\n"
    _ = line.withCString { write(STDOUT_FILENO, $0, strlen($0)) }
    supervisor.run()
  }

  static func split(_ address: String) throws(CommandFailure) -> (String, UInt16) {
    guard let colon = address.lastIndex(of: ":"),
      let port = UInt16(address[address.index(after: colon)...])
    else {
      throw CommandFailure(.usage, "expected --listen HOST:PORT, got '\(address)'")
    }
    let host = address[..<colon].filter { $0 != "[" && $0 != "]" }
    return (host.isEmpty ? "0.0.0.0" : host, port)
  }

  private static func isAddress(_ name: String) -> Bool {
    var buffer = in6_addr()
    return inet_pton(AF_INET, name, &buffer) == 1 || inet_pton(AF_INET6, name, &buffer) == 1
  }

  private static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return "\(String(cString: folder))/\(path)"
  }
}
