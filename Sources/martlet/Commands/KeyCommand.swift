internal import ArgumentParser
internal import Protocols

/// `martlet key`: a manager's key for its own tenant, an administrator's for any.
struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Create, list, rotate and revoke API keys.",
    subcommands: [Create.self, List.self, Rotate.self, Revoke.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Create a key and print it: it cannot be shown again.")
    @OptionGroup var options: ClientOptions
    @Option(help: "The tenant; default: that of the key in use.") var tenant = ""
    @Option(help: "infer, deploy (and infer), manage (keys, deploy and infer) or admin.")
    var role = "infer"
    @Option(help: "A pattern of model names the key may use, e.g. 'wine*'; may be given again.")
    var models: [String] = []
    @Option(help: "How long it is valid, e.g. 90d, 12h, 30m; default: for ever.")
    var expires: String?
    @Option(help: "A note for people.") var label = ""
    @Flag(help: "Print one JSON document.") var json = false

    func run() async throws {
      var request = MartletV1.CreateKeyRequest()
      request.tenant = tenant
      request.role = role
      request.modelPatterns = models
      request.label = label
      if let expires { request.expiresInSeconds = try LifeTime.seconds(expires) }
      let response: MartletV1.CreateKeyResponse = try await options.connect().call(
        "/martlet.v1.Keys/CreateKey", request)
      if json { return try Output.json(KeyRow(response.key ?? .init(), apiKey: response.apiKey)) }
      print(response.apiKey)
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List a tenant's keys.")
    @OptionGroup var options: ClientOptions
    @Option(help: "The tenant; default: that of the key in use.") var tenant = ""
    @Flag(help: "Print one JSON document.") var json = false

    func run() async throws {
      var request = MartletV1.ListKeysRequest()
      request.tenant = tenant
      let response: MartletV1.ListKeysResponse = try await options.connect().call(
        "/martlet.v1.Keys/ListKeys", request)
      let rows = response.keys.map { KeyRow($0) }
      if json { return try Output.json(rows) }
      Output.table(
        ["KEY", "TENANT", "ROLE", "MODELS", "CREATED", "EXPIRES", "REVOKED", "LABEL"],
        rows.map {
          [
            $0.id, $0.tenant, $0.role, $0.models.joined(separator: ","), $0.createdAt,
            $0.expiresAt, $0.revokedAt, $0.label,
          ]
        })
    }
  }

  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Replace a key by a new one with the same rights and print it.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The key's id, as `martlet key list` shows it.") var id: String
    @Option(help: "How long the old key stays valid, e.g. 1h.") var grace: String?
    @Flag(help: "Print one JSON document.") var json = false

    func run() async throws {
      var request = MartletV1.RotateKeyRequest()
      request.keyID = id
      if let grace { request.graceSeconds = try LifeTime.seconds(grace) }
      let response: MartletV1.RotateKeyResponse = try await options.connect().call(
        "/martlet.v1.Keys/RotateKey", request)
      if json { return try Output.json(KeyRow(response.key ?? .init(), apiKey: response.apiKey)) }
      print(response.apiKey)
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revoke a key: the gateway refuses it within a second.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The key's id, as `martlet key list` shows it.") var id: String

    func run() async throws {
      var request = MartletV1.RevokeKeyRequest()
      request.keyID = id
      let _: MartletV1.RevokeKeyResponse = try await options.connect().call(
        "/martlet.v1.Keys/RevokeKey", request)
    }
  }
}

/// A key as commands print it.
private struct KeyRow: Encodable {
  var id, tenant, role: String
  var models: [String]
  var createdAt, expiresAt, revokedAt, label: String
  var apiKey: String?

  init(_ key: MartletV1.Key, apiKey: String? = nil) {
    (id, tenant, role, label) = (key.id, key.tenant, key.role, key.label)
    models = key.modelPatterns
    createdAt = Output.date(key.createdAtMs)
    expiresAt = Output.date(key.expiresAtMs)
    revokedAt = Output.date(key.revokedAtMs)
    self.apiKey = apiKey
  }
}

/// Spans of time as people type them.
enum LifeTime {
  static func seconds(_ text: String) throws(CommandFailure) -> Int64 {
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
      count > 0, count <= Int64.max / 1000 / unit
    else {
      throw CommandFailure(
        .usage, "expected a number and s, m, h or d, for example 90d, got '\(text)'")
    }
    return count * unit
  }
}
