internal import ArgumentParser
internal import AuthService
internal import RPC
internal import Telemetry

/// `martlet auth --config FILE`.
struct AuthCommand: AsyncParsableCommand, RoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "auth", abstract: "Run the auth service, as a container does.",
    discussion: RoleHelp.text(
      AuthFile.keys,
      example: """
        listen: 0.0.0.0:8444
        operator: 127.0.0.1:9400
        identity: {certificate: auth.pem, key: auth.key, authority: ca.pem}
        database: /data/auth.db
        adminKey: /data/admin.key
        """))
  @Option(help: "The YAML file.") var config: String

  func run() async throws {
    let file = try AuthFile.read(config)
    var configuration = AuthConfiguration(
      listen: [try RoleHelp.endpoint(file.listen, "listen")],
      certificate: file.identity.certificate, privateKey: file.identity.key,
      authority: file.identity.authority, databasePath: file.database,
      adminKeyPath: file.adminKey)
    configuration.operatorEndpoint = try file.operator.map {
      try RoleHelp.endpoint($0, "operator")
    }
    configuration.loopCount = file.threads ?? 1
    configuration.log = LogWriter()
    let settings = configuration
    try await RoleProcess.serve("auth service") {
      let server = try AuthServer(settings)
      try await server.start()
      return RunningRole(drain: server.drain, reload: server.reload)
    }
  }
}
