internal import ArgumentParser
internal import Glibc
internal import Protocols
internal import RPC

/// Where the gateway is and who asks: options of every client command.
struct ClientOptions: ParsableArguments {
  @Option(help: "The gateway's HOST:PORT [MARTLET_ADDRESS; 127.0.0.1:8443].")
  var address: String?

  @Option(help: "The API key, mk_… [MARTLET_API_KEY].")
  var apiKey: String?

  @Option(help: "The PEM file of the authority that signed the gateway's certificate [MARTLET_CA].")
  var ca: String?

  @Option(
    help: "A PEM certificate to show to a gateway that asks for one [MARTLET_CLIENT_CERTIFICATE].")
  var clientCertificate: String?

  @Option(help: "The certificate's key [MARTLET_CLIENT_KEY].")
  var clientKey: String?

  @Option(
    parsing: .unconditional, help: "Give up after this many seconds; default: 60.",
    transform: Number.real) var timeout: Double = 60

  func connect() throws -> Connection {
    let target = address ?? Self.environment("MARTLET_ADDRESS") ?? "127.0.0.1:8443"
    guard let endpoint = try? Endpoint(parsing: target) else {
      throw CommandFailure(.usage, "expected --address HOST:PORT, got '\(target)'")
    }
    guard let roots = ca ?? Self.environment("MARTLET_CA") else {
      throw CommandFailure(
        .usage,
        "no authority to trust: set MARTLET_CA or pass --ca (`martlet up` writes DIR/tls/ca.pem)")
    }
    let apiKey = try checkedKey()
    guard timeout > 0 else {
      throw CommandFailure(.usage, "expected --timeout above 0 seconds, got \(timeout)")
    }
    var configuration = ClientConfiguration()
    configuration.messageByteCountMax = Int(Int32.max)
    configuration.connectTimeout = .seconds(min(timeout, 10))
    let tls = TLSConfiguration(
      certificateChain: clientCertificate ?? Self.environment("MARTLET_CLIENT_CERTIFICATE"),
      privateKey: clientKey ?? Self.environment("MARTLET_CLIENT_KEY"), trustRoots: roots)
    // Which of the files it is, and whether it cannot be read or is none: 66 or 65.
    for path in tls.files { _ = try FileBytes.read(path) }
    let client: Client
    do { client = try Client(target: endpoint, tls: tls, configuration: configuration) } catch {
      let files = tls.files.map { "'\($0)'" }.joined(separator: ", ")
      throw CommandFailure(
        .badData, "expected PEM certificates (and their key) in \(files): \(error)")
    }
    return Connection(client: client, apiKey: apiKey, timeout: .seconds(timeout))
  }

  /// The key, if it can be one: a mistake in the environment is told here, not by the gateway. The
  /// text itself is never printed, it may be a secret of something else.
  private func checkedKey() throws(CommandFailure) -> String? {
    guard let key = apiKey ?? Self.environment("MARTLET_API_KEY") else { return nil }
    let source = apiKey == nil ? "MARTLET_API_KEY" : "--api-key"
    guard key.hasPrefix("mk_"), (8...256).contains(key.utf8.count),
      key.utf8.allSatisfy({
        switch UInt8($0) {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
          UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      })
    else {
      let reason =
        key.hasPrefix("mk_") ? "with other characters or of another length" : "without that prefix"
      throw CommandFailure(
        .usage,
        "\(source): expected an API key, mk_ and letters and digits, got \(key.utf8.count) bytes "
          + reason)
    }
    return key
  }

  static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }
}

/// A client with its key: typed calls to the gateway.
struct Connection: Sendable {
  var client: Client
  var apiKey: String?
  var timeout: Duration

  var metadata: Metadata {
    var metadata = Metadata()
    if let apiKey { metadata.add("authorization", "Bearer \(apiKey)") }
    return metadata
  }

  var deadline: MonotonicTime { .now() + timeout }

  func call<Request: ProtobufMessage, Response: ProtobufMessage>(
    _ path: String, _ request: Request, as _: Response.Type = Response.self
  ) async throws -> Response {
    let bytes = try await client.unary(
      path, request.serialized(), metadata: metadata, deadline: deadline)
    return try Self.decode(bytes)
  }

  static func decode<Response: ProtobufMessage>(_ bytes: [UInt8]) throws -> Response {
    do {
      return try Response(protobuf: bytes)
    } catch {
      throw CommandFailure(.software, "the gateway's answer cannot be read: \(error)")
    }
  }
}
