internal import Protocols
internal import RPC

/// The client's side of connect's conformance suite: makes the call that a request describes and
/// reports what came of it.
struct ConformanceClient: Sendable {
  typealias Suite = ConnectConformanceV1

  let request: Suite.ClientCompatRequest
  let client: Client

  private var path: String { "/\(request.service)/\(request.method)" }
  private var metadata: Metadata { ConformanceService.metadata(request.requestHeaders) }
  private var messages: [[UInt8]] { request.requestMessages.map(\.value) }

  private var deadline: MonotonicTime? {
    guard case .timeoutMs(let milliseconds) = request.timeout else { return nil }
    return .now() + .milliseconds(Int64(milliseconds))
  }

  /// Makes the call. Throws ``InteropFailure`` when it cannot be made at all.
  func run() async throws -> Suite.ClientResponseResult {
    guard request.service == ConformanceService.name, !messages.isEmpty || !isUnary else {
      throw InteropFailure(message: "no such call: \(path) with \(messages.count) messages")
    }
    switch request.streamType {
    case .unary: return await unary()
    case .clientStream where request.cancel == nil: return await clientStream()
    case .clientStream, .serverStream, .halfDuplexBidiStream, .fullDuplexBidiStream:
      return await stream()
    default:
      throw InteropFailure(message: "stream type: expected 1 to 5, got \(request.streamType)")
    }
  }

  private var isUnary: Bool {
    request.streamType == .unary || request.streamType == .serverStream
  }

  private func pause() async {
    guard request.requestDelayMs > 0 else { return }
    try? await Task.sleep(for: .milliseconds(Int64(request.requestDelayMs)))
  }

  // MARK: One response

  private func unary() async -> Suite.ClientResponseResult {
    await pause()
    let call = Task {
      try await client.unaryResponse(
        path, messages[0], metadata: metadata, deadline: deadline)
    }
    if case .afterCloseSendMs(let delay)? = request.cancel?.cancelTiming ?? defaultTiming {
      try? await Task.sleep(for: .milliseconds(Int64(delay)))
      call.cancel()
    }
    return Self.result(await call.result)
  }

  private var defaultTiming: Suite.ClientCompatRequest.Cancel.CancelTiming? {
    request.cancel == nil ? nil : .afterCloseSendMs(0)
  }

  private func clientStream() async -> Suite.ClientResponseResult {
    do {
      let response = try await client.clientStreamingResponse(
        path, metadata: metadata, deadline: deadline
      ) { writer in
        for message in messages {
          await pause()
          try await writer.send(message)
        }
      }
      return Self.result(.success(response))
    } catch {
      return Self.result(.failure(error))
    }
  }

  private static func result(
    _ outcome: Result<UnaryResponse<[UInt8]>, any Error>
  ) -> Suite.ClientResponseResult {
    var result = Suite.ClientResponseResult()
    do {
      let response = try outcome.get()
      result.responseHeaders = ConformanceService.headers(response.initialMetadata)
      result.responseTrailers = ConformanceService.headers(response.trailingMetadata)
      result.payloads = [try payload(response.message)]
    } catch {
      fill(&result, error)
    }
    return result
  }

  // MARK: Streams

  private func stream() async -> Suite.ClientResponseResult {
    var result = Suite.ClientResponseResult()
    do {
      let (requests, responses) = try await client.bidirectional(
        path, metadata: metadata, deadline: deadline)
      defer {
        result.responseHeaders = ConformanceService.headers(responses.initialMetadata)
        result.responseTrailers = ConformanceService.headers(responses.trailingMetadata)
      }
      try await exchange(requests, responses, &result)
      if request.streamType == .clientStream, result.payloads.count != 1 {
        throw RPCError(
          code: .unimplemented, message: "expected one response, got \(result.payloads.count)")
      }
    } catch {
      if request.streamType == .clientStream { result.payloads = [] }
      let (headers, trailers) = (result.responseHeaders, result.responseTrailers)
      Self.fill(&result, error)
      if !headers.isEmpty { result.responseHeaders = headers }
      if !trailers.isEmpty { result.responseTrailers = trailers }
    }
    return result
  }

  private func exchange(
    _ requests: RequestWriter<[UInt8]>, _ responses: ResponseStream<[UInt8]>,
    _ result: inout Suite.ClientResponseResult
  ) async throws {
    let timing = request.cancel.map { $0.cancelTiming ?? .afterCloseSendMs(0) }
    var cancelAfterCount: Int?
    if case .afterNumResponses(let count)? = timing { cancelAfterCount = Int(count) }
    var isOpen = true
    for (index, message) in messages.enumerated() where isOpen {
      await pause()
      do {
        try await requests.send(message)
      } catch {
        // The error to report is the one that reading brings.
        result.numUnsentRequests = Int32(messages.count - index)
        break
      }
      guard request.streamType == .fullDuplexBidiStream else { continue }
      if cancelAfterCount == 0 { responses.cancel() }
      if let bytes = try await responses.next() {
        result.payloads.append(try Self.payload(bytes))
        if result.payloads.count == cancelAfterCount { responses.cancel() }
      } else {
        isOpen = false
      }
    }
    if case .beforeCloseSend? = timing { responses.cancel() }
    try? await requests.finish()
    if case .afterCloseSendMs(let delay)? = timing {
      try? await Task.sleep(for: .milliseconds(Int64(delay)))
      responses.cancel()
    }
    if cancelAfterCount == 0 { responses.cancel() }
    while isOpen, let bytes = try await responses.next() {
      result.payloads.append(try Self.payload(bytes))
      if result.payloads.count == cancelAfterCount { responses.cancel() }
    }
  }

  // MARK: Parts

  /// Every response of the service is a message whose first field is the payload.
  private static func payload(_ bytes: [UInt8]) throws -> Suite.ConformancePayload {
    do {
      return try Suite.UnaryResponse(protobuf: bytes).payload ?? Suite.ConformancePayload()
    } catch {
      throw RPCError(code: .internalError, message: "the response cannot be decoded: \(error)")
    }
  }

  private static func fill(_ result: inout Suite.ClientResponseResult, _ error: any Error) {
    var received = Suite.CallError()
    received.code = Int32(StatusCode.unknown.rawValue)
    received.wording = .message("\(error)")
    if let error = error as? RPCError {
      received.code = Int32(error.code.rawValue)
      received.wording = .message(error.message)
      if let bytes = error.metadata.bytes(ConformanceService.detailsKey),
        let rich = try? Suite.RichStatus(protobuf: bytes)
      {
        received.details = rich.details
      }
      result.responseHeaders = ConformanceService.headers(error.initialMetadata)
      result.responseTrailers = ConformanceService.headers(error.metadata)
    }
    result.error = received
  }
}
