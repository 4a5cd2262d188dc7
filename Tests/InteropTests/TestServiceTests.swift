import RPC
import Testing

@testable import Interop

/// Our client against our service, in one process. Against others': `make conformance`.
@Suite(.timeLimit(.minutes(2))) struct TestServiceTests {
  @Test(arguments: InteropCase.allCases) func ourClientAgreesWithOurService(
    _ testCase: InteropCase
  ) async throws {
    let server = Server(configuration: ServerConfiguration())
    TestService.register(on: server)
    try server.start()
    let client = try InteropClient(metadata: ["x-test": "1"], readDelay: .zero) { configuration in
      try server.makeInProcessClient(configuration: configuration)
    }
    try await client.run(testCase)
    client.close()
    await server.shutdown(gracePeriod: .zero)
  }

  /// A test that cannot fail proves nothing.
  @Test func aServerThatAnswersOtherwiseIsFoundOut() async throws {
    let server = Server(configuration: ServerConfiguration())
    server.unary("\(TestService.prefix)/UnaryCall") { _, _ in [] }
    server.unary("\(TestService.prefix)/EmptyCall") { _, _ in [8, 1] }
    server.unary("\(TestService.prefix)/UnimplementedCall") { _, _ in [] }
    server.bidirectional("\(TestService.prefix)/FullDuplexCall") { requests, responses, _ in
      for try await _ in requests { try await responses.send([]) }
    }
    try server.start()
    let client = try InteropClient { try server.makeInProcessClient(configuration: $0) }
    let cases: [InteropCase] = [
      .largeUnary, .clientCompressedUnary, .serverCompressedUnary, .clientStreaming,
      .serverStreaming, .clientCompressedStreaming, .serverCompressedStreaming, .halfDuplex,
      .pingPong, .statusCodeAndMessage, .specialStatusMessage, .customMetadata,
      .unimplementedMethod, .rpcSoak, .channelSoak, .cancelAfterFirstResponse,
    ]
    for testCase in cases {
      await #expect(throws: (any Error).self, "\(testCase.rawValue)") {
        try await client.run(testCase)
      }
    }
    client.close()
    await server.shutdown(gracePeriod: .zero)
  }
}
