internal import Protocols
public import RPC

/// The client's side of gRPC's interoperability tests, over our own ``Client``.
public struct InteropClient: Sendable {
  /// How long and how patiently the two soak cases work.
  public struct Soak: Sendable {
    /// Calls to make.
    public var iterations = 10
    /// Calls that may fail.
    public var failuresMax = 0
    /// A call that takes longer counts as failed.
    public var latencyMax = Duration.seconds(1)
    /// All calls together.
    public var timeout = Duration.seconds(60)

    /// The defaults.
    public init() {}
  }

  /// What the two sides' messages weigh, in the public description of the cases.
  static let requestByteCount = 271_828
  static let responseByteCount: Int32 = 314_159
  static let requestByteCounts = [27_182, 8, 1_828, 45_904]
  static let responseByteCounts: [Int32] = [31_415, 9, 2_653, 58_979]

  let makeClient: @Sendable (ClientConfiguration) throws -> Client
  let client: Client
  /// The same, with requests compressed.
  let compressingClient: Client
  let metadata: Metadata
  let soak: Soak
  let readDelay: Duration

  /// A client of one server. `makeClient` connects; `metadata` goes with each call; `readDelay` is
  /// what makes the slow consumer slow.
  public init(
    metadata: Metadata = Metadata(), soak: Soak = Soak(),
    readDelay: Duration = .milliseconds(20),
    makeClient: @escaping @Sendable (ClientConfiguration) throws -> Client
  ) throws {
    self.metadata = metadata
    self.soak = soak
    self.readDelay = readDelay
    self.makeClient = makeClient
    client = try makeClient(ClientConfiguration())
    var configuration = ClientConfiguration()
    configuration.compression = .gzip
    compressingClient = try makeClient(configuration)
  }

  /// Closes the connections.
  public func close() {
    client.close()
    compressingClient.close()
  }

  /// Runs one case. Throws ``InteropFailure`` or the error of a call that should have succeeded.
  public func run(_ testCase: InteropCase) async throws {
    switch testCase {
    case .emptyUnary: try await emptyUnary()
    case .largeUnary: try await largeUnary(client)
    case .clientCompressedUnary: try await clientCompressedUnary()
    case .serverCompressedUnary: try await serverCompressedUnary()
    case .clientStreaming: try await clientStreaming()
    case .serverStreaming: try await serverStreaming()
    case .clientCompressedStreaming: try await clientCompressedStreaming()
    case .serverCompressedStreaming: try await serverCompressedStreaming()
    case .slowConsumer: try await slowConsumer()
    case .halfDuplex: try await halfDuplex()
    case .pingPong: try await pingPong()
    case .cancelAfterBegin: try await cancelAfterBegin()
    case .cancelAfterFirstResponse: try await cancelAfterFirstResponse()
    case .timeoutOnSleepingServer: try await timeoutOnSleepingServer()
    case .emptyStream: try await emptyStream()
    case .statusCodeAndMessage: try await statusCodeAndMessage("This is a test message")
    case .specialStatusMessage: try await specialStatusMessage()
    case .customMetadata: try await customMetadata()
    case .unimplementedMethod: try await unimplemented("\(TestService.prefix)/UnimplementedCall")
    case .unimplementedService:
      try await unimplemented("/grpc.testing.UnimplementedService/UnimplementedCall")
    case .rpcSoak: try await runSoak(renewsChannel: false)
    case .channelSoak: try await runSoak(renewsChannel: true)
    }
  }

  // MARK: What cases share

  static func zeros(_ count: Int) -> GRPCTesting.Payload {
    var payload = GRPCTesting.Payload()
    payload.body = [UInt8](repeating: 0, count: count)
    return payload
  }

  static func boolean(_ value: Bool) -> GRPCTesting.BoolValue {
    var result = GRPCTesting.BoolValue()
    result.value = value
    return result
  }

  static func largeRequest() -> GRPCTesting.SimpleRequest {
    var request = GRPCTesting.SimpleRequest()
    request.responseSize = responseByteCount
    request.payload = zeros(requestByteCount)
    return request
  }

  func unary(
    _ client: Client, _ request: GRPCTesting.SimpleRequest, _ more: Metadata = Metadata()
  ) async throws -> UnaryResponse<GRPCTesting.SimpleResponse> {
    var metadata = metadata
    metadata.headers.append(contentsOf: more.headers)
    return try await client.unaryResponse(
      "\(TestService.prefix)/UnaryCall", request, metadata: metadata)
  }

  static func check(_ payload: GRPCTesting.Payload?, _ size: Int32) throws {
    try expect("payload bytes", payload?.body.count ?? 0, Int(size))
    try expect("payload bytes that are 0", payload?.body.allSatisfy { $0 == 0 } ?? true, true)
  }

  /// The status of a call that has to fail.
  static func failure(_ body: () async throws -> Void) async throws -> RPCError {
    do {
      try await body()
    } catch let error as RPCError {
      return error
    }
    throw InteropFailure(message: "expected the call to fail, got OK")
  }
}
