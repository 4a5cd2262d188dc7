internal import Crypto
internal import Glibc
internal import JSON
internal import RPC
internal import Training

/// What the processes of one training know each other by: a folder with certificates that are made for this
/// training alone, and with the coordinator's address. Whoever can read the folder may take part; nobody else
/// can speak with anybody of it.
struct ClusterFolder {
  let path: String

  private static let addressFile = "coordinator.json"
  private static let role = CertificateRole.model

  /// Makes certificates anew. The authority's key is gone afterwards: nobody can issue more.
  func prepare(host: String) throws(TrainingError) {
    do {
      // Those of a coordinator that died.
      remove()
      let authority = try DevelopmentCA.open(directory: path)
      let isAddress = host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
      try authority.issue(
        role: Self.role, dnsNames: isAddress ? [] : [host], ipAddresses: isAddress ? [host] : [],
        directory: path)
      unlink(path + "/ca.key")
    } catch {
      throw TrainingError(
        .resources, "the certificates of a training cannot be made: \(error.message)")
    }
  }

  /// Tells where the coordinator listens.
  func tell(_ address: Endpoint) throws(TrainingError) {
    let text = JSONValue.object([.init("coordinator", .string(address.description))]).serialized()
    do throws(CryptoError) {
      try writeFileAtomically("\(path)/\(Self.addressFile)", text, mode: 0o600)
    } catch {
      throw TrainingError(.resources, "the coordinator's address cannot be told: \(error.message)")
    }
  }

  /// Where the coordinator listens.
  func coordinator() throws(TrainingError) -> Endpoint {
    let file = "\(path)/\(Self.addressFile)"
    do {
      let bytes = try readFile(file, byteCountMax: 4096)
      guard case .string(let text)? = try JSONValue(parsing: bytes[...])["coordinator"] else {
        throw TrainingError(.resources, "expected a coordinator's address in '\(file)', got none")
      }
      return try Endpoint(parsing: text)
    } catch let error as TrainingError {
      throw error
    } catch {
      throw TrainingError(.resources, "the training cannot be joined: \(error)")
    }
  }

  /// For both sides of every connection.
  var tls: TLSConfiguration {
    TLSConfiguration(
      certificateChain: "\(path)/\(Self.role.rawValue).pem",
      privateKey: "\(path)/\(Self.role.rawValue).key", trustRoots: "\(path)/ca.pem",
      clientCertificates: .required, expectedRoles: [Self.role.rawValue])
  }

  /// The training is over: nobody can join it any more.
  func remove() {
    let names =
      ["ca.pem", "ca.key", Self.addressFile]
      + ["pem", "key"].map {
        "\(Self.role.rawValue).\($0)"
      }
    for name in names { unlink("\(path)/\(name)") }
  }
}

extension ServerConfiguration {
  /// A server for the processes of one training.
  static func ofTraining(_ folder: ClusterFolder, host: String) -> ServerConfiguration {
    var configuration = ServerConfiguration(
      endpoints: [.tcp(host: host, port: 0)], tls: folder.tls)
    configuration.limits = .behindGateway
    // A process that is paused, or a machine that is gone, is noticed within ten seconds.
    configuration.limits.connectionsMax = 4_096
    configuration.limits.keepAliveInterval = .seconds(5)
    configuration.limits.keepAliveTimeout = .seconds(5)
    configuration.limits.http2.streamWindowByteCount = trainingWindow
    configuration.limits.http2.connectionWindowByteCount = 4 * trainingWindow
    return configuration
  }
}

extension ClientConfiguration {
  /// See ``ServerConfiguration/ofTraining(_:host:)``.
  static var ofTraining: ClientConfiguration {
    var configuration = ClientConfiguration()
    configuration.keepAliveInterval = .seconds(5)
    configuration.keepAliveTimeout = .seconds(5)
    configuration.connectTimeout = .seconds(5)
    configuration.http2.streamWindowByteCount = trainingWindow
    configuration.http2.connectionWindowByteCount = 4 * trainingWindow
    return configuration
  }
}

/// What 10 Gb/s hold in 6 ms: a large gradient must not wait for every 256 KiB of it.
private let trainingWindow: Int32 = 8 << 20
