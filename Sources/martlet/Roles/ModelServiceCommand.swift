internal import ArgumentParser
internal import Compute
internal import ModelService
internal import RPC
internal import Telemetry

/// `martlet model --config FILE`.
struct ModelServiceCommand: AsyncParsableCommand, RoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run a model service, as a container does: model --config FILE.",
    discussion: RoleHelp.text(
      ModelFile.keys,
      example: """
        listen: 0.0.0.0:8445
        operator: 127.0.0.1:9400
        identity: {certificate: model.pem, key: model.key, authority: ca.pem}
        repository: /models
        auth: [auth:8444]
        """,
      more: """
        auth lists the instances of the auth service that are told what each key has used \
        (`martlet usage`). training holds jobs (computed at a time), threads (of one), tenantJobs, \
        tenantOpenJobs, tenantBytes, fileBytes, nodes (workers and servers of one) and nodeHost, where \
        workers of other machines reach this process (docs/training.md).
        """))
  @Option(help: "The YAML file.") var config: String

  func run() async throws {
    let file = try ModelFile.read(config)
    var configuration = ModelServerConfiguration(
      listen: [try RoleHelp.endpoint(file.listen, "listen")],
      certificate: file.identity.certificate, privateKey: file.identity.key,
      authority: file.identity.authority, repositoryPath: file.repository)
    configuration.operatorEndpoint = try file.operator.map {
      try RoleHelp.endpoint($0, "operator")
    }
    configuration.usageReceivers = try (file.auth ?? []).map { try RoleHelp.endpoint($0, "auth") }
    configuration.threadCount = file.threads ?? ThreadBudget.coreCount
    if let limit = file.messageBytesMax { configuration.messageByteCountMax = limit }
    try file.training?.apply(to: &configuration.training)
    configuration.log = LogWriter()
    let settings = configuration
    try await RoleProcess.serve("model service") {
      let server = try ModelServer(settings)
      try await server.start()
      return RunningRole(drain: server.drain, reload: server.reload)
    }
  }
}
