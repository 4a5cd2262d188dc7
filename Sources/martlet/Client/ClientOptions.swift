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

  @Option(help: "Give up after this many seconds.")
  var timeout: Double = 60

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
    guard access(roots, R_OK) == 0 else {
      throw CommandFailure(.noInput, "cannot read the authority's certificate '\(roots)'")
    }
    guard timeout > 0 else {
      throw CommandFailure(.usage, "expected --timeout above 0 seconds, got \(timeout)")
    }
    var configuration = ClientConfiguration()
    configuration.messageByteCountMax = Int(Int32.max)
    configuration.connectTimeout = .seconds(min(timeout, 10))
    let tls = TLSConfiguration(
      certificateChain: clientCertificate ?? Self.environment("MARTLET_CLIENT_CERTIFICATE"),
      privateKey: clientKey ?? Self.environment("MARTLET_CLIENT_KEY"), trustRoots: roots)
    return Connection(
      client: try Client(target: endpoint, tls: tls, configuration: configuration),
      apiKey: apiKey ?? Self.environment("MARTLET_API_KEY"), timeout: .seconds(timeout))
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
