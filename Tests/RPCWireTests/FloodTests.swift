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
    #expect(server.session.floodReason == "PING frames: more than 50 a second")
    #expect(server.session.isTerminating)
  }

  @Test func slowPingsAreAnswered() {
    let server = flood(frame: ping, count: 60, seconds: 1)
    #expect(server.session.floodReason == nil)
  }

  @Test func settingsFloodEndsTheSession() {
    let server = flood(frame: settings, count: 60)
    #expect(server.session.floodReason == "SETTINGS frames: more than 50 a second")
  }

  @Test func rapidResetEndsTheSession() throws {
    let pair = Pair()
    pair.run()
    for _ in 0..<120 {
      guard
        let stream = pair.client.session.submitRequest(
          requestHeaders(), endOfStream: true, handler: pair.client)
      else { break }
      _ = pair.move(from: pair.client, to: pair.server)
      stream.reset(.cancel)
      _ = pair.move(from: pair.client, to: pair.server)
    }
    #expect(
      pair.server.session.floodReason == "RST_STREAM frames: more than 100 a second")
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
    #expect(
      pair.server.events.first == "request :method=POST :scheme=http :path=/t.T/M :authority=t")
  }

  @Test func garbageInsteadOfAPrefaceIsAnError() {
    let pair = Pair()
    pair.server.receive(Array("GET / HTTP/1.1\r\n\r\n".utf8), .max, pair.now)
    #expect(pair.server.failure != nil)
  }
}
