internal import Protocols
public import RPC

/// `connectrpc.conformance.v1.ConformanceService`: answers each call as the call itself asks, and
/// says what it has seen of it. For connect's conformance suite, so for test modes only.
public enum ConformanceService {
  typealias Suite = ConnectConformanceV1
  typealias Payload = Suite.ConformancePayload

  static let name = "connectrpc.conformance.v1.ConformanceService"
  private static let typePrefix = "type.googleapis.com/connectrpc.conformance.v1."

  /// Adds the service's methods to a server.
  public static func register(on server: Server) {
    server.unary("/\(name)/Unary") { bytes, context in
      var response = Suite.UnaryResponse()
      response.payload = try await answer(
        Suite.UnaryRequest(protobuf: bytes).responseDefinition,
        RequestLog(context, "UnaryRequest", [bytes]), context)
      return response.serialized()
    }
    server.unary("/\(name)/IdempotentUnary") { bytes, context in
      var response = Suite.IdempotentUnaryResponse()
      response.payload = try await answer(
        Suite.IdempotentUnaryRequest(protobuf: bytes).responseDefinition,
        RequestLog(context, "IdempotentUnaryRequest", [bytes]), context)
      return response.serialized()
    }
    server.clientStreaming("/\(name)/ClientStream") { requests, context in
      var definition: Suite.UnaryResponseDefinition?
      var all: [[UInt8]] = []
      for try await bytes in requests {
        let request = try Suite.ClientStreamRequest(protobuf: bytes)
        if all.isEmpty { definition = request.responseDefinition }
        all.append(bytes)
      }
      var response = Suite.ClientStreamResponse()
      response.payload = try await answer(
        definition, RequestLog(context, "ClientStreamRequest", all), context)
      return response.serialized()
    }
    server.serverStreaming("/\(name)/ServerStream") { bytes, responses, context in
      let request = try Suite.ServerStreamRequest(protobuf: bytes)
      var stream = StreamedAnswer(request.responseDefinition, context)
      let log = RequestLog(context, "ServerStreamRequest", [bytes])
      while let payload = try await stream.next(log) {
        var response = Suite.ServerStreamResponse()
        response.payload = payload
        try await responses.send(response.serialized())
      }
      try stream.finish(log)
    }
    server.bidirectional("/\(name)/BidiStream") { requests, responses, context in
      try await answerBidirectional(requests, responses, context)
    }
  }

  private static func answerBidirectional(
    _ requests: RequestStream<[UInt8]>, _ responses: ResponseWriter<[UInt8]>,
    _ context: CallContext
  ) async throws {
    let send = { (payload: Payload) in
      var response = Suite.BidiStreamResponse()
      response.payload = payload
      try await responses.send(response.serialized())
    }
    var stream: StreamedAnswer?
    var isFullDuplex = false
    var log = RequestLog(context, "BidiStreamRequest", [])
    while let bytes = try await requests.next() {
      let request = try Suite.BidiStreamRequest(protobuf: bytes)
      if stream == nil {
        stream = StreamedAnswer(request.responseDefinition, context)
        isFullDuplex = request.fullDuplex
      }
      log.messages.append(bytes)
      guard isFullDuplex else { continue }
      guard let payload = try await stream?.next(log, withRequests: true) else { break }
      try await send(payload)
      log.messages = []
    }
    while let payload = try await stream?.next(log) { try await send(payload) }
    try stream?.finish(log)
  }

  // MARK: One response

  private static func answer(
    _ definition: Suite.UnaryResponseDefinition?, _ log: RequestLog, _ context: CallContext
  ) async throws -> Payload {
    var payload = Payload()
    payload.requestInfo = log.full
    guard let definition else { return payload }
    context.setInitialMetadata(metadata(definition.responseHeaders))
    context.setTrailingMetadata(metadata(definition.responseTrailers))
    try await pause(definition.responseDelayMs)
    switch definition.response {
    case .responseData(let data): payload.data = data
    case .error(let error): throw status(error, log.full)
    case nil: break
    }
    return payload
  }

