import CNGHTTP2
import TestSupport
import Testing

@testable import RPCWire

/// Our rules beside libnghttp2's own, which are switched off in sessions: the same messages, broken
/// and unbroken, must have the same fate.
@Suite struct MessageRulesTests {
  typealias F = RawFrames
  typealias Fields = [(String, String)]

  /// What a server makes of frames on stream 1: whether it is reset before or with its end.
  private func isReset(_ frames: [UInt8]) -> Bool {
    let server = Recorder(.server, HTTP2Limits(), HTTP2StreamPool())
    server.receive(F.preface + F.settings() + frames, .max, 1)
    return F.errors(in: server.takeOutput()).contains("RST_STREAM 1 1")
  }

  private func block(_ fields: Fields) -> [UInt8] {
    fields.reduce(into: []) { $0 += F.block($1) }
  }

  private static let request: Fields = [
    (":method", "POST"), (":scheme", "https"), (":path", "/inference.S/M"), (":authority", "a.b:8"),
    ("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "grpc-c++/1.60"),
  ]

  /// Names and values that matter, and characters at the edges of what is allowed.
  private static let names = [
    ":method", ":scheme", ":path", ":authority", ":status", ":protocol", ":x", ":", "", "te",
    "host", "connection", "keep-alive", "upgrade", "proxy-connection", "transfer-encoding",
    "content-length", "x-abcdefgh", "X-a", "x a", "x_a.b", "abcdefgH", "x{", "cookie",
  ]
  private static let values = [
    "", "a", "/", "*", "/a b", "GET", "CONNECT", "OPTIONS", "http", "ht tp", "1http", "200", "0",
    "3", "4", "trailers", "Trailers", "gzip", " a", "a ", "a\tb", "abcdefgh\u{1}", "a\u{7f}", "ü",
    "a.b:8",
    "[::1]", "99999999999999999999", "4,4", "/\u{7f}", "?x", "a\nb", "a/b",
  ]

  @Test func brokenRequestsHaveTheFateThatTheLibraryGivesThem() {
    var generator = SplitMix64(state: 20_261_126)
    var resetCount = 0
    for _ in 0..<10_000 {
      var fields = Self.request
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        change(&fields, &generator)
      }
      let hasBody = Bool.random(using: &generator)
      var frames = F.headers(1, end: !hasBody, block(fields))
      if hasBody {
        let hasTrailers = Bool.random(using: &generator)
        frames += F.data(1, end: !hasTrailers)
        if hasTrailers {
          var trailers: Fields = [("x-a", "1")]
          if Bool.random(using: &generator) { change(&trailers, &generator) }
          frames += F.headers(1, end: Int.random(in: 0..<8, using: &generator) > 0, block(trailers))
        }
      }
      let expected = Reference(.server).isReset(F.preface + F.settings() + frames)
      if isStricter(fields) { continue }
      resetCount += expected ? 1 : 0
      #expect(isReset(frames) == expected, "\(fields) body: \(hasBody) \(frames)")
    }
    #expect(resetCount > 2_500 && resetCount < 9_750, "both fates are met: \(resetCount) resets")
  }

