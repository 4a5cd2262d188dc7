import Testing

@testable import RPCWire

struct HTTP2SessionTests {
  @Test(arguments: [1, 7, Int.max])
  func requestAndResponseCrossWhateverThePieces(_ pieceByteCount: Int) throws {
    let pair = Pair()
    pair.pieceByteCount = pieceByteCount
    let stream = try #require(
      pair.client.session.submitRequest(
        requestHeaders(), endOfStream: false, handler: pair.client))
    stream.sendData([1, 2, 3])
    stream.sendEnd()
    pair.run()
    #expect(
      pair.server.events == [
        "request :method=POST :scheme=http :path=/t.T/M :authority=t", "end",
      ])
    #expect(pair.server.body == [1, 2, 3])

    pair.server.streams[0].sendHeaders(list((":status", "200")))
    pair.server.streams[0].sendData([4, 5])
    pair.server.streams[0].sendEnd(trailers: list(("grpc-status", "0")))
    pair.run()
    #expect(pair.client.body == [4, 5])
    #expect(
      pair.client.events == [
        "response :status=200", "trailers grpc-status=0", "end", "closed completed",
      ])
    #expect(pair.server.events.last == "closed completed")
    #expect(pair.server.session.streamCount == 0)
  }

  @Test func referenceOfAGoneStreamDoesNothing() throws {
    let pair = Pair()
    let stream = try #require(
      pair.client.session.submitRequest(requestHeaders(), endOfStream: true, handler: pair.client))
    pair.run()
    pair.server.streams[0].reset(.cancel)
    pair.run()
    #expect(pair.client.events == ["closed reset(RPCWire.HTTP2ErrorCode(rawValue: 8))"])
    #expect(!stream.isOpen)
    stream.sendData([1])
    stream.sendEnd()
    stream.consume(10)
    stream.reset(.cancel)
    pair.run()
    #expect(pair.server.failure == nil)
  }

  @Test func unreadBytesHoldTheSenderAndNotItsNeighbour() throws {
    var limits = HTTP2Limits()
    limits.streamWindowByteCount = 65_535
    let pair = Pair(limits: limits)
    pair.server.consumesAtOnce = false
    pair.run()
    let slow = try #require(
      pair.client.session.submitRequest(
        requestHeaders(), endOfStream: false, handler: pair.client))
    slow.sendData([UInt8](repeating: 1, count: 300_000))
    pair.run()
    #expect(pair.server.receivedByteCount == 65_535)
    #expect(slow.outboundByteCount == 300_000 - 65_535)
    let other = try #require(
      pair.client.session.submitRequest(
        requestHeaders(), endOfStream: false, handler: pair.client))
    other.sendData([UInt8](repeating: 2, count: 10_000))
    pair.run()
    #expect(pair.server.receivedByteCount == 75_535)
    pair.server.streams[0].consume(65_535)
    pair.run()
    #expect(pair.server.receivedByteCount == 75_535 + 65_535)
  }

  @Test func lostConnectionClosesEveryStream() throws {
    let pair = Pair()
    for _ in 0..<3 {
      _ = pair.client.session.submitRequest(
        requestHeaders(), endOfStream: true, handler: pair.client)
    }
    pair.run()
    pair.server.session.close()
    pair.client.session.close()
    #expect(pair.client.events == Array(repeating: "closed connectionLost", count: 3))
    #expect(pair.client.session.streamCount == 0)
  }

  @Test func streamsBeyondTheLimitWaitForTheirTurn() throws {
    var limits = HTTP2Limits()
    limits.streamsMax = 2
    let pair = Pair(limits: limits)
    pair.run()
    for _ in 0..<5 {
      _ = pair.client.session.submitRequest(
        requestHeaders(), endOfStream: true, handler: pair.client)
    }
    pair.run()
    #expect(pair.client.session.peerStreamsMax == 2)
    #expect(pair.server.streams.count == 2)
    pair.server.streams[0].sendHeaders(list((":status", "200")), endOfStream: true)
    pair.run()
    #expect(pair.server.streams.count == 3)
  }

  @Test func answerBeforeTheRequestsEndStopsTheSender() throws {
    let pair = Pair()
    let stream = try #require(
      pair.client.session.submitRequest(
        requestHeaders(), endOfStream: false, handler: pair.client))
    pair.run()
    pair.server.streams[0].sendHeaders(list((":status", "200")), endOfStream: true)
    pair.run()
    #expect(!stream.isOpen)
    #expect(pair.server.session.streamCount == 0)
  }
}
