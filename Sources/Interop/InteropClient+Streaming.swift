internal import Protocols
internal import RPC

/// Cases with a stream in one or both directions.
extension InteropClient {
  typealias OutputRequest = GRPCTesting.StreamingOutputCallRequest
  typealias OutputResponse = GRPCTesting.StreamingOutputCallResponse
  typealias InputRequest = GRPCTesting.StreamingInputCallRequest
  typealias InputResponse = GRPCTesting.StreamingInputCallResponse

  func fullDuplex(
    _ more: Metadata = Metadata(), deadline: MonotonicTime? = nil, method: String = "FullDuplexCall"
  ) async throws -> (
    requests: RequestWriter<OutputRequest>, responses: ResponseStream<OutputResponse>
  ) {
    var metadata = metadata
    metadata.headers.append(contentsOf: more.headers)
    return try await client.bidirectional(
      "\(TestService.prefix)/\(method)", metadata: metadata, deadline: deadline)
  }

  /// A request with some payload that asks for responses of these sizes.
  static func exchange(_ byteCount: Int, _ sizes: [Int32]) -> OutputRequest {
    var request = OutputRequest()
    request.responseParameters = sizes.map { size in
      var parameters = GRPCTesting.ResponseParameters()
      parameters.size = size
      return parameters
    }
    if byteCount > 0 { request.payload = zeros(byteCount) }
    return request
  }

  private static func input(_ byteCount: Int, isCompressed: Bool? = nil) -> InputRequest {
    var request = InputRequest()
    request.payload = zeros(byteCount)
    request.expectCompressed = isCompressed.map { boolean($0) }
    return request
  }

  private func stream(_ request: OutputRequest) async throws -> ResponseStream<OutputResponse> {
    try await client.serverStreaming(
      "\(TestService.prefix)/StreamingOutputCall", request, metadata: metadata)
  }

  func clientStreaming() async throws {
    let response: InputResponse = try await client.clientStreaming(
      "\(TestService.prefix)/StreamingInputCall", metadata: metadata
    ) { (writer: RequestWriter<InputRequest>) in
      for count in Self.requestByteCounts { try await writer.send(Self.input(count)) }
    }
    try expect(
      "bytes altogether", Int(response.aggregatedPayloadSize),
      Self.requestByteCounts.reduce(0, +))
  }

  func serverStreaming() async throws {
    let responses = try await stream(Self.exchange(0, Self.responseByteCounts))
    for size in Self.responseByteCounts {
      try Self.check(try await responses.next()?.payload, size)
    }
    try expect("the stream has ended", try await responses.next() == nil, true)
  }

  func clientCompressedStreaming() async throws {
    let send = { (client: Client, parts: [(InputRequest, Bool)]) -> InputResponse in
      try await client.clientStreaming(
        "\(TestService.prefix)/StreamingInputCall", metadata: metadata
      ) { (writer: RequestWriter<InputRequest>) in
        for (request, compresses) in parts {
          try await writer.send(request, compresses: compresses)
        }
      }
    }
    let lie = [(Self.input(27_182, isCompressed: true), false)]
    let error = try await Self.failure { _ = try await send(client, lie) }
    try expect("status of the probe", error.code, .invalidArgument)
    let response = try await send(
      compressingClient,
      [
        (Self.input(27_182, isCompressed: true), true),
        (Self.input(45_904, isCompressed: false), false),
      ])
    try expect("bytes altogether", Int(response.aggregatedPayloadSize), 27_182 + 45_904)
  }

  func serverCompressedStreaming() async throws {
    var request = Self.exchange(0, [31_415, 92_653])
    request.responseParameters[0].compressed = Self.boolean(true)
    request.responseParameters[1].compressed = Self.boolean(false)
    let responses = try await stream(request)
    for parameters in request.responseParameters {
      try Self.check(try await responses.next()?.payload, parameters.size)
      try expect(
        "response is compressed", responses.messageWasCompressed,
        parameters.compressed?.value ?? false)
    }
    try expect("the stream has ended", try await responses.next() == nil, true)
  }

  /// A reader that is slower than the sender must neither lose anything nor be flooded.
  func slowConsumer() async throws {
    let responses = try await stream(
      Self.exchange(0, [Int32](repeating: 1_030, count: 2_000)))
    for _ in 0..<2_000 {
      try Self.check(try await responses.next()?.payload, 1_030)
      try await Task.sleep(for: readDelay)
    }
    try expect("the stream has ended", try await responses.next() == nil, true)
  }

  func halfDuplex() async throws {
    let (requests, responses) = try await fullDuplex(method: "HalfDuplexCall")
    for size in Self.responseByteCounts { try await requests.send(Self.exchange(0, [size])) }
    try await requests.finish()
    for size in Self.responseByteCounts {
      try Self.check(try await responses.next()?.payload, size)
    }
    try expect("the stream has ended", try await responses.next() == nil, true)
  }

  func pingPong() async throws {
    let (requests, responses) = try await fullDuplex()
    for (count, size) in zip(Self.requestByteCounts, Self.responseByteCounts) {
      try await requests.send(Self.exchange(count, [size]))
      try Self.check(try await responses.next()?.payload, size)
    }
    try await requests.finish()
    try expect("the stream has ended", try await responses.next() == nil, true)
  }

  func emptyStream() async throws {
    let (requests, responses) = try await fullDuplex()
    try await requests.finish()
    try expect("the stream has ended", try await responses.next() == nil, true)
  }

  // MARK: Ends before the end

  func cancelAfterBegin() async throws {
    let (requests, responses): (RequestWriter<InputRequest>, ResponseStream<InputResponse>) =
      try await client.bidirectional(
        "\(TestService.prefix)/StreamingInputCall", metadata: metadata)
    responses.cancel()
    let error = try await Self.failure { _ = try await responses.next() }
    try expect("status", error.code, .cancelled)
    let refusal = try await Self.failure { try await requests.send(Self.input(1)) }
    try expect("status of what is sent later", refusal.code, .cancelled)
  }

  func cancelAfterFirstResponse() async throws {
    let (requests, responses) = try await fullDuplex()
    try await requests.send(Self.exchange(27_182, [31_415]))
    try Self.check(try await responses.next()?.payload, 31_415)
    responses.cancel()
    let error = try await Self.failure { _ = try await responses.next() }
    try expect("status", error.code, .cancelled)
  }

  func timeoutOnSleepingServer() async throws {
    let error = try await Self.failure {
      let (requests, responses) = try await fullDuplex(deadline: .now() + .milliseconds(1))
      try await requests.send(Self.exchange(27_182, []))
      _ = try await responses.next()
    }
    try expect("status", error.code, .deadlineExceeded)
  }
}
