internal import CHTTPParser

/// A request's head, read by libhttp-parser behind checks of our own: what is taken here must not
/// be readable in another way by a proxy in front (request smuggling), so what is unusual is
/// refused rather than repaired. Points into the head's bytes.
struct HTTP1RequestHead {
  enum Body: Equatable {
    case none
    case counted(Int)
    case chunked
  }

  typealias Field = (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)

  private(set) var method = UnsafeRawBufferPointer(start: nil, count: 0)
  private(set) var target = UnsafeRawBufferPointer(start: nil, count: 0)
  private(set) var host = UnsafeRawBufferPointer(start: nil, count: 0)
  /// The fields that mean something beyond this connection.
  private(set) var fields: [Field] = []
  private(set) var body = Body.none
  private(set) var expectsContinue = false
  /// The client sends nothing after this request, or the version has no way to say so.
  private(set) var isLast = false
  private(set) var isHTTP10 = false

  private var hostCount = 0
  private var length: Int?
  private var isChunked = false

  /// Reads a whole head, its empty line included.
  init(_ head: UnsafeRawBufferPointer) throws(HTTP1Error) {
    try readRequestLine(head)
    for field in try HTTP1Library.fields(of: head) { try read(field) }
    if hostCount > 1 { throw .malformed("expected one Host, got more") }
    if hostCount == 0, !isHTTP10 { throw .malformed("expected a Host, got none") }
    switch (length, isChunked) {
    case (.some, true):
      throw .malformed("expected Content-Length or Transfer-Encoding, got both")
    case (.some(let length), false): body = length == 0 ? .none : .counted(length)
    case (nil, true):
      if isHTTP10 { throw .malformed("HTTP/1.0 has no Transfer-Encoding") }
      body = .chunked
    case (nil, false): break
    }
    if isHTTP10 { isLast = true }
  }

  // MARK: The request line

  private mutating func readRequestLine(_ head: UnsafeRawBufferPointer) throws(HTTP1Error) {
    var end = 0
    while head[end] != UInt8(ascii: "\r") { end += 1 }
    let line = UnsafeRawBufferPointer(rebasing: head[..<end])
    let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else {
      throw .malformed("the request line: expected method, target and version with a space between")
    }
    method = UnsafeRawBufferPointer(rebasing: parts[0])
    target = UnsafeRawBufferPointer(rebasing: parts[1])
    let version = UnsafeRawBufferPointer(rebasing: parts[2])
    guard method.allSatisfy(HTTP1Token.contains) else {
      throw .malformed("the method has characters that are not allowed")
    }
    isHTTP10 = version.equals("HTTP/1.0")
    guard isHTTP10 || version.equals("HTTP/1.1") else {
      throw version.count == 8 && version.hasPrefix("HTTP/")
        ? HTTP1Error(505, "expected HTTP/1.1, or HTTP/2 by ALPN, got another version")
        : .malformed("the request line: expected it to end in HTTP/1.1")
    }
    if method.equals("CONNECT") { throw HTTP1Error(501, "CONNECT is refused: this is no tunnel") }
    try checkTarget()
  }

  /// Origin form only: with an absolute form, target and Host could name different authorities.
  private func checkTarget() throws(HTTP1Error) {
    if target.equals("*"), method.equals("OPTIONS") { return }
    guard target.first == UInt8(ascii: "/") else {
      throw .malformed("the target: expected a path that starts with /, got another form")
    }
    for byte in target {
      switch byte {
      case 0x00...0x20, 0x7f...0xff, UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "<"),
        UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"),
        UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
        throw .malformed("the target has characters that a URI does not have")
      default: break
      }
    }
  }

  // MARK: The fields

  private mutating func read(_ field: Field) throws(HTTP1Error) {
    switch field.name.count {
    case 2 where field.name.isFolded("te"): break
    case 4 where field.name.isFolded("host"): try readHost(field.value)
    case 6 where field.name.isFolded("expect"):
      guard field.value.isFolded("100-continue") else {
        throw HTTP1Error(417, "Expect: only 100-continue can be met")
      }
      expectsContinue = !isHTTP10
    case 7 where field.name.isFolded("upgrade"):
      throw HTTP1Error(501, "Upgrade is refused: HTTP/2 is agreed on in TLS (ALPN h2)")
    case 7 where field.name.isFolded("trailer"): break
    case 10 where field.name.isFolded("connection"): try readConnection(field.value)
    case 10 where field.name.isFolded("keep-alive"): break
    case 14 where field.name.isFolded("content-length"):
      guard length == nil, let value = Self.decimal(field.value) else {
        throw .malformed("Content-Length: expected one number of at most 15 digits")
      }
      length = value
      fields.append(field)
    case 14 where field.name.isFolded("http2-settings"): break
    case 16 where field.name.isFolded("proxy-connection"): break
    case 17 where field.name.isFolded("transfer-encoding"):
      guard !isChunked, field.value.isFolded("chunked") else {
        throw HTTP1Error(501, "Transfer-Encoding: expected chunked alone")
      }
      isChunked = true
    default: fields.append(field)
    }
  }

  private mutating func readHost(_ value: UnsafeRawBufferPointer) throws(HTTP1Error) {
    hostCount += 1
    host = value
    for byte in value {
      switch byte {
      case 0x00...0x20, 0x7f...0xff, UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"),
        UInt8(ascii: "@"), UInt8(ascii: "\\"), UInt8(ascii: ","):
        throw .malformed("Host has characters that a host does not have")
      default: break
      }
    }
  }

  /// Other options would have to take the fields away that they name, the key for example: nobody
  /// needs that from a client.
  private mutating func readConnection(_ value: UnsafeRawBufferPointer) throws(HTTP1Error) {
    for item in value.split(separator: UInt8(ascii: ",")) {
      let option = UnsafeRawBufferPointer(rebasing: item).trimmed
      if option.isFolded("close") {
        isLast = true
      } else if option.isFolded("upgrade") {
        throw HTTP1Error(501, "Upgrade is refused: HTTP/2 is agreed on in TLS (ALPN h2)")
      } else if !option.isFolded("keep-alive"), !option.isFolded("te"), !option.isEmpty {
        throw .malformed("Connection: expected close or keep-alive, got another option")
      }
    }
  }

  private static func decimal(_ value: UnsafeRawBufferPointer) -> Int? {
    guard (1...15).contains(value.count) else { return nil }
    var number = 0
    for byte in value {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      number = number * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return number
  }
}

