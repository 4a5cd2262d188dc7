@testable import RPCWire

/// An HTTP/1.1 session that is fed in pieces of a chosen size and records what happens, with a
/// clock that only moves when told.
final class HTTP1Server: HTTP1SessionDelegate, HTTP2StreamHandler {
  private(set) var session: HTTP1Session!
  var events: [String] = []
  var streams: [HTTP2StreamReference] = []
  var body: [UInt8] = []
  var consumesAtOnce = true
  var now: UInt64 = 1_000_000_000
  /// What a handler does with a request; by default it answers when the request has ended.
  var onRequest: ((HTTP2StreamReference) -> Void)?
  var answersAtEnd = true

  init(limits: HTTP1Limits = HTTP1Limits(), shared: HTTP2Limits = HTTP2Limits()) {
    session = HTTP1Session(
      limits: limits, shared: shared, pool: HTTP2StreamPool(), scheme: "https", now: now,
      delegate: self)
  }

  /// Feeds bytes and returns what the session sends.
  @discardableResult
  func receive(_ bytes: [UInt8], pieceByteCount: Int = .max) -> String {
    var sent = ""
    var offset = 0
    while offset < bytes.count {
      let count = min(pieceByteCount, bytes.count - offset)
      bytes.withUnsafeBytes { buffer in
        try? session.receive(
          UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + count]), now: now)
      }
      offset += count
      sent += produce()
    }
    return sent
  }

  @discardableResult
  func receive(_ text: String, pieceByteCount: Int = .max) -> String {
    receive(Array(text.utf8), pieceByteCount: pieceByteCount)
  }

  /// What the session has to send; as a transport does, until it has no more.
  func produce() -> String {
    var bytes: [UInt8] = []
    repeat {
      try? session.produce(now: now)
      bytes += session.output.bytes
      session.output.removeAll()
    } while session.hasFrames
    return String(decoding: bytes, as: UTF8.self)
  }

  func check(afterSeconds seconds: Double) -> String {
    now += UInt64(seconds * 1e9)
    session.check(now: now)
    return produce()
  }

  func session(
    _ session: HTTP1Session, receivedRequest stream: HTTP2StreamReference, headers: HeaderBlock
  ) {
    stream.setHandler(self)
    streams.append(stream)
    body = []
    var fields: [String] = []
    headers.forEach { field in
      fields.append(
        String(decoding: field.name, as: UTF8.self) + "="
          + String(decoding: field.value, as: UTF8.self))
    }
    events.append(fields.joined(separator: " "))
    onRequest?(stream)
  }
  func sessionHasOutput(_ session: HTTP1Session) {}
  func sessionWantsInput(_ session: HTTP1Session) { events.append("wants input") }
  func sessionStreamClosed(_ session: HTTP1Session) {}
  func session(_ session: HTTP1Session, exceeded limit: HTTP1Limit) {}

  func stream(_ stream: HTTP2StreamReference, receivedHeaders headers: HeaderBlock) {}
  func stream(_ stream: HTTP2StreamReference, receivedTrailers trailers: HeaderBlock) {}
  func stream(_ stream: HTTP2StreamReference, receivedData bytes: UnsafeRawBufferPointer) {
    body += bytes
    if consumesAtOnce { stream.consume(bytes.count) }
  }
  func streamReceivedEnd(_ stream: HTTP2StreamReference) {
    events.append("end \(String(decoding: body, as: UTF8.self))")
    if answersAtEnd { Self.answer(stream, "ok") }
  }
  func streamCanSend(_ stream: HTTP2StreamReference) { events.append("can send") }
  func streamClosed(_ stream: HTTP2StreamReference, reason: CallCloseReason) {
    events.append("closed \(reason)")
  }

  static func answer(_ stream: HTTP2StreamReference, _ body: String) {
    stream.sendHeaders(list((":status", "200"), ("content-length", "\(body.utf8.count)")))
    stream.sendData(Array(body.utf8))
    stream.sendEnd()
  }
}

let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
let okAndClose = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"

/// A request with its line ends written as one.
func request(_ lines: String..., body: String = "") -> String {
  lines.map { $0 + "\r\n" }.joined() + "\r\n" + body
}
