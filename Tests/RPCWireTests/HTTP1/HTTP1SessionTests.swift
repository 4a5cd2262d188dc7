import Testing

@testable import RPCWire

struct HTTP1SessionTests {
  @Test(arguments: [1, 2, 7, .max])
  func requestsLookAsThoughTheyCameByHTTP2(pieceByteCount: Int) {
    let server = HTTP1Server()
    let sent = server.receive(
      request(
        "POST /v2/models/m/infer?x=1 HTTP/1.1", "Host: example.com:8443",
        "X-API-Key:  mk_1 \t", "Content-Type: application/json", "Connection: keep-alive, TE",
        "TE: trailers", "Content-Length: 5", body: "hello"), pieceByteCount: pieceByteCount)
    #expect(
      server.events == [
        ":method=POST :scheme=https :authority=example.com:8443 :path=/v2/models/m/infer?x=1 "
          + "x-api-key=mk_1 content-type=application/json content-length=5",
        "end hello", "closed completed",
      ])
    #expect(sent == ok)
    #expect(server.session.isAlive)
  }

  @Test(arguments: [1, 3, .max])
  func chunkedBodiesArePutTogether(pieceByteCount: Int) {
    let server = HTTP1Server()
    let sent = server.receive(
      request(
        "POST / HTTP/1.1", "Host: a", "Transfer-Encoding: Chunked",
        body: "4\r\nabcd\r\n0a;name=\"v\"\r\n0123456789\r\n0\r\nTrailer: dropped\r\n\r\n")
        + request("GET /next HTTP/1.1", "Host: a"), pieceByteCount: pieceByteCount)
    #expect(server.events.contains("end abcd0123456789"))
    #expect(server.events.contains(":method=GET :scheme=https :authority=a :path=/next"))
    #expect(sent == ok + ok)
  }

  @Test func requestsSentAheadAreAnsweredInOrder() {
    let server = HTTP1Server()
    server.answersAtEnd = false
    let two = request("GET /1 HTTP/1.1", "Host: a") + request("GET /2 HTTP/1.1", "Host: a")
    #expect(server.receive(two) == "")
    #expect(server.streams.count == 1, "the second waits for the first one's answer")
    HTTP1Server.answer(server.streams[0], "1")
    #expect(server.produce().hasSuffix("\r\n\r\n1"))
    #expect(server.streams.count == 2)
    HTTP1Server.answer(server.streams[1], "2")
    #expect(server.produce().hasSuffix("\r\n\r\n2"))
  }

  @Test func whoSendsTooFarAheadIsNotReadFrom() {
    let server = HTTP1Server()
    server.answersAtEnd = false
    server.receive(request("GET /1 HTTP/1.1", "Host: a"))
    server.receive(String(repeating: request("GET /2 HTTP/1.1", "Host: a"), count: 1_000))
    #expect(!server.session.wantsInput)
    server.answersAtEnd = true
    HTTP1Server.answer(server.streams[0], "1")
    let sent = server.produce()
    #expect(sent.count == ok.count - 1 + 1_000 * ok.count)
    #expect(server.session.wantsInput)
    #expect(server.events.contains("wants input"))
  }

  @Test func aBodyThatNobodyTakesIsNotReadOn() {
    let server = HTTP1Server()
    server.consumesAtOnce = false
    let window = Int(HTTP2Limits().streamWindowByteCount)
    server.receive(request("POST / HTTP/1.1", "Host: a", "Content-Length: 1000000"))
    server.receive([UInt8](repeating: 1, count: window))
    #expect(!server.session.wantsInput)
    server.streams[0].consume(100_000)
    #expect(server.session.wantsInput)
  }

  @Test func answersWithoutALengthComeInChunks() {
    let server = HTTP1Server()
    server.answersAtEnd = false
    server.receive(request("GET / HTTP/1.1", "Host: a"))
    let stream = server.streams[0]
    stream.sendHeaders(list((":status", "404"), ("connection", "keep-alive"), ("x", "y")))
    stream.sendData([UInt8]("first".utf8))
    #expect(
      server.produce()
        == "HTTP/1.1 404 Not Found\r\nx: y\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n")
    stream.sendData([UInt8](repeating: UInt8(ascii: "x"), count: 17))
    stream.sendEnd(trailers: list(("grpc-status", "0")))
    #expect(server.produce() == "11\r\nxxxxxxxxxxxxxxxxx\r\n0\r\n\r\n")
    #expect(server.receive(request("GET / HTTP/1.1", "Host: a")) == "")
  }

  @Test func headHasTheHeadAndNoBody() {
    let server = HTTP1Server()
    let sent = server.receive(
      request("HEAD / HTTP/1.1", "Host: a") + request("GET / HTTP/1.1", "Host: a"))
    #expect(sent == "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n" + ok)
  }

  @Test func anAnswerWithoutABodySaysSo() {
    let server = HTTP1Server()
    server.answersAtEnd = false
    server.onRequest = { $0.sendHeaders(list((":status", "404")), endOfStream: true) }
    #expect(
      server.receive(request("GET / HTTP/1.1", "Host: a"))
        == "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
    server.onRequest = { $0.sendHeaders(list((":status", "204")), endOfStream: true) }
    #expect(
      server.receive(request("GET / HTTP/1.1", "Host: a")) == "HTTP/1.1 204 No Content\r\n\r\n")
  }

  @Test func oldClientsAndThoseThatSayCloseAreLetGo() {
    for head in [
      request("GET / HTTP/1.0"), request("GET / HTTP/1.0", "Connection: keep-alive"),
      request("GET / HTTP/1.1", "Host: a", "Connection: close"),
    ] {
      let server = HTTP1Server()
      #expect(server.receive(head) == okAndClose)
      #expect(!server.session.isAlive)
      #expect(server.receive(request("GET / HTTP/1.1", "Host: a")) == "")
    }
  }

  @Test func anAnswerOfUnknownLengthToAnOldClientEndsWithTheConnection() {
    let server = HTTP1Server()
    server.answersAtEnd = false
    server.receive(request("GET / HTTP/1.0"))
    server.streams[0].sendHeaders(list((":status", "200")))
    server.streams[0].sendData([UInt8]("x".utf8))
    server.streams[0].sendEnd()
    #expect(server.produce() == "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nx")
    #expect(!server.session.isAlive)
  }

  @Test func whoeverWaitsForPermissionGetsItOnce() {
    let server = HTTP1Server()
    server.onRequest = { $0.sendContinue() }
    let head = request(
      "POST / HTTP/1.1", "Host: a", "Expect: 100-continue", "Content-Length: 2")
    #expect(server.receive(head) == "HTTP/1.1 100 Continue\r\n\r\n")
    server.streams[0].sendContinue()
    #expect(server.receive("hi") == ok)
    #expect(server.receive(head + "hi") == "HTTP/1.1 100 Continue\r\n\r\n" + ok)
  }

  @Test func whoeverIsRefusedBeforeTheBodyNeedNotSendIt() {
    let server = HTTP1Server()
    server.onRequest = { HTTP1Server.answer($0, "no") }
    let sent = server.receive(
      request("POST / HTTP/1.1", "Host: a", "Expect: 100-continue", "Content-Length: 2"))
    #expect(sent.contains("connection: close\r\n"))
    #expect(!server.session.isAlive)
    #expect(server.session.closesGently)
  }

  @Test func aSmallBodyAfterItsAnswerIsReadForTheConnectionsSake() {
    let server = HTTP1Server()
    server.answersAtEnd = false
    server.onRequest = { HTTP1Server.answer($0, "no") }
    server.receive(request("POST / HTTP/1.1", "Host: a", "Content-Length: 1000"))
    #expect(server.events.last == "closed completed")
    server.receive([UInt8](repeating: 0x41, count: 1000))
    server.receive(request("GET / HTTP/1.1", "Host: a"))
    #expect(server.streams.count == 2)
    // A larger one is not.
    let sent = server.receive(request("POST / HTTP/1.1", "Host: a", "Content-Length: 100000"))
    #expect(sent.contains("connection: close\r\n"))
    #expect(!server.session.isAlive)
  }

  /// A refused upload: what came before the refusal was never taken by the handler.
  @Test func aBodyGoesOnBeingReadAfterAnEarlyAnswer() {
    let server = HTTP1Server()
    server.answersAtEnd = false
    server.consumesAtOnce = false
    server.receive(request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked"))
    let chunk = "1000\r\n" + String(repeating: "x", count: 4096) + "\r\n"
    for _ in 0..<2_000 where server.session.wantsInput { server.receive(chunk) }
    #expect(!server.session.wantsInput)
    HTTP1Server.answer(server.streams[0], "no")
    _ = server.produce()
    #expect(server.session.wantsInput)
    server.receive("0\r\n\r\n")
    server.receive(request("GET / HTTP/1.1", "Host: a"))
    #expect(server.streams.count == 2)
  }

  /// Two answers to one request would be taken for those of the next one.
  @Test func aBadChunkAfterTheAnswerGetsNoSecondOne() {
    let server = HTTP1Server()
    server.answersAtEnd = false
    server.onRequest = { HTTP1Server.answer($0, "no") }
    server.receive(request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked"))
    #expect(server.receive("zz\r\n").isEmpty)
    #expect(!server.session.isAlive)
  }

  @Test func endlessChunksAfterTheAnswerEndTheConnection() {
    let server = HTTP1Server()
    server.answersAtEnd = false
    server.onRequest = { HTTP1Server.answer($0, "no") }
    server.receive(request("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked"))
    let chunk = "1000\r\n" + String(repeating: "x", count: 4096) + "\r\n"
    for _ in 0..<17 { server.receive(chunk) }
    #expect(!server.session.isAlive)
  }

  @Test func anAnswerThatBreaksOffEndsTheConnection() {
    let server = HTTP1Server()
    server.answersAtEnd = false
    server.receive(request("GET / HTTP/1.1", "Host: a"))
    server.streams[0].sendHeaders(list((":status", "200"), ("content-length", "10")))
    server.streams[0].sendData([1, 2])
    server.streams[0].reset(.internalError)
    #expect(server.events.last != "closed reset(RPCWire.HTTP2ErrorCode.cancel)")
    _ = server.produce()
    #expect(server.events.last?.hasPrefix("closed reset") == true)
    #expect(!server.session.isAlive)
  }

  @Test func largeAnswersWaitForWhoReadsThem() {
    let server = HTTP1Server()
    server.answersAtEnd = false
    server.receive(request("GET / HTTP/1.1", "Host: a"))
    let stream = server.streams[0]
    stream.sendHeaders(list((":status", "200")))
    stream.sendData([UInt8](repeating: 1, count: 300 << 10))
    #expect(!stream.canSend)
    try? server.session.produce(now: 2)
    #expect(server.session.output.count < 140 << 10)
    #expect(stream.outboundByteCount > 160 << 10)
    server.session.output.removeAll()
    _ = server.produce()
    #expect(server.events.last == "can send")
  }

  @Test func slowRequestsTimeOut() {
    let silent = HTTP1Server()
    #expect(silent.check(afterSeconds: 11) == "")
    #expect(!silent.session.isAlive)

    let head = HTTP1Server()
    head.receive(request("GET / HTTP/1.1", "Host: a"))
    head.now += 600_000_000_000
    head.receive("GET / HT")
    #expect(head.check(afterSeconds: 9) == "")
    #expect(head.check(afterSeconds: 2).hasPrefix("HTTP/1.1 408 "))
    #expect(!head.session.isAlive)

    let body = HTTP1Server()
    body.receive(request("POST / HTTP/1.1", "Host: a", "Content-Length: 100000"))
    #expect(body.check(afterSeconds: 10) == "")
    body.receive([UInt8](repeating: 1, count: 1_000))
    #expect(body.check(afterSeconds: 4) == "", "1,000 bytes are enough for four seconds")
    #expect(body.check(afterSeconds: 2).hasPrefix("HTTP/1.1 408 "))
    #expect(body.events.last == "closed reset(RPCWire.HTTP2ErrorCode(rawValue: 1))")
  }

  @Test func timeInWhichWeDoNotReadIsNotTheClients() {
    let server = HTTP1Server()
    server.consumesAtOnce = false
    let window = Int(HTTP2Limits().streamWindowByteCount)
    server.receive(request("POST / HTTP/1.1", "Host: a", "Content-Length: 1000000"))
    server.receive([UInt8](repeating: 1, count: window))
    #expect(server.check(afterSeconds: 100_000) == "")
    server.streams[0].consume(512 << 10)
    #expect(server.check(afterSeconds: 5) == "")
    #expect(server.session.isAlive)
  }

  @Test func drainingLetsTheRequestUnderWayEnd() {
    let idle = HTTP1Server()
    idle.receive(request("GET / HTTP/1.1", "Host: a"))
    idle.session.drain()
    #expect(!idle.session.isAlive)

    let busy = HTTP1Server()
    busy.answersAtEnd = false
    busy.receive(request("GET / HTTP/1.1", "Host: a"))
    busy.session.drain()
    #expect(busy.session.isAlive)
    HTTP1Server.answer(busy.streams[0], "ok")
    #expect(busy.produce() == okAndClose)
    #expect(!busy.session.isAlive)
  }

  @Test func aLostConnectionEndsItsRequest() {
    let server = HTTP1Server()
    server.answersAtEnd = false
    server.receive(request("GET / HTTP/1.1", "Host: a"))
    server.session.abandon()
    #expect(server.events.last == "closed connectionLost")
    #expect(!server.streams[0].isOpen)
    server.streams[0].sendHeaders(list((":status", "200")))
    #expect(server.produce() == "")
  }
}