  private func change(_ fields: inout Fields, _ generator: inout SplitMix64) {
    func any<T>(_ list: [T]) -> T { list.randomElement(using: &generator)! }
    let index = Int.random(in: 0...fields.count, using: &generator)
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: fields.insert((any(Self.names), any(Self.values)), at: index)
    case 1: fields.insert((any(Self.names), fields.isEmpty ? "" : any(fields).1), at: index)
    case 2 where index < fields.count: fields.remove(at: index)
    case 3 where index < fields.count: fields[index].1 = any(Self.values)
    default:
      guard index < fields.count else { return }
      fields.swapAt(index, Int.random(in: 0..<fields.count, using: &generator))
    }
  }

  /// Where we ask for more than the library: a path is absolute whatever the scheme, nobody names
  /// users or another host, trailers say no length.
  private func isStricter(_ fields: Fields) -> Bool {
    let scheme = fields.first { $0.0 == ":scheme" }?.1 ?? ""
    let hosts = fields.filter { $0.0 == "host" || $0.0 == ":authority" }.map { $0.1.lowercased() }
    return !["http", "https"].contains(scheme) || Set(hosts).count > 1
  }

  @Test func brokenResponsesHaveTheFateThatTheLibraryGivesThem() {
    var generator = SplitMix64(state: 7)
    var resetCount = 0
    for _ in 0..<6_000 {
      var fields: Fields = [(":status", "200"), ("content-type", "application/grpc")]
      for _ in 0..<Int.random(in: 0...2, using: &generator) { change(&fields, &generator) }
      if Bool.random(using: &generator), let index = fields.firstIndex(where: { $0.0 == ":status" })
      {
        fields[index].1 = ["100", "103", "204", "304", "404", "99", "1000", "2x0"]
          .randomElement(using: &generator)!
      }
      var frames = F.settings()
      if Int.random(in: 0..<4, using: &generator) == 0 {
        frames += F.headers(
          1, end: Int.random(in: 0..<8, using: &generator) == 0,
          block([(":status", "103"), ("x-a", "1")]))
      }
      let hasBody = Bool.random(using: &generator)
      frames += F.headers(1, end: !hasBody, block(fields))
      if hasBody { frames += F.data(1, end: true) }
      // These have no content, which the library leaves to its user.
      let status = fields.first { $0.0 == ":status" }?.1 ?? ""
      if ["204", "304"].contains(status) || status == "101" { continue }
      let expected = Reference(.client).isReset(frames)
      resetCount += expected ? 1 : 0
      #expect(isResetByClient(frames) == expected, "\(fields) body: \(hasBody)")
    }
    #expect(resetCount > 900 && resetCount < 5_100, "both fates are met: \(resetCount) resets")
  }

  private func isResetByClient(_ frames: [UInt8]) -> Bool {
    let client = Recorder(.client, HTTP2Limits(), HTTP2StreamPool())
    _ = client.session.submitRequest(requestHeaders(), endOfStream: true, handler: client)
    _ = client.takeOutput()
    client.receive(frames, .max, 1)
    return F.errors(in: client.takeOutput()).contains("RST_STREAM 1 1")
  }

  /// What is too large is not known whole; what is known of it must be well-formed all the same.
  @Test func whatIsTooLargeIsCheckedToo() {
    let large = F.headers(1, end: true, block(Self.request) + large())
    #expect(isReset(large) == false, "a handler refuses it")
    let malformed = F.headers(1, end: true, block(Self.request + [("x", "a\nb")]) + self.large())
    #expect(isReset(malformed) == true)
    for ends in [true, false] {
      let trailers =
        F.headers(1, end: false, block(Self.request)) + F.data(1, end: false)
        + F.headers(1, end: ends, block([("x-a", "1")]) + self.large())
      #expect(isReset(trailers) == !ends, "trailers end the stream")
    }
  }

  /// More than a header list may have, which counts 32 bytes a field, in one frame.
  private func large() -> [UInt8] {
    let count = HTTP2Limits().headerListByteCountMax / 32
    return (0..<count).flatMap { _ in F.block(("x-l", "")) }
  }

  @Test(arguments: [
    "content-length: 3", "user@host", "path of another scheme",
  ])
  func whereTheRulesAreStricter(_ what: String) {
    var fields = Self.request
    var trailers: Fields = [("x-a", "1")]
    switch what {
    case "content-length: 3": trailers.append(("content-length", "3"))
    case "user@host": fields[3].1 = "user@host"
    default: fields[1].1 = "ftp"; fields[2].1 = "x"
    }
    let frames =
      F.headers(1, end: false, block(fields)) + F.data(1, end: false)
      + F.headers(1, end: true, block(trailers))
    #expect(isReset(frames))
  }

  @Test func everyCharacterIsJudgedAsByTheLibraryWhereverItStands() {
    withUnsafeTemporaryAllocation(byteCount: 40, alignment: 8) { memory in
      for count in [1, 2, 7, 8, 9, 15, 16, 17] {
        for place in 0..<count {
          for byte in UInt8.min...UInt8.max {
            for index in 0..<40 { memory[index] = 0x61 }
            // What lies behind must not matter.
            for index in count..<40 { memory[index] = 0xff }
            memory[place] = byte
            let (base, bytes) = (
              UnsafeRawPointer(memory.baseAddress!),
              memory.baseAddress!.assumingMemoryBound(to: UInt8.self)
            )
            // A colon in front is for pseudo-fields.
            #expect(
              byte == UInt8(ascii: ":") && place == 0
                || FieldSyntax.isName(base, count)
                  == (nghttp2_check_header_name(bytes, count) != 0),
              "name: \(byte) at \(place) of \(count)")
            #expect(
              FieldSyntax.isValue(base, count)
                == (nghttp2_check_header_value_rfc9113(bytes, count) != 0),
              "value: \(byte) at \(place) of \(count)")
            #expect(
              FieldSyntax.isPath(base, count) == (nghttp2_check_path(bytes, count) != 0),
              "path: \(byte) at \(place) of \(count)")
            #expect(
              FieldSyntax.all(base, count, .method) == (nghttp2_check_method(bytes, count) != 0))
            if byte != UInt8(ascii: "@") {
              #expect(
                FieldSyntax.isAuthority(base, count)
                  == (nghttp2_check_authority(bytes, count) != 0), "authority: \(byte)")
            }
          }
        }
      }
    }
  }
}

/// A session of the library's that checks messages itself.
private final class Reference {
  private var session: OpaquePointer?
  private var output: [UInt8] = []

  init(_ role: HTTP2Session.Role) {
    var callbacks: OpaquePointer?
    nghttp2_session_callbacks_new(&callbacks)
    defer { nghttp2_session_callbacks_del(callbacks) }
    switch role {
    case .server: nghttp2_session_server_new(&session, callbacks, nil)
    case .client: nghttp2_session_client_new(&session, callbacks, nil)
    }
    nghttp2_submit_settings(session, 0, nil, 0)
    guard role == .client else { return }
    var fields: [nghttp2_nv] = []
    let pairs: [(StaticString, StaticString)] = [
      (":method", "POST"), (":scheme", "http"), (":path", "/t.T/M"), (":authority", "t"),
    ]
    for (name, value) in pairs {
      fields.append(
        nghttp2_nv(
          name: UnsafeMutablePointer(mutating: name.utf8Start),
          value: UnsafeMutablePointer(mutating: value.utf8Start),
          namelen: name.utf8CodeUnitCount, valuelen: value.utf8CodeUnitCount, flags: 0))
    }
    nghttp2_submit_request(session, nil, fields, fields.count, nil, nil)
    produce()
    output = []
  }

  deinit { nghttp2_session_del(session) }

  func isReset(_ frames: [UInt8]) -> Bool {
    nghttp2_session_mem_recv(session, frames, frames.count)
    produce()
    return RawFrames.errors(in: output).contains("RST_STREAM 1 1")
  }

  private func produce() {
    var bytes: UnsafePointer<UInt8>?
    while case let count = nghttp2_session_mem_send(session, &bytes), count > 0 {
      output += UnsafeBufferPointer(start: bytes, count: count)
    }
  }
}
