internal import Glibc
internal import Protocols
internal import RPC

/// How connect's conformance suite talks to a program under test: messages with their size in front,
/// four bytes with the most significant first, on standard input and output.
public struct ConformancePipe: Sendable {
  private let input: Int32
  private let output: Int32

  /// More than any message of the suite.
  private static let messageByteCountMax = 64 << 20

  /// A pipe over two open descriptors.
  public init(input: Int32 = 0, output: Int32 = 1) {
    self.input = input
    self.output = output
  }

  /// The next message; nil at the end.
  func read() throws -> [UInt8]? {
    guard let size = try read(4), size.count == 4 else { return nil }
    let count = size.reduce(0) { $0 << 8 | Int($1) }
    guard count <= Self.messageByteCountMax, let message = try read(count), message.count == count
    else { throw InteropFailure(message: "expected a message of \(count) bytes, got fewer") }
    return message
  }

  private func read(_ count: Int) throws -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let read = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(input, buffer.baseAddress! + filled, count - filled)
      }
      if read < 0, errno == EINTR { continue }
      if read < 0 { throw InteropFailure(message: "cannot read: errno \(errno)") }
      if read == 0 { return filled == 0 && count > 0 ? nil : Array(bytes[..<filled]) }
      filled += read
    }
    return bytes
  }

  func write(_ message: [UInt8]) throws {
    let count = UInt32(message.count)
    let bytes =
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> UInt32($0)) } + message
    var offset = 0
    while offset < bytes.count {
      let written = bytes.withUnsafeBytes { buffer in
        Glibc.write(output, buffer.baseAddress! + offset, bytes.count - offset)
      }
      if written < 0, errno == EINTR { continue }
      if written < 0 { throw InteropFailure(message: "cannot write: errno \(errno)") }
      offset += written
    }
  }
}

extension ConformancePipe {
  /// What the suite wants of a server.
  public struct ServerWish: Sendable {
    /// A certificate of the server's own making is wanted.
    public var usesTLS = false
    /// PEM: clients must be vouched for by this; empty: anybody.
    public var clientAuthority: [UInt8] = []
    /// Bytes of a request; nil: as usual.
    public var messageByteCountMax: Int?
  }

  /// Reads which server shall be started.
  public func readServerWish() throws -> ServerWish {
    guard let bytes = try read() else {
      throw InteropFailure(message: "expected a request on standard input, got its end")
    }
    let request = try ConnectConformanceV1.ServerCompatRequest(protobuf: bytes)
    var wish = ServerWish()
    wish.usesTLS = request.useTls
    wish.clientAuthority = request.clientTlsCert
    if request.messageReceiveLimit > 0 {
      wish.messageByteCountMax = Int(request.messageReceiveLimit)
    }
    return wish
  }

  /// Says where the server is, and what its clients shall trust.
  public func reportServer(host: String, port: UInt16, certificate: [UInt8]) throws {
    var response = ConnectConformanceV1.ServerCompatResponse()
    response.host = host
    response.port = UInt32(port)
    response.pemCert = certificate
    try write(response.serialized())
  }

  /// Makes the calls that are asked for, one after the other, until the input ends. `keep` stores
  /// bytes in a file and returns its path: TLS takes certificates from files.
  public func runClient(keep: ([UInt8], _ name: String) throws -> String) async throws {
    while let bytes = try read() {
      let request = try ConnectConformanceV1.ClientCompatRequest(protobuf: bytes)
      var response = ConnectConformanceV1.ClientCompatResponse()
      response.testName = request.testName
      do {
        let client = try Self.connect(request, keep)
        response.result = .response(
          try await ConformanceClient(request: request, client: client).run())
        client.close()
      } catch {
        var failure = ConnectConformanceV1.ClientErrorResult()
        failure.message = "\(error)"
        response.result = .error(failure)
      }
      try write(response.serialized())
    }
  }

  private static func connect(
    _ request: ConnectConformanceV1.ClientCompatRequest,
    _ keep: ([UInt8], _ name: String) throws -> String
  ) throws -> Client {
    guard request.wireProtocol == .grpc else {
      throw InteropFailure(message: "protocol: expected gRPC, got \(request.wireProtocol.rawValue)")
    }
    var configuration = ClientConfiguration()
    switch request.compression {
    case .gzip: configuration.compression = .gzip
    case .deflate: configuration.compression = .deflate
    case .identity, .unspecified: break
    default:
      throw InteropFailure(
        message: "compression: expected gzip or deflate, got \(request.compression.rawValue)")
    }
    if request.messageReceiveLimit > 0 {
      configuration.messageByteCountMax = Int(request.messageReceiveLimit)
    }
    var tls: TLSConfiguration?
    if !request.serverTlsCert.isEmpty {
      tls = TLSConfiguration(trustRoots: try keep(request.serverTlsCert, "server.pem"))
      if let credentials = request.clientTlsCreds {
        tls?.certificateChain = try keep(credentials.cert, "client.pem")
        tls?.privateKey = try keep(credentials.key, "client.key")
      }
    }
    return try Client(
      target: .tcp(host: request.host, port: UInt16(clamping: request.port)), tls: tls,
      configuration: configuration)
  }
}
