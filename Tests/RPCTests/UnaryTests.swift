import EventLoop
import RPC
import RPCWire
import Testing

@Suite(.timeLimit(.minutes(1)))
struct UnaryTests {
  @Test func requestIsAnsweredByAnAsyncHandler() async throws {
    let server = Server(configuration: .init())
    server.unary("/t.T/Echo") { request, _ in request + [0xff] }
    try server.start()
    let client = try server.makeInProcessClient()
    #expect(try await client.unary("/t.T/Echo", [1, 2, 3]) == [1, 2, 3, 0xff])
    #expect(try await client.unary("/t.T/Echo", []) == [0xff])
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func requestIsAnsweredByAHandlerOnTheLoop() async throws {
    let server = Server(configuration: .init())
    server.unaryOnLoop("/t.T/Echo") { request, _ in request }
    try server.start()
    let client = try server.makeInProcessClient()
    #expect(try await client.unary("/t.T/Echo", [7]) == [7])
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func statusMessageAndMetadataOfAnErrorArrive() async throws {
    let server = Server(configuration: .init())
    server.unary("/t.T/Fail") { (_: [UInt8], _) -> [UInt8] in
      throw RPCError(
        code: .notFound, message: "kein Modell „größer“ %\n",
        metadata: ["retry-after": "3", "x-many": "a", "x-many": "b"])
    }
    try server.start()
    let client = try server.makeInProcessClient()
    let error = await #expect(throws: RPCError.self) {
      try await client.unary("/t.T/Fail", [UInt8]())
    }
    #expect(error?.code == .notFound)
    #expect(error?.message == "kein Modell „größer“ %\n")
    #expect(error?.metadata["retry-after"] == "3")
    #expect(error?.metadata.all("x-many") == ["a", "b"])
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func metadataTravelsBothWays() async throws {
    let server = Server(configuration: .init())
    server.unary("/t.T/Meta") { (request: [UInt8], context) -> [UInt8] in
      #expect(context.metadata["x-text"] == "hello")
      #expect(context.metadata.bytes("x-data-bin") == [0, 255, 1])
      #expect(context.path == "/t.T/Meta")
      context.setInitialMetadata(["x-initial": "one"])
      var trailing = Metadata()
      trailing.add("x-trailing-bin", bytes: [9, 8, 7, 6])
      context.setTrailingMetadata(trailing)
      return request
    }
    try server.start()
    let client = try server.makeInProcessClient()
    var metadata: Metadata = ["x-text": "hello"]
    metadata.add("x-data-bin", bytes: [0, 255, 1])
    let response = try await client.unaryResponse("/t.T/Meta", [5], metadata: metadata)
    #expect(response.message == [5])
    #expect(response.initialMetadata["x-initial"] == "one")
    #expect(response.trailingMetadata.bytes("x-trailing-bin") == [9, 8, 7, 6])
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func unknownMethodIsUnimplemented() async throws {
    let server = Server(configuration: .init())
    try server.start()
    let client = try server.makeInProcessClient()
    let error = await #expect(throws: RPCError.self) {
      try await client.unary("/t.T/Nothing", [UInt8]())
    }
    #expect(error?.code == .unimplemented)
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func largeMessagesCrossTheWindows() async throws {
    let server = Server(configuration: .init())
    server.unary("/t.T/Echo") { request, _ in request }
    try server.start()
    let client = try server.makeInProcessClient()
    let message = (0..<(5 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    #expect(try await client.unary("/t.T/Echo", message) == message)
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func manyCallsAtOnceAreAllAnswered() async throws {
    let server = Server(configuration: .init())
    server.unary("/t.T/Echo") { request, _ in request }
    try server.start()
    let client = try server.makeInProcessClient()
    let answers = try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<300 {
        group.addTask {
          Int(try await client.unary("/t.T/Echo", [UInt8(index & 255)])[0]) - (index & 255)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(answers.count == 300)
    #expect(answers.allSatisfy { $0 == 0 })
    await server.shutdown(gracePeriod: .milliseconds(200))
  }
}
