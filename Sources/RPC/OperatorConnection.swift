internal import CHTTPParser
internal import EventLoop

/// The open connections of an operator endpoint.
final class OperatorConnections {
  let loop: EventLoop
  let pages: OperatorEndpoint.Pages
  private var count = 0

  /// Scrapers and probes are few; more is a mistake.
  private static let countMax = 64

  init(loop: EventLoop, pages: OperatorEndpoint.Pages) {
    self.loop = loop
    self.pages = pages
  }

  func adopt(_ descriptor: Int32) {
    guard count < Self.countMax else { return loop.machine.close(descriptor) }
    count += 1
    OperatorConnection(self, descriptor).start()
  }

  func closed() {
    count -= 1
  }
}

/// One request and its answer; then the connection is closed. The loop keeps it alive.
final class OperatorConnection: EventHandler {
  private let owner: OperatorConnections
  private let descriptor: Int32
  private var parser = OperatorRequestParser()
  private var output: [UInt8] = []
  private var sentCount = 0
  private var timer = TimerHandle.none
  private var isClosed = false

  /// Request and answer together may take this long.
  private static let timeout = Duration.seconds(10)

  init(_ owner: OperatorConnections, _ descriptor: Int32) {
    self.owner = owner
    self.descriptor = descriptor
  }

  func start() {
    owner.loop.add(descriptor, .read, self)
    timer = owner.loop.schedule(after: Self.timeout) { [weak self] in self?.close() }
  }

  func handle(_ readiness: Readiness) {
    if output.isEmpty { read() } else { write() }
  }

  private func read() {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let result = buffer.withUnsafeMutableBytes {
      owner.loop.machine.receive(descriptor, into: $0)
    }
    switch result {
    case .bytes(0), .failed: return close()
    case .wouldBlock: return
    case .bytes(let count):
      switch parser.receive(buffer[..<count]) {
      case .incomplete: return
      case .malformed: respond("400 Bad Request", Array("malformed request\n".utf8))
      case .request(let isGet, let path): answer(isGet, path)
      }
    }
  }

  private func answer(_ isGet: Bool, _ path: String) {
    guard isGet else { return respond("405 Method Not Allowed", Array("GET only\n".utf8)) }
    switch path {
    case "/metrics":
      respond("200 OK", owner.pages.metrics(), type: "text/plain; version=0.0.4; charset=utf-8")
    case "/healthz": respond("200 OK", Array("ok\n".utf8))
    case "/readyz":
      if owner.pages.isReady() {
        respond("200 OK", Array("ready\n".utf8))
      } else {
        respond("503 Service Unavailable", Array("not ready\n".utf8))
      }
    default: respond("404 Not Found", Array("no such page\n".utf8))
    }
  }

  private func respond(
    _ status: String, _ body: [UInt8], type: String = "text/plain; charset=utf-8"
  ) {
    let head =
      "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\n"
      + "Connection: close\r\n\r\n"
    output = Array(head.utf8) + body
    write()
  }

  private func write() {
    while sentCount < output.count {
      let result = output.withUnsafeBytes {
        owner.loop.machine.send(descriptor, UnsafeRawBufferPointer(rebasing: $0[sentCount...]))
      }
      switch result {
      case .bytes(let count): sentCount += count
      case .wouldBlock: return owner.loop.modify(descriptor, .write)
      case .failed: return close()
      }
    }
    close()
  }

  private func close() {
    guard !isClosed else { return }
    isClosed = true
    owner.loop.cancel(timer)
    owner.loop.remove(descriptor)
    owner.loop.machine.close(descriptor)
    owner.closed()
  }
}

/// Reads one HTTP/1.1 request with libhttp-parser.
struct OperatorRequestParser {
  enum Outcome: Equatable {
    case incomplete
    case malformed
    case request(isGet: Bool, path: String)
  }

  fileprivate struct Seen {
    var target: [UInt8] = []
    var isComplete = false
  }

  private var parser = http_parser()
  private var seen = Seen()
  private var byteCount = 0

  /// A request has no body here, so this bounds its head.
  private static let byteCountMax = 8 << 10

  init() {
    http_parser_init(&parser, HTTP_REQUEST)
  }

  /// Takes bytes as they come.
  mutating func receive(_ bytes: ArraySlice<UInt8>) -> Outcome {
    byteCount += bytes.count
    guard byteCount <= Self.byteCountMax else { return .malformed }
    var settings = http_parser_settings()
    http_parser_settings_init(&settings)
    settings.on_url = onTarget
    settings.on_headers_complete = onHeadersComplete
    let isSound = withUnsafeMutablePointer(to: &seen) { seen in
      parser.data = UnsafeMutableRawPointer(seen)
      let taken = bytes.withUnsafeBufferPointer { buffer in
        buffer.withMemoryRebound(to: CChar.self) {
          http_parser_execute(&parser, &settings, $0.baseAddress, $0.count)
        }
      }
      parser.data = nil
      // The head may be followed by a body that nobody wants; only errors before it count.
      return seen.pointee.isComplete || (parser.http_errno == 0 && taken == bytes.count)
    }
    guard isSound else { return .malformed }
    guard seen.isComplete else { return .incomplete }
    let path = seen.target.prefix { $0 != UInt8(ascii: "?") }
    return .request(
      isGet: parser.method == HTTP_GET.rawValue,
      path: String(decoding: path, as: UTF8.self))
  }
}

// Free functions form the C callbacks: they must not inherit an actor.
private func onTarget(
  _ parser: UnsafeMutablePointer<http_parser>?, _ bytes: UnsafePointer<CChar>?, _ count: Int
) -> Int32 {
  let seen = parser!.pointee.data.assumingMemoryBound(to: OperatorRequestParser.Seen.self)
  seen.pointee.target += UnsafeRawBufferPointer(start: bytes, count: count)
  return 0
}

private func onHeadersComplete(_ parser: UnsafeMutablePointer<http_parser>?) -> Int32 {
  let seen = parser!.pointee.data.assumingMemoryBound(to: OperatorRequestParser.Seen.self)
  seen.pointee.isComplete = true
  return 0
}