/// The part of libhttp-parser that is used: the fields of a head.
private enum HTTP1Library {
  struct Seen {
    var fields: [HTTP1RequestHead.Field] = []
    var isComplete = false
  }

  // Sendable by hand: the callbacks are not changed after they were set.
  private struct Settings: @unchecked Sendable {
    var settings = http_parser_settings()

    init() {
      http_parser_settings_init(&settings)
      settings.on_header_field = onFieldName
      settings.on_header_value = onFieldValue
      settings.on_headers_complete = onHeadersComplete
    }
  }
  private static let settings = Settings()

  static func fields(
    of head: UnsafeRawBufferPointer
  ) throws(HTTP1Error) -> [HTTP1RequestHead.Field] {
    var seen = Seen()
    var parser = http_parser()
    http_parser_init(&parser, HTTP_REQUEST)
    withUnsafeMutablePointer(to: &seen) { seen in
      parser.data = UnsafeMutableRawPointer(seen)
      withUnsafePointer(to: settings.settings) { settings in
        _ = http_parser_execute(
          &parser, settings, head.baseAddress?.assumingMemoryBound(to: CChar.self), head.count)
      }
      parser.data = nil
    }
    guard seen.isComplete else { throw error(http_errno(parser.http_errno)) }
    for index in seen.fields.indices {
      try check(seen.fields[index].name)
      seen.fields[index].value = seen.fields[index].value.trimmed
      try check(value: seen.fields[index].value)
    }
    return seen.fields
  }

  private static func error(_ code: http_errno) -> HTTP1Error {
    switch code {
    case HPE_INVALID_METHOD: HTTP1Error(501, "the method is not known")
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      .malformed("expected one Content-Length, or Transfer-Encoding instead, got more")
    case HPE_INVALID_CONTENT_LENGTH: .malformed("Content-Length: expected one number")
    case HPE_INVALID_TRANSFER_ENCODING:
      HTTP1Error(501, "Transfer-Encoding: expected chunked alone")
    default: .malformed("the head is malformed: \(String(cString: http_errno_description(code)))")
    }
  }

  /// The library, as Debian builds it, takes spaces in a name, before the colon for example.
  private static func check(_ name: UnsafeRawBufferPointer) throws(HTTP1Error) {
    guard !name.isEmpty, name.allSatisfy(HTTP1Token.contains) else {
      throw .malformed("a field's name has characters that are not allowed, such as a space")
    }
  }

  /// A folded line would show as a line end in the value.
  private static func check(value: UnsafeRawBufferPointer) throws(HTTP1Error) {
    for byte in value where byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7f {
      throw .malformed("a field's value has control characters, or goes on in the next line")
    }
  }
}

// Free functions form the C callbacks: they must not inherit an actor.

private func onFieldName(
  _ parser: UnsafeMutablePointer<http_parser>?, _ bytes: UnsafePointer<CChar>?, _ count: Int
) -> Int32 {
  let seen = parser!.pointee.data.assumingMemoryBound(to: HTTP1Library.Seen.self)
  seen.pointee.fields.append(
    (
      UnsafeRawBufferPointer(start: bytes, count: count),
      UnsafeRawBufferPointer(start: nil, count: 0)
    ))
  return 0
}

private func onFieldValue(
  _ parser: UnsafeMutablePointer<http_parser>?, _ bytes: UnsafePointer<CChar>?, _ count: Int
) -> Int32 {
  let seen = parser!.pointee.data.assumingMemoryBound(to: HTTP1Library.Seen.self)
  guard let last = seen.pointee.fields.indices.last, let bytes else { return 0 }
  // A value that comes in pieces is one run of the head's bytes, line ends included.
  let start = seen.pointee.fields[last].value.baseAddress ?? UnsafeRawPointer(bytes)
  seen.pointee.fields[last].value = UnsafeRawBufferPointer(
    start: start, count: UnsafeRawPointer(bytes) + count - start)
  return 0
}

private func onHeadersComplete(_ parser: UnsafeMutablePointer<http_parser>?) -> Int32 {
  let seen = parser!.pointee.data.assumingMemoryBound(to: HTTP1Library.Seen.self)
  seen.pointee.isComplete = true
  return 0
}

extension UnsafeRawBufferPointer {
  /// Compares with a lower-case constant, whatever the case here.
  func isFolded(_ other: StaticString) -> Bool {
    guard count == other.utf8CodeUnitCount else { return false }
    for index in 0..<count {
      var byte = self[index]
      if byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z") { byte |= 0x20 }
      guard byte == other.utf8Start[index] else { return false }
    }
    return true
  }

  /// Without the spaces and tabs at both ends.
  var trimmed: UnsafeRawBufferPointer {
    var (start, end) = (0, count)
    while start < end, self[start] == 0x20 || self[start] == 0x09 { start += 1 }
    while end > start, self[end - 1] == 0x20 || self[end - 1] == 0x09 { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: self[start..<end])
  }
}