  // MARK: Many responses

  /// The responses that a stream was asked for, one after the other.
  private struct StreamedAnswer {
    private let definition: Suite.StreamResponseDefinition?
    private var sentCount = 0

    init(_ definition: Suite.StreamResponseDefinition?, _ context: CallContext) {
      self.definition = definition
      guard let definition else { return }
      context.setInitialMetadata(metadata(definition.responseHeaders))
      context.setTrailingMetadata(metadata(definition.responseTrailers))
    }

    /// The first response says all that was seen of the call; later ones what came since, if the
    /// two sides take turns.
    mutating func next(_ log: RequestLog, withRequests: Bool = false) async throws -> Payload? {
      guard let definition, sentCount < definition.responseData.count else { return nil }
      try await pause(definition.responseDelayMs)
      var payload = Payload()
      payload.data = definition.responseData[sentCount]
      if sentCount == 0 {
        payload.requestInfo = log.full
      } else if withRequests {
        payload.requestInfo = log.requestsOnly
      }
      sentCount += 1
      return payload
    }

    func finish(_ log: RequestLog) throws {
      guard let error = definition?.error else { return }
      throw status(error, sentCount == 0 ? log.full : nil)
    }
  }

  // MARK: Parts

  private static func pause(_ milliseconds: UInt32) async throws {
    if milliseconds > 0 { try await Task.sleep(for: .milliseconds(Int64(milliseconds))) }
  }

  /// Values of binary fields are base64 already.
  static func metadata(_ headers: [Suite.Header]) -> Metadata {
    var metadata = Metadata()
    for header in headers {
      for value in header.value { metadata.add(header.name, value) }
    }
    return metadata
  }

  static func headers(_ metadata: Metadata) -> [Suite.Header] {
    var headers: [Suite.Header] = []
    for (name, value) in metadata {
      if let index = headers.firstIndex(where: { $0.name == name }) {
        headers[index].value.append(value)
      } else {
        var header = Suite.Header()
        header.name = name
        header.value = [value]
        headers.append(header)
      }
    }
    return headers
  }

  private static func status(_ error: Suite.CallError, _ info: Suite.RequestInfo?) -> RPCError {
    let code = UInt32(exactly: error.code).flatMap { StatusCode(rawValue: $0) } ?? .unknown
    var message = ""
    if case .message(let text) = error.wording { message = text }
    var rich = Suite.RichStatus()
    rich.code = Int32(code.rawValue)
    rich.message = message
    rich.details = error.details
    if let info {
      rich.details.append(any("ConformancePayload.RequestInfo", info.serialized()))
    }
    var metadata = Metadata()
    if !rich.details.isEmpty { metadata.add(detailsKey, bytes: rich.serialized()) }
    return RPCError(code: code, message: message, metadata: metadata)
  }

  static let detailsKey = "grpc-status-details-bin"

  private static func any(_ type: String, _ bytes: [UInt8]) -> Suite.TypedMessage {
    var any = Suite.TypedMessage()
    any.typeUrl = typePrefix + type
    any.value = bytes
    return any
  }

  /// What the service tells of a call.
  private struct RequestLog {
    private let headers: [Suite.Header]
    private let timeoutMilliseconds: Int64?
    private let type: String
    var messages: [[UInt8]]

    init(_ context: CallContext, _ type: String, _ messages: [[UInt8]]) {
      headers = ConformanceService.headers(context.metadata)
      timeoutMilliseconds = context.metadata["grpc-timeout"].flatMap { text in
        Array(text.utf8).withUnsafeBytes { GRPCTimeout.parse($0) }
      }.map { Int64(clamping: $0 / 1_000_000) }
      self.type = type
      self.messages = messages
    }

    var requestsOnly: Suite.RequestInfo {
      var info = Suite.RequestInfo()
      info.requests = messages.map { any(type, $0) }
      return info
    }

    var full: Suite.RequestInfo {
      var info = requestsOnly
      info.requestHeaders = headers
      info.timeout = timeoutMilliseconds.map { .timeoutMs($0) }
      return info
    }
  }
}
