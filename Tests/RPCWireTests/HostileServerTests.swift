import Testing

@testable import RPCWire

/// A client's session against a server that breaks the rules, frame by frame.
struct HostileServerTests {
  typealias F = RawFrames

  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let frames: [[UInt8]]
    let errors: [String]
    var testDescription: String { name }
  }

  private static func connectionError(
    _ name: String, _ code: HTTP2ErrorCode, _ frames: [UInt8]...
  ) -> Case {
    Case(name: name, frames: frames, errors: ["GOAWAY \(code.rawValue)"])
  }

  private static func streamError(_ name: String, _ frames: [UInt8]...) -> Case {
    Case(name: name, frames: frames, errors: ["RST_STREAM 1 1"])
  }

  private static func tolerated(_ name: String, _ frames: [UInt8]...) -> Case {
    Case(name: name, frames: frames, errors: [])
  }

  private static let frameSizeError = HTTP2ErrorCode(rawValue: 6)
  private static let compressionError = HTTP2ErrorCode(rawValue: 9)

  static let connectionErrors = [
    connectionError(
      "push promise", .protocolError,
      F.frame(.pushPromise, 1, flags: F.endHeaders, F.number(2) + F.block((":method", "GET")))),
    connectionError("headers on an even stream", .protocolError, F.headers(2, end: true)),
    connectionError("headers on an idle stream", .protocolError, F.headers(5, end: true)),
    connectionError("headers on stream 0", .protocolError, F.headers(0, end: true)),
    connectionError("data on stream 0", .protocolError, F.data(0, end: true)),
    connectionError("data on an idle stream", .protocolError, F.data(5, end: true)),
    connectionError("data before headers", .protocolError, F.data(1, end: true)),
    connectionError("reset of an idle stream", .protocolError, F.reset(5)),
    connectionError(
      "window update of an idle stream", .protocolError,
      F.frame(.windowUpdate, 5, F.number(1))),
    connectionError(
      "window update by 0", .protocolError, F.frame(.windowUpdate, 0, F.number(0))),
    connectionError(
      "window over its maximum", .flowControlError,
      F.frame(.windowUpdate, 0, F.number(.max >> 1))),
    connectionError(
      "settings that lift a window over its maximum", .flowControlError,
      F.frame(.windowUpdate, 1, F.number((1 << 31) - 1 - 65_535)), F.settings((4, 65_536))),
    connectionError(
      "data after the end", .streamClosed, F.headers(1, end: true), F.data(1, end: true)),
    connectionError(
      "headers after the end", .streamClosed, F.headers(1, end: true), F.headers(1, end: true)),
    connectionError(
      "data after trailers", .streamClosed, F.headers(1, end: false),
      F.headers(1, end: true, F.block(("grpc-status", "0"))), F.data(1, end: true)),
    connectionError(
      "headers after the server's reset", .streamClosed, F.reset(1), F.headers(1, end: true)),
    connectionError(
      "continuation out of place", .protocolError,
      F.frame(.continuation, 1, flags: F.endHeaders, F.status200)),
    connectionError(
      "data within a field block", .protocolError, F.frame(.headers, 1, F.status200),
      F.data(1, end: true)),
    connectionError("push enabled by a server", .protocolError, F.settings((2, 1))),
    connectionError("settings on a stream", .protocolError, F.frame(.settings, 1)),
    connectionError("settings of 5 bytes", frameSizeError, F.frame(.settings, 0, [0, 0, 0, 0, 0])),
    connectionError("initial window over its maximum", .flowControlError, F.settings((4, 1 << 31))),
    connectionError("frame size under its minimum", .protocolError, F.settings((5, 16_383))),
    connectionError("ping of 7 bytes", frameSizeError, F.frame(.ping, 0, [0, 0, 0, 0, 0, 0, 0])),
    connectionError(
      "ping on a stream", .protocolError, F.frame(.ping, 1, .init(repeating: 0, count: 8))),
    connectionError(
      "goaway on a stream", .protocolError, F.frame(.goAway, 1, .init(repeating: 0, count: 8))),
    connectionError("priority on stream 0", .protocolError, F.priority(0, dependsOn: 1)),
    connectionError(
      "frame over the maximum", frameSizeError,
      F.frame(.data, 1, [UInt8](repeating: 0, count: 16_385))),
    connectionError("index 0", compressionError, F.headers(1, end: true, [0x80])),
    connectionError(
      "index beyond the tables", compressionError, F.headers(1, end: true, [0xff, 0])),
    connectionError(
      "table size over the limit", compressionError,
      F.headers(1, end: true, [0x3f, 0xff, 0xff, 0x7f] + F.status200)),
  ]

  static let streamErrors = [
    streamError("no status", F.headers(1, end: true, F.block(("x-a", "1")))),
    streamError("two statuses", F.headers(1, end: true, F.status200 + F.status200)),
    streamError("status that is no number", F.headers(1, end: true, F.block((":status", "2xx")))),
    streamError("status 101", F.headers(1, end: false, F.block((":status", "101")))),
    streamError(
      "request's pseudo-field", F.headers(1, end: true, F.status200 + F.block((":path", "/")))),
    streamError(
      "pseudo-field after a regular one",
      F.headers(1, end: true, F.block(("x-a", "1"), (":status", "200")))),
    streamError("upper case", F.headers(1, end: true, F.status200 + F.block(("X-A", "1")))),
    streamError("line feed", F.headers(1, end: true, F.status200 + F.block(("x-a", "1\n2")))),
    streamError("NUL", F.headers(1, end: true, F.status200 + F.block(("x-a", "1\u{0}2")))),
    streamError(
      "connection", F.headers(1, end: true, F.status200 + F.block(("connection", "close")))),
    streamError(
      "transfer-encoding",
      F.headers(1, end: true, F.status200 + F.block(("transfer-encoding", "chunked")))),
    streamError(
      "less than content-length",
      F.headers(1, end: false, F.status200 + F.block(("content-length", "4"))), F.data(1, end: true)
    ),
    streamError(
      "more than content-length",
      F.headers(1, end: false, F.status200 + F.block(("content-length", "2"))), F.data(1, end: true)
    ),
    streamError(
      "pseudo-field in trailers", F.headers(1, end: false), F.headers(1, end: true, F.status200)),
    streamError(
      "trailers without an end", F.headers(1, end: false),
      F.headers(1, end: false, F.block(("grpc-status", "0")))),
    streamError("interim response that ends", F.headers(1, end: true, F.block((":status", "103")))),
    streamError(
      "data after an interim response", F.headers(1, end: false, F.block((":status", "103"))),
      F.data(1, end: true)),
  ]

  static let toleratedFrames = [
    tolerated("whole response", F.headers(1, end: false), F.data(1, end: true)),
    tolerated(
      "interim response", F.headers(1, end: false, F.block((":status", "103"))),
      F.headers(1, end: false), F.data(1, end: true)),
    tolerated("reset after an early answer", F.headers(1, end: true), F.reset(1, 0)),
    tolerated("unknown type", F.frame(0xf7, 1, flags: 0xff, [1, 2, 3])),
    tolerated("unknown setting", F.settings((0xff, 1))),
    tolerated("unknown code", F.reset(1, 0xff)),
    tolerated(
      "window update and priority after the end", F.headers(1, end: true),
      F.frame(.windowUpdate, 1, F.number(1)), F.priority(1, dependsOn: 0)),
  ]

  /// What a client with one open request answers.
  private func answer(_ frames: [[UInt8]], _ pieceByteCount: Int) -> (Recorder, [UInt8]) {
    let client = Recorder(.client, HTTP2Limits(), HTTP2StreamPool())
    _ = client.session.submitRequest(requestHeaders(), endOfStream: false, handler: client)
    // Its acknowledgement says that the server knows of the ban on push.
    client.receive(F.settings() + F.frame(.settings, 0, flags: 1), .max, 1)
    _ = client.takeOutput()
    client.receive(Array(frames.joined()), pieceByteCount, 1)
    return (client, client.takeOutput())
  }

  @Test(arguments: connectionErrors, [1, 1000])
  func connectionEnds(_ test: Case, _ pieceByteCount: Int) {
    let (client, output) = answer(test.frames, pieceByteCount)
    #expect(RawFrames.errors(in: output).last == test.errors[0])
    #expect(!client.session.isAlive)
    #expect(client.failure == nil)
  }

  @Test(arguments: streamErrors + toleratedFrames, [1, 1000])
  func connectionGoesOn(_ test: Case, _ pieceByteCount: Int) {
    let (client, output) = answer(test.frames, pieceByteCount)
    #expect(RawFrames.errors(in: output) == test.errors)
    #expect(client.session.isAlive)
    if !test.errors.isEmpty {
      #expect(client.events.last == "closed reset(RPCWire.HTTP2ErrorCode(rawValue: 1))")
    }
  }

  @Test func whatCrossesOurResetIsTolerated() throws {
    let client = Recorder(.client, HTTP2Limits(), HTTP2StreamPool())
    let stream = try #require(
      client.session.submitRequest(requestHeaders(), endOfStream: false, handler: client))
    client.receive(F.settings(), .max, 1)
    _ = client.takeOutput()
    stream.reset(.cancel)
    _ = client.takeOutput()
    let late =
      F.headers(1, end: false) + F.data(1, end: false)
      + F.headers(1, end: true, F.block(("grpc-status", "0"))) + F.reset(1)
    client.receive(late, .max, 1)
    #expect(RawFrames.errors(in: client.takeOutput()) == [])
    #expect(client.session.isAlive)
  }

  @Test func firstFrameMustBeSettings() {
    let client = Recorder(.client, HTTP2Limits(), HTTP2StreamPool())
    client.receive(F.frame(.ping, 0, .init(repeating: 0, count: 8)), .max, 1)
    #expect(RawFrames.errors(in: client.takeOutput()) == ["GOAWAY 1"])
  }
}
