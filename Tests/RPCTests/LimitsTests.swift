import EventLoop
import RPC
import RPCWire
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LimitsTests {
  @Test func deadlineReachesTheHandlerAndCancelsItsWork() async throws {
    let cancelled = Counter()
    let server = Server(configuration: .init())
    server.unary("/t.T/Sleep") { (request: [UInt8], context) -> [UInt8] in
      #expect(context.deadline != nil)
      do {
        try await Task.sleep(for: .seconds(60))
      } catch {
        #expect(context.isCancelled)
        cancelled.add()
        throw error
      }
      return request
    }
    try server.start()
    let client = try server.makeInProcessClient()
    // On a busy machine a deadline may pass before the handler has started: then it is tried again.
    while cancelled.value == 0 {
      let error = await #expect(throws: RPCError.self) {
        try await client.unary(
          "/t.T/Sleep", [UInt8](), deadline: MonotonicTime.now() + .milliseconds(30))
      }
      #expect(error?.code == .deadlineExceeded)
      await Task.yield()
    }
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func deadlineInThePastFailsAtOnce() async throws {
    let server = Server(configuration: .init())
    try server.start()
    let client = try server.makeInProcessClient()
    let error = await #expect(throws: RPCError.self) {
      try await client.unary("/t.T/Any", [UInt8](), deadline: MonotonicTime(nanoseconds: 1))
    }
    #expect(error?.code == .deadlineExceeded)
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func cancellingTheCallerCancelsTheHandler() async throws {
    let started = Counter()
    let cancelled = Counter()
    let server = Server(configuration: .init())
    server.unary("/t.T/Sleep") { (request: [UInt8], _) -> [UInt8] in
      started.add()
      await withTaskCancellationHandler {
        try? await Task.sleep(for: .seconds(60))
      } onCancel: {
        cancelled.add()
      }
      return request
    }
    try server.start()
    let client = try server.makeInProcessClient()
    let call = Task { try await client.unary("/t.T/Sleep", [UInt8]()) }
    while started.value == 0 { await Task.yield() }
    call.cancel()
    let error = await #expect(throws: RPCError.self) { try await call.value }
    #expect(error?.code == .cancelled)
    while cancelled.value == 0 { await Task.yield() }
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func droppingAResponseStreamCancelsTheHandler() async throws {
    let cancelled = Counter()
    let server = Server(configuration: .init())
    server.serverStreaming("/t.T/Endless") { (_: [UInt8], responses, _) in
      do {
        while true { try await responses.send([1]) }
      } catch {
        cancelled.add()
        throw error
      }
    }
    try server.start()
    let client = try server.makeInProcessClient()
    do {
      let responses = try await client.serverStreaming("/t.T/Endless", [UInt8]())
      _ = try await responses.next()
    }
    while cancelled.value == 0 { await Task.yield() }
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func oversizedRequestIsResourceExhausted() async throws {
    var configuration = ServerConfiguration()
    configuration.limits.messageByteCountMax = 1000
    let server = Server(configuration: configuration)
    server.unary("/t.T/Echo") { request, _ in request }
    try server.start()
    let client = try server.makeInProcessClient()
    #expect(try await client.unary("/t.T/Echo", Array(repeating: 1, count: 1000)).count == 1000)
    let error = await #expect(throws: RPCError.self) {
      try await client.unary("/t.T/Echo", [UInt8](repeating: 1, count: 1001))
    }
    #expect(error?.code == .resourceExhausted)
    #expect(error?.message == "message too large: expected at most 1000 bytes, got 1001")
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func oversizedResponseIsResourceExhaustedAtTheClient() async throws {
    let server = Server(configuration: .init())
    server.unary("/t.T/Large") { _, _ in [UInt8](repeating: 0, count: 5000) }
    try server.start()
    var configuration = ClientConfiguration()
    configuration.messageByteCountMax = 4999
    let client = try server.makeInProcessClient(configuration: configuration)
    let error = await #expect(throws: RPCError.self) {
      try await client.unary("/t.T/Large", [UInt8]())
    }
    #expect(error?.code == .resourceExhausted)
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test(arguments: Compression.allCases)
  func compressedMessagesTravelBothWays(_ compression: Compression) async throws {
    let server = Server(configuration: .init())
    server.unary("/t.T/Echo") { request, _ in request }
    try server.start()
    var configuration = ClientConfiguration()
    configuration.compression = compression
    let client = try server.makeInProcessClient(configuration: configuration)
    let message = [UInt8](repeating: 42, count: 100_000)
    let response = try await client.unaryResponse("/t.T/Echo", message)
    #expect(response.message == message)
    #expect(response.initialMetadata["grpc-encoding"] == compression.rawValue)
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func compressedMessageIsMeasuredAfterDecompression() async throws {
    var limited = ServerConfiguration()
    limited.limits.messageByteCountMax = 50_000
    let server = Server(configuration: limited)
    server.unary("/t.T/Echo") { request, _ in request }
    try server.start()
    var configuration = ClientConfiguration()
    configuration.compression = .gzip
    let client = try server.makeInProcessClient(configuration: configuration)
    let error = await #expect(throws: RPCError.self) {
      try await client.unary("/t.T/Echo", [UInt8](repeating: 0, count: 10_000_000))
    }
    #expect(error?.code == .resourceExhausted)
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func oversizedMetadataIsRefused() async throws {
    let server = Server(configuration: .init())
    server.unary("/t.T/Echo") { request, _ in request }
    try server.start()
    let client = try server.makeInProcessClient()
    var metadata = Metadata()
    for index in 0..<200 { metadata.add("x-\(index)", "value") }
    let error = await #expect(throws: RPCError.self) {
      try await client.unary("/t.T/Echo", [UInt8](), metadata: metadata)
    }
    #expect(error?.code == .resourceExhausted)
    #expect(try await client.unary("/t.T/Echo", [1]) == [1])
    await server.shutdown(gracePeriod: .milliseconds(200))
  }
}
