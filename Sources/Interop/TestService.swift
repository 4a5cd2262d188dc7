internal import Protocols
public import RPC

/// `grpc.testing.TestService`: what gRPC's interoperability clients call, as the public description
/// of the tests asks for it. `UnimplementedCall` and `UnimplementedService` are absent on purpose.
///
/// It sends as many bytes as it is asked for, so it is for test modes only.
public enum TestService {
  static let prefix = "/grpc.testing.TestService"
  /// The largest payload that one response may be asked for.
  static let responseByteCountMax = 64 << 20
  /// The longest pause before a response.
  private static let intervalMax = Duration.seconds(60)

  /// Adds the service's methods to a server.
  public static func register(on server: Server) {
    server.unary("\(prefix)/EmptyCall") { (request: GRPCTesting.Empty, context) in
      echoMetadata(context)
      return request
    }
    server.unary("\(prefix)/UnaryCall") { try unary($0, $1) }
    server.unary("\(prefix)/CacheableUnaryCall") {
      (request: GRPCTesting.SimpleRequest, context) in
      context.setInitialMetadata(["cache-control": "max-age=60, public"])
      return try unary(request, context)
    }
    server.clientStreaming("\(prefix)/StreamingInputCall") { try await sum($0, $1) }
    server.serverStreaming("\(prefix)/StreamingOutputCall") {
      (
        request: GRPCTesting.StreamingOutputCallRequest,
        responses: ResponseWriter<GRPCTesting.StreamingOutputCallResponse>, context
      ) in
      echoMetadata(context)
      try await answer(request, responses, context)
    }
    server.bidirectional("\(prefix)/FullDuplexCall") {
      (
        requests: RequestStream<GRPCTesting.StreamingOutputCallRequest>,
        responses: ResponseWriter<GRPCTesting.StreamingOutputCallResponse>, context
      ) in
      echoMetadata(context)
      for try await request in requests { try await answer(request, responses, context) }
    }
    server.bidirectional("\(prefix)/HalfDuplexCall") {
      (
        requests: RequestStream<GRPCTesting.StreamingOutputCallRequest>,
        responses: ResponseWriter<GRPCTesting.StreamingOutputCallResponse>, context
      ) in
      var all: [GRPCTesting.StreamingOutputCallRequest] = []
      for try await request in requests { all.append(request) }
      for request in all { try await answer(request, responses, context) }
    }
  }

  // MARK: Methods

  private static let serverID = "martlet-\(UInt64.random(in: .min ... .max))"

  private static func unary(
    _ request: GRPCTesting.SimpleRequest, _ context: CallContext
  ) throws -> GRPCTesting.SimpleResponse {
    echoMetadata(context)
    try check(request.expectCompressed, context.messageWasCompressed)
    // Unasked for, nothing is compressed: clients of the suite take anything else for a mistake.
    context.compressResponses(request.responseCompressed?.value ?? false)
    try fail(as: request.responseStatus)
    var response = GRPCTesting.SimpleResponse()
    response.payload = try payload(request.responseSize)
    if request.fillServerID { response.serverID = serverID }
    return response
  }

  private static func sum(
    _ requests: RequestStream<GRPCTesting.StreamingInputCallRequest>, _ context: CallContext
  ) async throws -> GRPCTesting.StreamingInputCallResponse {
    echoMetadata(context)
    var response = GRPCTesting.StreamingInputCallResponse()
    for try await request in requests {
      try check(request.expectCompressed, requests.messageWasCompressed)
      response.aggregatedPayloadSize &+= Int32(clamping: request.payload?.body.count ?? 0)
    }
    return response
  }

  private static func answer(
    _ request: GRPCTesting.StreamingOutputCallRequest,
    _ responses: ResponseWriter<GRPCTesting.StreamingOutputCallResponse>, _ context: CallContext
  ) async throws {
    try fail(as: request.responseStatus)
    // The call's encoding is settled by its first response; each message then goes its own way.
    if request.responseParameters.contains(where: { $0.compressed != nil }) {
      context.compressResponses(true)
    }
    for parameters in request.responseParameters {
      if parameters.intervalUs > 0 {
        try await Task.sleep(for: min(.microseconds(parameters.intervalUs), intervalMax))
      }
      var response = GRPCTesting.StreamingOutputCallResponse()
      response.payload = try payload(parameters.size)
      try await responses.send(response, compresses: parameters.compressed?.value ?? true)
    }
  }

  // MARK: Parts

  private static func payload(_ size: Int32) throws -> GRPCTesting.Payload {
    guard size >= 0, size <= responseByteCountMax else {
      throw RPCError(
        code: .invalidArgument,
        message: "response size: expected 0 to \(responseByteCountMax) bytes, got \(size)")
    }
    var payload = GRPCTesting.Payload()
    payload.body = [UInt8](repeating: 0, count: Int(size))
    return payload
  }

  private static func check(_ expected: GRPCTesting.BoolValue?, _ wasCompressed: Bool) throws {
    guard let expected, expected.value != wasCompressed else { return }
    throw RPCError(
      code: .invalidArgument,
      message: "expected the message \(expected.value ? "" : "un")compressed, got the opposite")
  }

  private static func fail(as status: GRPCTesting.EchoStatus?) throws {
    guard let status, status.code != 0 else { return }
    let code = UInt32(exactly: status.code).flatMap { StatusCode(rawValue: $0) } ?? .unknown
    throw RPCError(code: code, message: status.message)
  }

  static let initialKey = "x-grpc-test-echo-initial"
  static let trailingKey = "x-grpc-test-echo-trailing-bin"

  private static func echoMetadata(_ context: CallContext) {
    if let value = context.metadata[initialKey] { context.setInitialMetadata([initialKey: value]) }
    if let value = context.metadata.bytes(trailingKey) {
      var metadata = Metadata()
      metadata.add(trailingKey, bytes: value)
      context.setTrailingMetadata(metadata)
    }
  }
}
