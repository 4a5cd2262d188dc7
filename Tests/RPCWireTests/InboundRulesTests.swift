import Testing

@testable import RPCWire

struct InboundRulesTests {
  typealias F = RawFrames

  /// The first violation, and how many bytes were accepted before it.
  private func check(
    _ role: HTTP2Session.Role, _ frames: [[UInt8]], pieceByteCount: Int
  ) -> (accepted: Int, InboundRules.Violation?) {
    var rules = InboundRules(role: role)
    let bytes = (role == .server ? F.preface : []) + frames.joined()
    var accepted = 0
    for start in stride(from: 0, to: bytes.count, by: pieceByteCount) {
      let piece = Array(bytes[start..<min(bytes.count, start + pieceByteCount)])
      let (count, violation) = piece.withUnsafeBytes { rules.check($0) }
      accepted += count
      if violation != nil { return (accepted, violation) }
    }
    return (accepted, nil)
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let frames: [[UInt8]]
    /// The last frame breaks a rule.
    let code: HTTP2ErrorCode?
    var testDescription: String { name }
  }

  static let fromClients: [Case] = [
    Case(
      name: "requests upwards", frames: [F.headers(1, end: true), F.headers(3, end: true)],
      code: nil),
    Case(
      name: "request downwards", frames: [F.headers(5, end: true), F.headers(3, end: true)],
      code: .protocolError),
    Case(
      name: "request between used numbers",
      frames: [F.headers(1, end: true), F.headers(9, end: true), F.headers(5, end: true)],
      code: .protocolError),
    Case(
      name: "request twice", frames: [F.headers(1, end: true), F.headers(1, end: true)],
      code: .streamClosed),
    Case(
      name: "body and trailers",
      frames: [F.headers(1, end: false), F.data(1, end: false), F.headers(1, end: true)],
      code: nil),
    Case(
      name: "data after the end", frames: [F.headers(1, end: true), F.data(1, end: true)],
      code: .streamClosed),
    Case(
      name: "data after data's end",
      frames: [F.headers(1, end: false), F.data(1, end: true), F.data(1, end: false)],
      code: .streamClosed),
    Case(
      name: "data after trailers",
      frames: [F.headers(1, end: false), F.headers(1, end: true), F.data(1, end: false)],
      code: .streamClosed),
    Case(
      name: "trailers after the end",
      frames: [F.headers(1, end: false), F.data(1, end: true), F.headers(1, end: true)],
      code: .streamClosed),
    Case(
      name: "data after the client's reset",
      frames: [F.headers(1, end: false), F.reset(1), F.data(1, end: false)], code: .streamClosed),
    Case(
      name: "headers after the client's reset",
      frames: [F.headers(1, end: false), F.reset(1), F.headers(1, end: true)],
      code: .streamClosed),
    Case(
      name: "what may cross a close",
      frames: [
        F.headers(1, end: true), F.reset(1), F.reset(1),
        F.frame(.windowUpdate, 1, [0, 0, 0, 1]), F.priority(1, dependsOn: 0),
      ], code: nil),
    Case(
      name: "data on a skipped number", frames: [F.headers(5, end: true), F.data(3, end: true)],
      code: .streamClosed),
    Case(name: "priority on stream 0", frames: [F.priority(0, dependsOn: 1)], code: .protocolError),
    Case(
      name: "priority that depends on itself", frames: [F.priority(7, dependsOn: 7)],
      code: .protocolError),
    Case(
      name: "priorities that depend on others",
      frames: [F.priority(7, dependsOn: 0), F.priority(7, dependsOn: 5)], code: nil),
    Case(
      name: "field block in pieces",
      frames: [
        F.frame(.headers, 1, flags: F.endStream, [1]), F.frame(.continuation, 1, [2]),
        F.frame(.continuation, 1, flags: F.endHeaders, [3]), F.headers(3, end: true),
      ], code: nil),
    Case(
      name: "what comes within a field block is the library's to refuse",
      frames: [
        F.frame(.headers, 1, flags: F.endStream, [1]), F.data(1, end: true),
        F.headers(1, end: true), F.priority(0, dependsOn: 0),
      ], code: nil),
    Case(
      name: "data after a continued request's end",
      frames: [
        F.frame(.headers, 1, flags: F.endStream, [1]),
        F.frame(.continuation, 1, flags: F.endHeaders, [2]), F.data(1, end: true),
      ], code: .streamClosed),
    Case(
      name: "unknown types",
      frames: [F.frame(0xf7, 1, flags: 0xff, [1, 2]), F.headers(1, end: true), F.frame(0xf7, 1)],
      code: nil),
    Case(
      name: "even numbers are the library's to refuse",
      frames: [F.headers(2, end: true), F.data(2, end: true), F.data(2, end: true)], code: nil),
    Case(
      name: "idle streams are the library's to refuse",
      frames: [F.data(1, end: true), F.reset(1), F.data(1, end: true)], code: nil),
  ]

  static let fromServers: [Case] = [
    Case(
      name: "answers in any order",
      frames: [
        F.headers(5, end: true), F.headers(1, end: false), F.data(1, end: true),
        F.headers(3, end: true),
      ], code: nil),
    Case(
      name: "interim and final responses",
      frames: [F.headers(1, end: false), F.headers(1, end: false), F.headers(1, end: true)],
      code: nil),
    Case(
      name: "data after the end",
      frames: [F.headers(1, end: false), F.data(1, end: true), F.data(1, end: true)],
      code: .streamClosed),
    Case(
      name: "headers after trailers-only",
      frames: [F.headers(1, end: true), F.headers(1, end: true)],
      code: .streamClosed),
    Case(
      name: "headers after the server's reset", frames: [F.reset(1), F.headers(1, end: true)],
      code: .streamClosed),
    Case(
      name: "reset after an early answer", frames: [F.headers(1, end: true), F.reset(1, 0)],
      code: nil),
    Case(
      name: "data before headers is the library's to refuse",
      frames: [F.headers(3, end: true), F.data(1, end: true)], code: nil),
  ]

  @Test(arguments: fromClients, [1, 5, 9, 13, 1000])
  func rulesForClients(_ test: Case, _ pieceByteCount: Int) {
    verify(.server, test, pieceByteCount)
  }

  @Test(arguments: fromServers, [1, 5, 9, 13, 1000])
  func rulesForServers(_ test: Case, _ pieceByteCount: Int) {
    verify(.client, test, pieceByteCount)
  }

  private func verify(_ role: HTTP2Session.Role, _ test: Case, _ pieceByteCount: Int) {
    let (accepted, violation) = check(role, test.frames, pieceByteCount: pieceByteCount)
    #expect(violation?.code == test.code)
    let preface = role == .server ? F.preface.count : 0
    let whole = preface + test.frames.joined().count
    if violation == nil {
      #expect(accepted == whole)
    } else {
      // Everything before the offending frame, and not enough of that one to act on it.
      let start = whole - test.frames.last!.count
      #expect(accepted >= min(start, accepted) && accepted <= start + 13)
      if pieceByteCount == 1000 { #expect(accepted == start) }
    }
  }
}
