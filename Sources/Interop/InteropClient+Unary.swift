internal import Protocols
internal import RPC

/// Cases of one request and one response.
extension InteropClient {
  func emptyUnary() async throws {
    let response: UnaryResponse<GRPCTesting.Empty> = try await client.unaryResponse(
      "\(TestService.prefix)/EmptyCall", GRPCTesting.Empty(), metadata: metadata)
    try expect("response bytes", response.message.serialized().count, 0)
  }

  func largeUnary(_ client: Client) async throws {
    let response = try await unary(client, Self.largeRequest())
    try Self.check(response.message.payload, Self.responseByteCount)
  }

  /// First a lie, by which the server shows that it looks; then compressed and uncompressed.
  func clientCompressedUnary() async throws {
    var request = Self.largeRequest()
    request.expectCompressed = Self.boolean(true)
    let probe = request
    let error = try await Self.failure { _ = try await unary(client, probe) }
    try expect("status of the probe", error.code, .invalidArgument)
    try Self.check(
      try await unary(compressingClient, request).message.payload, Self.responseByteCount)
    request.expectCompressed = Self.boolean(false)
    try Self.check(try await unary(client, request).message.payload, Self.responseByteCount)
  }

  func serverCompressedUnary() async throws {
    for compresses in [true, false] {
      var request = Self.largeRequest()
      request.responseCompressed = Self.boolean(compresses)
      let response = try await unary(client, request)
      try expect("response is compressed", response.wasCompressed, compresses)
      try Self.check(response.message.payload, Self.responseByteCount)
    }
  }

  func statusCodeAndMessage(_ message: String) async throws {
    var status = GRPCTesting.EchoStatus()
    status.code = Int32(StatusCode.unknown.rawValue)
    status.message = message
    var request = GRPCTesting.SimpleRequest()
    request.responseStatus = status
    let single = request
    try Self.check(try await Self.failure { _ = try await unary(client, single) }, message)
    var streamed = GRPCTesting.StreamingOutputCallRequest()
    streamed.responseStatus = status
    let stream = streamed
    try Self.check(
      try await Self.failure {
        let (requests, responses) = try await fullDuplex()
        try await requests.send(stream)
        try await requests.finish()
        while try await responses.next() != nil {}
      }, message)
  }

  func specialStatusMessage() async throws {
    let message = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
    var request = GRPCTesting.SimpleRequest()
    var status = GRPCTesting.EchoStatus()
    status.code = Int32(StatusCode.unknown.rawValue)
    status.message = message
    request.responseStatus = status
    let single = request
    try Self.check(try await Self.failure { _ = try await unary(client, single) }, message)
  }

  private static func check(_ error: RPCError, _ message: String) throws {
    try expect("status", error.code, .unknown)
    try expect("status message", error.message, message)
  }

  func customMetadata() async throws {
    let trailing: [UInt8] = [0x0a, 0x0b, 0x0a, 0x0b, 0x0a, 0x0b]
    var more: Metadata = [TestService.initialKey: "test_initial_metadata_value"]
    more.add(TestService.trailingKey, bytes: trailing)
    let response = try await unary(client, Self.largeRequest(), more)
    try Self.check(response.message.payload, Self.responseByteCount)
    try Self.checkEcho(response.initialMetadata, response.trailingMetadata, trailing)

    let (requests, responses) = try await fullDuplex(more)
    try await requests.send(Self.exchange(Self.requestByteCount, [Self.responseByteCount]))
    try await requests.finish()
    try Self.check(try await responses.next()?.payload, Self.responseByteCount)
    try expect("further response", try await responses.next() == nil, true)
    try Self.checkEcho(responses.initialMetadata, responses.trailingMetadata, trailing)
  }

  private static func checkEcho(
    _ initial: Metadata, _ trailing: Metadata, _ bytes: [UInt8]
  ) throws {
    try expect(
      "initial metadata", initial[TestService.initialKey], "test_initial_metadata_value")
    try expect("trailing metadata", trailing.bytes(TestService.trailingKey), bytes)
  }

  func unimplemented(_ path: String) async throws {
    let error = try await Self.failure {
      _ = try await client.unary(path, [], metadata: metadata)
    }
    try expect("status of \(path)", error.code, .unimplemented)
  }

  /// Many large calls, each on time; with a connection of its own for each call if asked.
  func runSoak(renewsChannel: Bool) async throws {
    let start = MonotonicTime.now()
    var failures: [String] = []
    for iteration in 0..<soak.iterations {
      guard MonotonicTime.now() - start < soak.timeout else {
        throw InteropFailure(
          message: "expected \(soak.iterations) calls within \(soak.timeout), got \(iteration)")
      }
      let begun = MonotonicTime.now()
      do {
        let client = renewsChannel ? try makeClient(ClientConfiguration()) : client
        defer { if renewsChannel { client.close() } }
        try await largeUnary(client)
        let latency = MonotonicTime.now() - begun
        if latency > soak.latencyMax { failures.append("call \(iteration) took \(latency)") }
      } catch {
        failures.append("call \(iteration): \(error)")
      }
    }
    guard failures.count <= soak.failuresMax else {
      throw InteropFailure(
        message: "expected at most \(soak.failuresMax) failed calls, got \(failures.count); "
          + "the first: \(failures[0])")
    }
  }
}
