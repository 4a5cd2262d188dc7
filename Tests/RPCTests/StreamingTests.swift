import EventLoop
import RPC
import RPCWire
import Testing

@Suite(.timeLimit(.minutes(1)))
struct StreamingTests {
  @Test func clientStreamIsSummedUp() async throws {
    let server = Server(configuration: .init())
    server.clientStreaming("/t.T/Sum") { requests, _ in
      var sum: UInt8 = 0
      for try await request in requests { sum &+= request[0] }
      return [sum]
    }
    try server.start()
    let client = try server.makeInProcessClient()
    let sum = try await client.clientStreaming("/t.T/Sum") { requests in
      for value in 1...20 { try await requests.send([UInt8(value)]) }
    }
    #expect(sum == [210])
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func serverStreamArrivesInOrderAndEnds() async throws {
    let server = Server(configuration: .init())
    server.serverStreaming("/t.T/Count") { request, responses, _ in
      for value in 0..<request[0] { try await responses.send([value]) }
    }
    try server.start()
    let client = try server.makeInProcessClient()
    var received: [UInt8] = []
    for try await message in try await client.serverStreaming("/t.T/Count", [200]) {
      received += message
    }
    #expect(received == Array(0..<200))
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func bidirectionalCallAnswersEachMessage() async throws {
    let server = Server(configuration: .init())
    server.bidirectional("/t.T/Chat") { requests, responses, _ in
      for try await request in requests { try await responses.send(request + request) }
    }
    try server.start()
    let client = try server.makeInProcessClient()
    let (requests, responses) = try await client.bidirectional("/t.T/Chat")
    for value: UInt8 in 1...10 {
      try await requests.send([value])
      #expect(try await responses.next() == [value, value])
    }
    try await requests.finish()
    #expect(try await responses.next() == nil)
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func errorAfterSomeResponsesReachesTheReader() async throws {
    let server = Server(configuration: .init())
    server.serverStreaming("/t.T/Fail") { _, responses, _ in
      try await responses.send([1])
      throw RPCError(code: .aborted, message: "half way")
    }
    try server.start()
    let client = try server.makeInProcessClient()
    let responses = try await client.serverStreaming("/t.T/Fail", [UInt8]())
    #expect(try await responses.next() == [1])
    let error = await #expect(throws: RPCError.self) { try await responses.next() }
    #expect(error?.code == .aborted)
    #expect(error?.message == "half way")
    await server.shutdown(gracePeriod: .milliseconds(200))
  }

  @Test func slowReaderHoldsTheSenderBack() async throws {
    let sent = Counter()
    let server = Server(configuration: .init())
    server.serverStreaming("/t.T/Flood") { _, responses, _ in
      let message = [UInt8](repeating: 1, count: 64 << 10)
      for _ in 0..<400 {
        try await responses.send(message)
        sent.add()
      }
    }
    try server.start()
    let client = try server.makeInProcessClient()
    let responses = try await client.serverStreaming("/t.T/Flood", [UInt8]())
    // One unrelated call after another lets the flood run as far as it can.
    _ = try await responses.next()
    for _ in 0..<50 {
      _ = try? await client.unary("/t.T/None", [UInt8]())
    }
    // Bounded by windows and queues: a few MiB, not the 25 MiB of the whole stream.
    #expect(sent.value < 60)
    var count = 1
    while try await responses.next() != nil { count += 1 }
    #expect(count == 400)
    await server.shutdown(gracePeriod: .milliseconds(200))
  }
}
