import Testing

@testable import RPCWire

/// What two readers might read differently is refused, and nothing after it is read.
struct HTTP1SmugglingTests {
  /// The status that a request gets, and that no handler saw it.
  private func refusal(_ text: String) -> String {
    for pieceByteCount in [1, .max] {
      let server = HTTP1Server()
      let sent = server.receive(
        text + request("GET /smuggled HTTP/1.1", "Host: a"), pieceByteCount: pieceByteCount)
      #expect(server.events.allSatisfy { !$0.contains("/smuggled") }, "\(text.debugDescription)")
      #expect(!server.session.isAlive || sent.isEmpty)
      guard sent.hasPrefix("HTTP/1.1 ") else { return "none" }
      if pieceByteCount == .max {
        #expect(sent.contains("connection: close\r\n"))
        return String(sent.dropFirst(9).prefix(3))
      }
    }
    return "none"
  }

  @Test(arguments: [
    "Content-Length: 3\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 3",
    "Content-Length: 3\r\nContent-Length: 3", "Content-Length: 3\r\nContent-Length: 4",
    "Content-Length: 3, 3", "Content-Length: +3", "Content-Length: -1", "Content-Length: 0x3",
    "Content-Length: 3 3", "Content-Length:", "Content-Length: 99999999999999999999",
    "Content-Length : 3", "Content-Length\t: 3", "X: 1\r\n Content-Length: 3",
    "X:\r\n folded", "X: 1\r\n\tfolded", " X: 1", "X: a\u{0}b", "X: a\rb", "X: a\u{1}b",
    "X y: 1", "X(: 1", ": 1", "no colon", "Host: b", "Connection: x-api-key",
    "Connection: authorization, close", "\u{7f}X: 1",
  ])
  func fields(_ fields: String) {
    #expect(refusal("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\nabc") == "400")
  }

  @Test(arguments: [
    "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: xchunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: \u{b}chunked", "Upgrade: h2c\r\nConnection: Upgrade",
    "Upgrade: websocket", "Connection: upgrade",
  ])
  func whatIsNotImplemented(_ fields: String) {
    let status = refusal("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\nabc")
    #expect(status == "501" || status == "400")
  }

  @Test(arguments: [
    "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET\t/ HTTP/1.1", "GET /",
    "GET / HTTP/1.1\u{1}", "GET /a b HTTP/1.1", "GET http://a/ HTTP/1.1", "GET a HTTP/1.1",
    "GET * HTTP/1.1", "OPTIONS ** HTTP/1.1", "GET /ä HTTP/1.1", "GET /a#b HTTP/1.1",
    "GET /a\\b HTTP/1.1", "G(T / HTTP/1.1", "/ HTTP/1.1", "GET / http/1.1", "GET / HTTP/1.1\r\n ",
  ])
  func requestLines(_ line: String) {
    #expect(refusal("\(line)\r\nHost: a\r\n\r\n") == "400")
  }

  @Test func otherVersionsAndMethods() {
    #expect(refusal("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == "505")
    #expect(refusal("GET / HTTP/1.2\r\nHost: a\r\n\r\n") == "505")
    #expect(refusal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == "505")
    #expect(refusal("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n") == "501")
    #expect(refusal("BREW / HTTP/1.1\r\nHost: a\r\n\r\n") == "501")
    #expect(refusal("GET / HTTP/1.1\r\n\r\n") == "400", "no Host")
    #expect(refusal("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n") == "400")
    #expect(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == "400")
    #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n") == "417")
  }

  @Test func lineEndsAreCRLF() {
    #expect(refusal("GET / HTTP/1.1\nHost: a\n\n") == "400")
    #expect(refusal("GET / HTTP/1.1\r\nHost: a\n\r\n") == "400")
    #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n") == "400")
    #expect(refusal("\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == "400")
    #expect(refusal("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == "400")
    let server = HTTP1Server()
    #expect(server.receive("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == ok, "one is forgiven")
  }

  @Test(arguments: [
    "3\nabc\r\n0\r\n\r\n", "3\r\nabcXY0\r\n\r\n", "3\rXabc\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n",
    "+3\r\nabc\r\n0\r\n\r\n", "-3\r\nabc\r\n0\r\n\r\n", "3 \r\nabc\r\n0\r\n\r\n",
    " 3\r\nabc\r\n0\r\n\r\n",
    "\r\nabc", "g\r\n", "FFFFFFFFFFFFFFFF\r\nabc", "3;\u{1}\r\nabc\r\n0\r\n\r\n",
    "3\r\nabc\r\n0\r\n folded\r\n\r\n", "3\r\nabc\r\n0\r\n: x\r\n\r\n", "3\r\nabc\r\n0\n\n",
    "3\r\nabc\r\n0\r\nX: 1\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "3;a\nb\r\nabc\r\n0\r\n\r\n",
  ])
  func chunks(_ chunks: String) {
    #expect(
      refusal("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)")
        == "400", "\(chunks.debugDescription)")
  }

  @Test func chunkLinesAndTrailersHaveLimits() {
    let long = String(repeating: "a", count: 300)
    #expect(
      refusal(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;\(long)\r\nabc\r\n")
        == "400")
    let trailers = String(repeating: "a: \(long)\r\n", count: 60)
    #expect(
      refusal(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\(trailers)\r\n")
        == "431")
  }

  @Test func headsHaveTheLimitsOfHTTP2() {
    let field = "x: \(String(repeating: "v", count: 1_000))\r\n"
    let head = { (fields: String) in "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n" }
    #expect(refusal(head(String(repeating: field, count: 20))) == "431")
    #expect(refusal(head(String(repeating: "x: y\r\n", count: 120))) == "431")
    #expect(refusal("GET /\(String(repeating: "p", count: 20_000)) HTTP/1.1\r\n") == "431")
    let server = HTTP1Server()
    #expect(server.receive(head(String(repeating: "x: y\r\n", count: 90))) == ok)
    // A head that never ends is refused as soon as it is too long.
    #expect(refusal(String(repeating: "y", count: 17_000)) == "431")
  }
}
