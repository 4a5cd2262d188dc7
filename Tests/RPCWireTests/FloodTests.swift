import Testing

@testable import RPCWire

/// Each flood is written as raw frames, as an attacker would, after a real client's preface.
struct FloodTests {
  private func flood(
    _ limits: HTTP2Limits = HTTP2Limits(), frame: [UInt8], count: Int, seconds: Int = 0
  ) -> Recorder {
    let pair = Pair(limits: limits)
    pair.run()
    for _ in 0..<count {
      pair.server.receive(frame, .max, pair.now)
      try? pair.server.session.produce(now: pair.now)
      pair.server.session.output.removeAll()
      pair.now += UInt64(seconds) * 1_000_000_000
    }
    return pair.server
  }

  private let ping: [UInt8] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
  private let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]

  @Test func pingFloodEndsTheSession() {
    let server = flood(frame: ping, count: 60)
    #expect(server.session.exceededLimit == .pings)
    #expect(server.session.isTerminating)
    #expect(server.exceeded == [.pings], "counted once, however long the flood goes on")
  }

  @Test func slowPingsAreAnswered() {
    let server = flood(frame: ping, count: 60, seconds: 1)
    #expect(server.session.exceededLimit == nil)
  }

  @Test func settingsFloodEndsTheSession() {
    let server = flood(frame: settings, count: 60)
    #expect(server.session.exceededLimit == .settings)
  }

  @Test func answersThatNobodyReadsAreBounded() {
    var limits = HTTP2Limits()
    limits.pingsPerSecondMax = .max
    limits.controlQueueMax = 20
    let pair = Pair(limits: limits)
    pair.run()
    pair.server.receive(Array([[UInt8]](repeating: ping, count: 30).joined()), .max, pair.now)
    #expect(pair.server.session.exceededLimit == .controlQueue)
  }

  @Test func rapidResetEndsTheSession() throws {
    let pair = Pair()
    pair.run()
    // As many as may come at once, and those of the second that passes, are accepted.
    let count = resetStreams(1_200, pair)
    #expect(count > 1_000 && count <= 1_001)
    #expect(pair.server.exceeded == [.resetsReceived])
  }

  @Test func resetsAtTheAllowedRateGoOnForEver() throws {
    let pair = Pair()
    pair.run()
    for _ in 0..<100 {
      #expect(resetStreams(99, pair) == 99)
      pair.now += 1_000_000_000
    }
    #expect(pair.server.exceeded == [])
  }

  /// Opens and resets streams until the server ends the session; returns how many.
  private func resetStreams(_ max: Int, _ pair: Pair) -> Int {
    for index in 0..<max {
      guard pair.server.session.exceededLimit == nil,
        let stream = pair.client.session.submitRequest(
          requestHeaders(), endOfStream: true, handler: pair.client)
      else { return index }
      _ = pair.move(from: pair.client, to: pair.server)
      stream.reset(.cancel)
      _ = pair.move(from: pair.client, to: pair.server)
    }
    return max
  }

  /// A HEADERS frame that ends its block: POST, http, path and authority as HPACK literals.
  private func headers(_ stream: UInt8, flags: UInt8 = 0x4) -> [UInt8] {
    frame(1, flags, stream, block)
  }

  private let block: [UInt8] =
    [0x83, 0x86, 0x04, 2] + Array("/t".utf8) + [0x01, 1] + Array("t".utf8)

  private func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8]
  {
    let count = payload.count
    return [
      UInt8(count >> 16 & 0xff), UInt8(count >> 8 & 0xff), UInt8(count & 0xff), type, flags, 0, 0,
      0, stream,
    ] + payload
  }

  private func server(_ limits: HTTP2Limits = HTTP2Limits()) -> Pair {
    let pair = Pair(limits: limits)
    pair.run()
    return pair
  }

  @Test func resetsThatThePeerProvokesEndTheSession() {
    var limits = HTTP2Limits()
    limits.resetsSentPerMinuteMax = 10
    let pair = server(limits)
    var sent = 0
    // A window that overflows is a stream's error (RFC 9113 section 6.9.1): we must reset it.
    for stream in stride(from: UInt8(1), to: 101, by: 2) {
      guard pair.server.session.exceededLimit == nil else { break }
      pair.server.receive(headers(stream), .max, pair.now)
      pair.server.receive(frame(8, 0, stream, [0x7f, 0xff, 0xff, 0xff]), .max, pair.now)
      try? pair.server.session.produce(now: pair.now)
      sent += 1
    }
    #expect(sent == 11)
    #expect(pair.server.exceeded == [.resetsSent])
  }

  @Test(arguments: [UInt8(2), 0x0b, 0xff])
  func framesThatAreIgnoredAreCounted(_ type: UInt8) {
    let payload: [UInt8] = [0, 0, 0, 0, 1]
    let server = flood(frame: frame(type, 0, 1, payload), count: 600)
    #expect(server.exceeded == [.priorities])
    #expect(flood(frame: frame(type, 0, 1, payload), count: 490).exceeded == [])
  }

  @Test(arguments: [UInt8(0), 200])
  func dataWithoutPayloadIsCountedWithAndWithoutPadding(_ padding: UInt8) {
    let pair = server()
    pair.server.receive(headers(1), .max, pair.now)
    let empty =
      padding == 0
      ? frame(0, 0, 1, [])
      : frame(0, 0x8, 1, [padding] + [UInt8](repeating: 0, count: Int(padding)))
    for _ in 0..<90 { pair.server.receive(empty, .max, pair.now) }
    #expect(pair.server.exceeded == [])
    for _ in 0..<20 { pair.server.receive(empty, .max, pair.now) }
    #expect(pair.server.exceeded == [.emptyData])
  }

  @Test func windowUpdatesWithoutDataAreCounted() {
    let update = frame(8, 0, 0, [0, 0, 0, 1])
    #expect(flood(frame: update, count: 990).exceeded == [])
    #expect(flood(frame: update, count: 1_010).exceeded == [.windowUpdates])
  }

  @Test func windowUpdatesForDataAreWelcome() throws {
    var limits = HTTP2Limits()
    limits.windowUpdatesPerSecondMax = 1
    let pair = server(limits)
    let stream = try #require(
      pair.client.session.submitRequest(requestHeaders(), endOfStream: true, handler: pair.client))
    pair.run()
    pair.server.streams[0].sendHeaders(list((":status", "200")))
    for _ in 0..<100 {
      pair.server.streams[0].sendData([UInt8](repeating: 1, count: 100_000))
      pair.run()
    }
    #expect(pair.client.body.count == 10_000_000)
    #expect(pair.server.exceeded == [])
    #expect(stream.isOpen)
  }

  @Test(arguments: [1, Int.max])
  func continuationsAreCountedByFrameWhateverThePieces(_ pieceByteCount: Int) {
    func send(_ count: Int) -> Recorder {
      let pair = server()
      pair.server.receive(headers(1, flags: 0), pieceByteCount, pair.now)
      for index in 0..<count {
        let flags: UInt8 = index == count - 1 ? 0x4 : 0
        pair.server.receive(frame(9, flags, 1, []), pieceByteCount, pair.now)
      }
      return pair.server
    }
    let allowed = send(8)
    #expect(allowed.exceeded == [] && allowed.failure == nil)
    #expect(allowed.events.first?.hasPrefix("request") == true)
    #expect(send(9).exceeded == [.continuations])
  }

  @Test func anIncompleteHeaderBlockShowsItsAge() {
    let pair = server()
    #expect(pair.server.session.incompleteHeadersSince == nil)
    pair.server.receive(headers(1, flags: 0), .max, pair.now)
    let began = pair.now
    pair.now += 5_000_000_000
    pair.server.receive(frame(9, 0, 1, []), .max, pair.now)
    #expect(pair.server.session.incompleteHeadersSince == began)
    pair.server.receive(frame(9, 0x4, 1, []), .max, pair.now)
    #expect(pair.server.session.incompleteHeadersSince == nil)
  }

  @Test func aHeaderBombStopsBeingDecoded() {
    let pair = server()
    // One field of 4,000 bytes enters the table; each byte 0xbe after it is that field again.
    let value = [UInt8](repeating: UInt8(ascii: "v"), count: 4_000)
    // HPACK integers: 7-bit prefix of the value's length 4,000 = 127 + 3,873.
    let field: [UInt8] = [0x40, 1, UInt8(ascii: "x"), 0x7f, 0xa1, 0x1e] + value
    let bomb = block + field + [UInt8](repeating: 0xbe, count: 12_000)
    pair.server.receive(frame(1, 0x5, 1, bomb), .max, pair.now)
    #expect(pair.server.exceeded == [.headerList, .headerBlock])
    #expect(pair.server.session.isTerminating)
    #expect(pair.server.events == [], "the request is not handed over")
  }

  @Test func streamsBeyondTheLimitAreRefusedAndCounted() {
    var limits = HTTP2Limits()
    limits.streamsMax = 2
    let pair = server(limits)
    for stream in stride(from: UInt8(1), to: 9, by: 2) {
      pair.server.receive(headers(stream), .max, pair.now)
    }
    try? pair.server.session.produce(now: pair.now)
    #expect(pair.server.streams.count == 2)
  }

  @Test func hugeHeaderListIsMarkedAndNotKept() throws {
    var limits = HTTP2Limits()
    limits.headerListByteCountMax = 1000
    let pair = Pair(limits: limits)
    var isTooLarge = false
    pair.server.onRequest = { isTooLarge = $0.headersWereTooLarge }
    var headers = requestHeaders()
    headers.append("x-large", String(repeating: "v", count: 2000))
    _ = pair.client.session.submitRequest(headers, endOfStream: true, handler: pair.client)
    pair.run()
    #expect(isTooLarge)
    #expect(pair.server.exceeded == [.headerList])
    #expect(
      pair.server.events.first == "request :method=POST :scheme=http :path=/t.T/M :authority=t")
  }

  @Test func garbageInsteadOfAPrefaceIsAnError() {
    let pair = Pair()
    pair.server.receive(Array("GET / HTTP/1.1\r\n\r\n".utf8), .max, pair.now)
    #expect(pair.server.failure != nil)
  }
}
