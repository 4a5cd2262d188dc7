internal import Glibc

/// Writes one JSON object per line into a buffer that is used again and again: after the first
/// lines nothing allocates.
///
/// Text that is not UTF-8 is written with U+FFFD in its place, so that whatever a peer sends, a
/// line stays one line and valid JSON.
public struct JSONLine: ~Copyable {
  // An access log writes a dozen fields for each request: bytes behind a pointer cost a fraction
  // of an array's checks for uniqueness and room at every append.
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  /// The number of bytes written since the last ``removeAll()``.
  public private(set) var byteCount = 0
  private var isFirst = true
  private var second = Int64.min
  /// `2026-11-23T23:50:34` of ``second``.
  private var secondText: [UInt8] = []

  /// An empty buffer.
  public init() {
    capacity = 512
    base = .allocate(capacity: capacity)
  }

  deinit {
    base.deallocate()
  }

  /// A copy of the lines written since the last ``removeAll()``.
  public var bytes: [UInt8] { [UInt8](written) }

  /// The lines written since the last ``removeAll()``; valid until the next change.
  public var written: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: base, count: byteCount)
  }

  /// Forgets the lines and keeps the memory.
  public mutating func removeAll() {
    byteCount = 0
  }

  /// Starts a line.
  public mutating func begin() {
    append(UInt8(ascii: "{"))
    isFirst = true
  }

  /// Ends the line.
  public mutating func end() {
    append(UInt8(ascii: "}"))
    append(UInt8(ascii: "\n"))
  }

  /// A text value.
  public mutating func field(_ name: StaticString, _ value: String) {
    var value = value
    key(name)
    value.withUTF8 { appendQuoted(UnsafeRawBufferPointer($0), isUTF8: true) }
  }

  /// A text value known at compile time, which needs no escaping.
  public mutating func field(_ name: StaticString, _ value: StaticString) {
    key(name)
    append(UInt8(ascii: "\""))
    append(value.utf8Start, value.utf8CodeUnitCount)
    append(UInt8(ascii: "\""))
  }

  /// A text value given as bytes that need no escaping: printable ASCII without `"` and `\`.
  public mutating func field(_ name: StaticString, plain value: UnsafeRawBufferPointer) {
    key(name)
    append(UInt8(ascii: "\""))
    if let start = value.baseAddress {
      append(start.assumingMemoryBound(to: UInt8.self), value.count)
    }
    append(UInt8(ascii: "\""))
  }

  /// A text value given as bytes of unknown quality.
  public mutating func field(_ name: StaticString, utf8 value: UnsafeRawBufferPointer) {
    key(name)
    appendQuoted(value, isUTF8: false)
  }

  /// A whole number.
  public mutating func field(_ name: StaticString, _ value: Int) {
    key(name)
    appendDecimal(value)
  }

  /// A number; what JSON cannot write becomes null.
  public mutating func field(_ name: StaticString, _ value: Double) {
    key(name)
    append(value.isFinite ? "\(value)" : "null")
  }

  /// true or false.
  public mutating func field(_ name: StaticString, _ value: Bool) {
    key(name)
    append(value ? "true" : "false")
  }

  /// A point in time as RFC 3339 text. Date and time of day are formatted once a second.
  public mutating func field(_ name: StaticString, _ time: Timestamp) {
    if time.seconds != second {
      second = time.seconds
      secondText.removeAll(keepingCapacity: true)
      time.appendDateAndTime(to: &secondText)
    }
    key(name)
    append(UInt8(ascii: "\""))
    secondText.withUnsafeBufferPointer { append($0.baseAddress!, $0.count) }
    append(UInt8(ascii: "."))
    appendDigits(UInt(time.nanoseconds) / 1_000, count: 6)
    append(UInt8(ascii: "Z"))
    append(UInt8(ascii: "\""))
  }

  /// Fields that were made before.
  public mutating func fields(_ fields: JSONFields) {
    guard !fields.bytes.isEmpty else { return }
    separate()
    fields.bytes.withUnsafeBufferPointer { append($0.baseAddress!, $0.count) }
  }

  // MARK: Parts

  @inline(__always)
  private mutating func separate() {
    if !isFirst { append(UInt8(ascii: ",")) }
    isFirst = false
  }

  @inline(__always)
  private mutating func key(_ name: StaticString) {
    separate()
    append(UInt8(ascii: "\""))
    append(name.utf8Start, name.utf8CodeUnitCount)
    append(UInt8(ascii: "\""))
    append(UInt8(ascii: ":"))
  }

  private mutating func appendDecimal(_ value: Int) {
    if value < 0 { append(UInt8(ascii: "-")) }
    var digitCount = 1
    var rest = value.magnitude / 10
    while rest > 0 {
      digitCount += 1
      rest /= 10
    }
    appendDigits(value.magnitude, count: digitCount)
  }

  /// Exactly `count` digits, with zeros in front.
  private mutating func appendDigits(_ value: UInt, count: Int) {
    reserve(count)
    var rest = value
    var digit = base + (byteCount + count)
    for _ in 0..<count {
      digit -= 1
      digit.pointee = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    byteCount += count
  }

  private mutating func appendQuoted(_ text: UnsafeRawBufferPointer, isUTF8: Bool) {
    append(UInt8(ascii: "\""))
    // Nearly all values are plain ASCII: one look, one copy.
    if text.allSatisfy({ Self.isPlain($0) }) {
      if let start = text.baseAddress {
        append(start.assumingMemoryBound(to: UInt8.self), text.count)
      }
    } else if isUTF8 {
      for byte in text { appendEscaped(byte) }
    } else {
      for byte in String(decoding: text, as: UTF8.self).utf8 { appendEscaped(byte) }
    }
    append(UInt8(ascii: "\""))
  }

  @inline(__always)
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  private mutating func appendEscaped(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      append(UInt8(ascii: "\\"))
      append(byte)
    case 0..<0x20, 0x7F:
      let hex: StaticString = "0123456789abcdef"
      append("\\u00")
      append(hex.utf8Start[Int(byte >> 4)])
      append(hex.utf8Start[Int(byte & 15)])
    default:
      append(byte)
    }
  }

  // MARK: Bytes

  private mutating func append(_ text: String) {
    for byte in text.utf8 { append(byte) }
  }

  @inline(__always)
  private mutating func append(_ byte: UInt8) {
    reserve(1)
    base[byteCount] = byte
    byteCount += 1
  }

  @inline(__always)
  private mutating func append(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
    reserve(count)
    memcpy(base + byteCount, bytes, count)
    byteCount += count
  }

  @inline(__always)
  private mutating func reserve(_ count: Int) {
    if capacity - byteCount < count { grow(count) }
  }

  @inline(never)
  private mutating func grow(_ count: Int) {
    capacity = max(byteCount + count, capacity * 2)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    memcpy(larger, base, byteCount)
    base.deallocate()
    base = larger
  }
}

/// Fields of a ``JSONLine`` that are the same in many lines, made once.
public struct JSONFields: Sendable {
  let bytes: [UInt8]

  /// No fields.
  public init() {
    bytes = []
  }

  /// The fields that `body` adds.
  public init(_ body: (inout JSONLine) -> Void) {
    var line = JSONLine()
    body(&line)
    bytes = line.bytes
  }
}
