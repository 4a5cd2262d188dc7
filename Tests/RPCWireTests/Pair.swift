@testable import RPCWire

/// A client and a server session that talk to each other in memory, in pieces of a chosen size,
/// with a clock that only moves when told.
final class Pair {
  let client: Recorder
  let server: Recorder
  var now: UInt64 = 1_000_000_000
  var pieceByteCount = Int.max

  init(limits: HTTP2Limits = HTTP2Limits()) {
    let pool = HTTP2StreamPool()
    client = Recorder(.client, HTTP2Limits(), pool)
    server = Recorder(.server, limits, pool)
  }

  /// Moves bytes until both are silent.
  func run() {
    var moved = true
    while moved {
      moved = move(from: client, to: server)
      moved = move(from: server, to: client) || moved
    }
  }

  func move(from: Recorder, to: Recorder) -> Bool {
    try? from.session.produce(now: now)
    let bytes = [UInt8](from.session.output.bytes)
    from.session.output.removeAll()
    to.receive(bytes, pieceByteCount, now)
    return !bytes.isEmpty
  }
}

extension WireSession {
  /// What a transport asks for in clear text.
  func produce(now: UInt64) throws(HTTP2SessionError) { try produce(upTo: 128 << 10, now: now) }
}

/// One side of a pair: its session, and all that happened.
final class Recorder: HTTP2SessionDelegate, HTTP2StreamHandler {
  private(set) var session: HTTP2Session!
  var events: [String] = []
  var streams: [HTTP2StreamReference] = []
  var body: [UInt8] = []
  var consumesAtOnce = true
  var receivedByteCount = 0
  var failure: HTTP2SessionError?
  var exceeded: [HTTP2Limit] = []
  var lastVersion: UInt64 = 0
  var onRequest: ((HTTP2StreamReference) -> Void)?
  var onData: ((HTTP2StreamReference, UnsafeRawBufferPointer) -> Void)?

  init(_ role: HTTP2Session.Role, _ limits: HTTP2Limits, _ pool: HTTP2StreamPool) {
    session = HTTP2Session(role: role, limits: limits, pool: pool, delegate: self)
  }

  /// Everything that the session has to send.
  func takeOutput(now: UInt64 = 1) -> [UInt8] {
    try? session.produce(now: now)
    defer { session.output.removeAll() }
    return [UInt8](session.output.bytes)
  }

  func receive(_ bytes: [UInt8], _ pieceByteCount: Int, _ now: UInt64) {
    var offset = 0
    while offset < bytes.count, failure == nil {
      let count = min(pieceByteCount, bytes.count - offset)
      bytes.withUnsafeBytes { buffer in
        do throws(HTTP2SessionError) {
          try session.receive(
            UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + count]), now: now)
        } catch {
          failure = error
        }
      }
      offset += count
    }
  }

  private func text(_ headers: HeaderBlock) -> String {
    var parts: [String] = []
    headers.forEach { field in
      parts.append(
        String(decoding: field.name, as: UTF8.self) + "="
          + String(decoding: field.value, as: UTF8.self))
    }
    return parts.joined(separator: " ")
  }

  func session(
    _ session: HTTP2Session, receivedRequest stream: HTTP2StreamReference, headers: HeaderBlock
  ) {
    stream.setHandler(self)
    streams.append(stream)
    lastVersion = headers.version
    events.append("request \(text(headers))")
    onRequest?(stream)
  }
  func session(_ session: HTTP2Session, exceeded limit: HTTP2Limit) { exceeded.append(limit) }
  func sessionHasOutput(_ session: HTTP2Session) {}
  func sessionReceivedSettings(_ session: HTTP2Session) {}
  func sessionReceivedGoAway(_ session: HTTP2Session) { events.append("goaway") }
  func sessionReceivedPingAcknowledgement(_ session: HTTP2Session) { events.append("ping ack") }
  func sessionStreamClosed(_ session: HTTP2Session) {}

  func stream(_ stream: HTTP2StreamReference, receivedHeaders headers: HeaderBlock) {
    events.append("response \(text(headers))")
  }
  func stream(_ stream: HTTP2StreamReference, receivedTrailers trailers: HeaderBlock) {
    events.append("trailers \(text(trailers))")
  }
  func stream(_ stream: HTTP2StreamReference, receivedData bytes: UnsafeRawBufferPointer) {
    body += bytes
    receivedByteCount += bytes.count
    onData?(stream, bytes)
    if consumesAtOnce { stream.consume(bytes.count) }
  }
  func streamReceivedEnd(_ stream: HTTP2StreamReference) { events.append("end") }
  func streamCanSend(_ stream: HTTP2StreamReference) { events.append("can send") }
  func streamClosed(_ stream: HTTP2StreamReference, reason: CallCloseReason) {
    events.append("closed \(reason)")
  }
}

func requestHeaders(_ path: String = "/t.T/M") -> HeaderList {
  var headers = HeaderList()
  headers.append(":method", "POST" as StaticString)
  headers.append(":scheme", "http" as StaticString)
  headers.append(":path", path)
  headers.append(":authority", "t" as StaticString)
  return headers
}

func list(_ pairs: (String, String)...) -> HeaderList {
  var headers = HeaderList()
  for (name, value) in pairs { headers.append(name, value) }
  return headers
}
