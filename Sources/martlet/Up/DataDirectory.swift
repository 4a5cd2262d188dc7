internal import Crypto
internal import Glibc

/// What `martlet up --data DIR` keeps, and where: everything of a second run on the same DIR is
/// found here again.
struct DataDirectory {
  var root: String

  var tls: String { "\(root)/tls" }
  var authority: String { "\(tls)/ca.pem" }
  var adminKey: String { "\(root)/admin.key" }
  var database: String { "\(root)/auth.db" }
  var models: String { "\(root)/models" }
  /// Process ids, addresses and the roles' configurations while `up` runs.
  var run: String { "\(root)/run" }
  var logs: String { "\(root)/log" }

  /// Makes the folders. Only their owner may look: the keys and the models are in there.
  func create() throws(CommandFailure) {
    for folder in [root, models, run, logs] {
      guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
        throw CommandFailure(
          .cannotCreate, "cannot make '\(folder)': \(String(cString: strerror(errno)))")
      }
    }
  }

  /// Takes the folder for this process, for as long as it lives.
  func lock() throws(CommandFailure) {
    let path = "\(run)/lock"
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw CommandFailure(
        .cannotCreate, "cannot open '\(path)': \(String(cString: strerror(errno)))")
    }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      throw CommandFailure(
        .temporary, "another `martlet up` runs on '\(root)'; stop it or choose another --data")
    }
  }

  /// The authority and one certificate per role; sound ones stay.
  func issueCertificates(names: [String], addresses: [String]) throws {
    do {
      let authority = try DevelopmentCA.open(directory: tls)
      for role in CertificateRole.allCases {
        let isGateway = role == .gateway
        try authority.issue(
          role: role, dnsNames: isGateway ? names : [], ipAddresses: isGateway ? addresses : [],
          directory: tls)
      }
    } catch {
      throw CommandFailure(.configuration, "\(error)")
    }
  }

  /// The files of a role's certificate.
  func identity(_ role: CertificateRole) -> IdentityFiles {
    IdentityFiles(
      certificate: "\(tls)/\(role.rawValue).pem", key: "\(tls)/\(role.rawValue).key",
      authority: authority)
  }
}
