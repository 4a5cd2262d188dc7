import Protocols
import RPC
import Testing

@testable import Interop

/// Our side of connect's conformance suite against itself. Against others: `make conformance`.
@Suite(.timeLimit(.minutes(1))) struct ConformanceTests {
  private typealias Suite = ConnectConformanceV1

  private func header(_ name: String, _ values: String...) -> Suite.Header {
    var header = Suite.Header()
    header.name = name
    header.value = values
    return header
  }

  /// Makes the call that `change` describes and returns what the client reports.
  private func run(
    _ method: String, _ type: Suite.StreamType, _ messages: [[UInt8]],
    _ change: (inout Suite.ClientCompatRequest) -> Void = { _ in }
  ) async throws -> Suite.ClientResponseResult {
    let server = Server(configuration: ServerConfiguration())
    ConformanceService.register(on: server)
    try server.start()
    var request = Suite.ClientCompatRequest()
    request.service = ConformanceService.name
    request.method = method
    request.streamType = type
    request.requestMessages = messages.map { bytes in
      var message = Suite.TypedMessage()
      message.value = bytes
      return message
    }
    change(&request)
    let client = try server.makeInProcessClient()
    let result = try await ConformanceClient(request: request, client: client).run()
    client.close()
    await server.shutdown(gracePeriod: .zero)
    return result
  }

  @Test func anErrorBringsItsDetailsHeadersAndTrailers() async throws {
    var error = Suite.CallError()
    error.code = 16
    error.wording = .message("no\nentry ☺")
    var definition = Suite.UnaryResponseDefinition()
    definition.response = .error(error)
    definition.responseHeaders = [header("x-first", "a", "b")]
    definition.responseTrailers = [header("x-last-bin", "AQID")]
    var request = Suite.UnaryRequest()
    request.responseDefinition = definition
    let result = try await run("Unary", .unary, [request.serialized()])
    #expect(result.error?.code == 16 && result.error?.wording == .message("no\nentry ☺"))
    #expect(result.error?.details.count == 1)
    let info = try Suite.RequestInfo(protobuf: result.error?.details.first?.value ?? [])
    #expect(info.requests.first?.value == request.serialized())
    #expect(result.responseHeaders.contains(header("x-first", "a", "b")))
    #expect(result.responseTrailers.contains(header("x-last-bin", "AQID")))
    #expect(result.payloads.isEmpty)
  }

  @Test func bothSidesOfAFullDuplexStreamTakeTurns() async throws {
    var definition = Suite.StreamResponseDefinition()
    definition.responseData = [[1], [2], [3]]
    var first = Suite.BidiStreamRequest()
    first.responseDefinition = definition
    first.fullDuplex = true
    let second = Suite.BidiStreamRequest()
    let result = try await run(
      "BidiStream", .fullDuplexBidiStream, [first.serialized(), second.serialized()])
    #expect(result.error == nil)
    #expect(result.payloads.map(\.data) == [[1], [2], [3]])
    #expect(result.payloads.map { $0.requestInfo?.requests.count ?? 0 } == [1, 1, 0])
  }

  @Test func aCallIsGivenUpAfterAResponse() async throws {
    var definition = Suite.StreamResponseDefinition()
    definition.responseData = [[1], [2]]
    var first = Suite.BidiStreamRequest()
    first.responseDefinition = definition
    first.fullDuplex = true
    // The service waits for the second request, so that the call cannot end before it is given up.
    let result = try await run(
      "BidiStream", .fullDuplexBidiStream,
      [first.serialized(), Suite.BidiStreamRequest().serialized()]
    ) {
      var cancel = Suite.ClientCompatRequest.Cancel()
      cancel.cancelTiming = .afterNumResponses(1)
      $0.cancel = cancel
    }
    #expect(result.error?.code == 1)
    #expect(result.payloads.map(\.data) == [[1]])
  }

  @Test func whatCannotBeCalledIsSaid() async throws {
    await #expect(throws: InteropFailure.self) { try await run("Unary", .unary, []) }
    await #expect(throws: InteropFailure.self) { try await run("Unary", .unspecified, [[]]) }
    let result = try await run("Unimplemented", .unary, [[]])
    #expect(result.error?.code == 12)
  }
}
