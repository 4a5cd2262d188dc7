internal import ModelService

/// `martlet gateway --config FILE`.
struct GatewayFile: RoleFile {
  static let keys: Set<String> = [
    "listen", "operator", "tls", "identity", "auth", "models", "accessLog", "threads",
    "messageBytesMax", "crossOrigins", "testServices", "limits",
  ]
  static let sections = ["tls": FrontFiles.keys, "identity": IdentityFiles.keys]

  /// What clients see, and what they have to show: paths of PEM files, but for the last two.
  struct FrontFiles: Codable {
    static let keys: Set<String> = [
      "certificate", "key", "clientAuthority", "clientCertificates", "minimumVersion", "ocsp",
      "ticketKeys",
    ]

    enum ClientCertificates: String, Codable {
      case required
      case optional
    }

    enum MinimumVersion: String, Codable {
      case tls12 = "1.2"
      case tls13 = "1.3"
    }

    var certificate: String
    var key: String
    /// Clients show certificates of this authority, besides their API key.
    var clientAuthority: String?
    /// `required` unless it says `optional`.
    var clientCertificates: ClientCertificates?
    /// The oldest TLS version to speak, in quotes: "1.2" unless it says "1.3".
    var minimumVersion: MinimumVersion?
    /// An OCSP response in DER that is stapled to the certificate.
    var ocsp: String?
    /// Session-ticket keys of 80 bytes each that several gateways share; the first encrypts.
    var ticketKeys: String?
  }

  /// Where clients connect: HOST:PORT, unix:PATH, or fd:N for an inherited socket.
  var listen: String
  /// The private port: /metrics, /healthz, /readyz.
  var `operator`: String?
  /// What clients see.
  var tls: FrontFiles
  /// What the other roles see.
  var identity: IdentityFiles
  /// Auth services, HOST:PORT.
  var auth: [String]
  /// Model services, HOST:PORT; a name that resolves to several addresses stands for all of them.
  var models: [String]
  /// A file for one JSON line a request; `-` is standard output; none if left out.
  var accessLog: String?
  /// Event loops; default: one.
  var threads: Int?
  /// The largest request message.
  var messageBytesMax: Int?
  /// Web pages that may call from a browser, by origin; none if left out.
  var crossOrigins: [String]?
  /// For conformance suites only: loopback HOST:PORT of `martlet testserver` or another suite's
  /// server, spoken to in clear text. If left out, the test services' methods do not exist.
  var testServices: [String]?
  /// Numbers by the names of docs/limits.md, for what is not to be the default.
  var limits: [String: Double]?
}

/// `martlet auth --config FILE`.
struct AuthFile: RoleFile {
  static let keys: Set<String> = [
    "listen", "operator", "identity", "database", "adminKey", "threads",
  ]
  static let sections = ["identity": IdentityFiles.keys]

  var listen: String
  var `operator`: String?
  var identity: IdentityFiles
  /// The SQLite file of tenants, keys and the audit log; made on first use.
  var database: String
  /// Where the first administrator's key is written, mode 0600, when there is none yet.
  var adminKey: String
  var threads: Int?
}

/// `martlet model --config FILE`.
struct ModelFile: RoleFile {
  static let keys: Set<String> = [
    "listen", "operator", "identity", "repository", "auth", "threads", "messageBytesMax",
    "training",
  ]
  static let sections = ["identity": IdentityFiles.keys, "training": Training.keys]

  /// How much training there may be; what is left out has its default (docs/training.md).
  struct Training: Codable {
    static let keys: Set<String> = [
      "jobs", "threads", "tenantJobs", "tenantOpenJobs", "tenantBytes", "fileBytes",
      "nodes", "nodeHost",
    ]

    /// Jobs that are computed at a time.
    var jobs: Int?
    /// Threads of one job.
    var threads: Int?
    /// Jobs of a tenant that are kept, and those that have not ended.
    var tenantJobs, tenantOpenJobs: Int?
    /// Bytes of a tenant's jobs, and of one file.
    var tenantBytes, fileBytes: UInt64?
    /// Workers and parameter servers of one job.
    var nodes: Int?
    /// Where workers and parameter servers that were started elsewhere reach this process.
    var nodeHost: String?

    /// Sets what is there.
    func apply(to limits: inout TrainingLimits) throws(CommandFailure) {
      for (name, value) in [
        ("jobs", jobs), ("threads", threads), ("tenantJobs", tenantJobs),
        ("tenantOpenJobs", tenantOpenJobs), ("nodes", nodes),
      ] {
        guard let value, value < 0 || value == 0 && name != "threads" else { continue }
        throw CommandFailure(.configuration, "training.\(name): expected 1 or more, got \(value)")
      }
      if let jobs { limits.jobCountMax = jobs }
      if let threads { limits.threadCountMax = threads }
      if let tenantJobs { limits.tenantJobCountMax = tenantJobs }
      if let tenantOpenJobs { limits.tenantOpenJobCountMax = tenantOpenJobs }
      if let tenantBytes { limits.tenantByteCountMax = tenantBytes }
      if let fileBytes { limits.fileByteCountMax = fileBytes }
      if let nodes { limits.nodeCountMax = nodes }
      limits.nodeHost = nodeHost
    }
  }

  var listen: String
  var `operator`: String?
  var identity: IdentityFiles
  /// The folder TENANT/MODEL/VERSION/model.onnx that instances share.
  var repository: String
  /// Where usage is reported; default: nowhere.
  var auth: [String]?
  /// Cores that event loops and computation share; default: all.
  var threads: Int?
  /// The largest request message.
  var messageBytesMax: Int?
  /// How much training there may be.
  var training: Training?
}
