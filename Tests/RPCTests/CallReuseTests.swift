import EventLoop
import RPC
import RPCWire
import Synchronization
import Testing

/// A server's calls begin again as other calls; nobody may see anything of the one before.
@Suite(.timeLimit(.minutes(1)))
struct CallReuseTests {
  @Test func aContextThatIsKeptStaysThatOfItsCall() async throws {
    let kept = Mutex<[CallContext]>([])
    let server = Server(configuration: .init())
    for (path, isOnLoop) in [("/t.T/One", true), ("/t.T/Two", false)] {
      let keep: @Sendable ([UInt8], CallContext) -> [UInt8] = { request, context in
        kept.withLock { $0.append(context) }
        return request
      }
      if isOnLoop {
        server.unaryOnLoop(path, keep)
      } else {
        server.unary(path) { keep($0, $1) }
      }
    }
    try server.start()
    let client = try server.makeInProcessClient()
    for index in 0..<40 {
      let path = index % 3 == 0 ? "/t.T/One" : "/t.T/Two"
      #expect(
        try await client.unary(path, [UInt8(index)], metadata: ["x-index": "\(index)"])
          == [UInt8(index)])
    }
    let contexts = kept.withLock { $0 }
    #expect(contexts.map { $0.metadata["x-index"] } == (0..<40).map { "\($0)" })
    #expect(contexts.enumerated().allSatisfy { $1.path == ($0 % 3 == 0 ? "/t.T/One" : "/t.T/Two") })
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func nothingOfOneCallReachesTheNext() async throws {
    let server = Server(configuration: .init())
    server.unaryOnLoop("/t.T/Speak") { request, context in
      #expect(context.metadata["x-secret"] == "mine")
      #expect(context.deadline != nil)
      context.setInitialMetadata(["x-initial": "one"])
      context.setTrailingMetadata(["x-trailing": "one"])
      return request
    }
    server.unaryOnLoop("/t.T/Silent") { request, context in
      #expect(context.metadata["x-secret"] == nil)
      #expect(context.metadata["x-other"] == "yours")
      #expect(context.deadline == nil)
      #expect(!context.isCancelled)
      #expect(context.initialMetadata.isEmpty && context.trailingMetadata.isEmpty)
      return request
    }
    server.unaryOnLoop("/t.T/Fail") { _, context in
      context.setTrailingMetadata(["x-trailing": "failed"])
      throw RPCError(code: .aborted, message: "no")
    }
    try server.start()
    let client = try server.makeInProcessClient()
    for _ in 0..<3 {
      _ = try await client.unary(
        "/t.T/Speak", [1], metadata: ["x-secret": "mine"],
        deadline: MonotonicTime.now() + .seconds(60))
      await #expect(throws: RPCError.self) { try await client.unary("/t.T/Fail", [1, 2, 3]) }
      #expect(try await client.unary("/t.T/Silent", [2], metadata: ["x-other": "yours"]) == [2])
    }
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func aHandlerThatOutlivesItsCallDoesNotAnswerAnother() async throws {
    let (begun, begin) = AsyncStream.makeStream(of: Void.self)
    let (released, release) = AsyncStream.makeStream(of: Void.self)
    let (ended, end) = AsyncStream.makeStream(of: String?.self)
    let server = Server(configuration: .init())
    server.unary("/t.T/Late") { (_: [UInt8], context) -> [UInt8] in
      begin.yield()
      // In a task of its own, which the call's end does not cancel.
      await Task { for await _ in released { break } }.value
      end.yield(context.metadata["x-who"])
      return [0xad]
    }
    server.unary("/t.T/Echo") { request, _ in request }
    try server.start()
    let client = try server.makeInProcessClient()
    func echoes() async throws {
      for index in 0..<20 {
        #expect(try await client.unary("/t.T/Echo", [UInt8(index)]) == [UInt8(index)])
      }
    }
    let late = Task {
      try await client.unary("/t.T/Late", [UInt8](), metadata: ["x-who": "late"])
    }
    for await _ in begun { break }
    late.cancel()
    await #expect(throws: RPCError.self) { try await late.value }
    try await echoes()
    release.yield()
    for await who in ended {
      #expect(who == "late")
      break
    }
    try await echoes()
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test(arguments: [true, false])
  func aCallThatWaitsHoldsNothingOfItsRequest(_ isWhole: Bool) async throws {
    let server = Server(configuration: .init())
    server.unary("/t.T/Echo") { request, _ in request }
    try server.start()
    let client = try RawConnection(to: server)
    // A message of 8,000 bytes, or the first half of one, and no end.
    let message: [UInt8] =
      [0, 0, 0, isWhole ? 0x1f : 0x3e, isWhole ? 0x40 : 0x80] + Array(repeating: 7, count: 8_000)
    client.send(
      RawConnection.preface + RawConnection.request("/t.T/Echo", stream: 1)
        + RawConnection.frame(0, 0, stream: 1, message)
        + RawConnection.frame(3, 0, stream: 1, [0, 0, 0, 8]))
    let loop = server.loops[0]
    while try await loop.run({ loop.idleCalls.count }) == 0 { await Task.yield() }
    #expect(try await loop.run { loop.idleCalls.heldByteCount } == 0)
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func aCallWithMuchMetadataIsNotKept() async throws {
    let server = Server(configuration: .init())
    server.unary("/t.T/Echo") { request, _ in request }
    try server.start()
    let client = try server.makeInProcessClient()
    let loop = server.loops[0]
    for (byteCount, kept) in [(100, 1), (6_000, 0), (100, 1)] {
      _ = try await client.unary(
        "/t.T/Echo", [1], metadata: ["x-text": String(repeating: "a", count: byteCount)])
      while try await loop.run({ loop.servedConnections.contains { $0.streamCount > 0 } }) {
        await Task.yield()
      }
      #expect(try await loop.run { loop.idleCalls.count } == kept)
    }
    await server.shutdown(gracePeriod: .milliseconds(200))
  }
}
