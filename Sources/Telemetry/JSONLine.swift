/// Writes one JSON object per line into a buffer that is used again and again: after the first
/// lines nothing allocates.
///
/// Text that is not UTF-8 is written with U+FFFD in its place, so that whatever a peer sends, a
/// line stays one line and valid JSON.
public struct JSONLine {
  /// The lines written since the last ``removeAll()``.
  public private(set) var bytes: [UInt8] = []
  private var isFirst = true
  private var second = Int64.min
  private var secondText: [UInt8] = []

  /// An empty buffer.
  public init() {}

  /// Forgets the lines and keeps the memory.
  public mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
  }

  /// Starts a line.
  public mutating func begin() {
    bytes.append(UInt8(ascii: "{"))
    isFirst = true
  }

  /// Ends the line.
  public mutating func end() {
    bytes.append(UInt8(ascii: "}"))
    bytes.append(UInt8(ascii: "\n"))
  }

  /// A text value.
  public mutating func field(_ name: StaticString, _ value: String) {
    key(name)
    bytes.append(UInt8(ascii: "\""))
    var value = value
    value.withUTF8 { appendEscaped(UnsafeRawBufferPointer($0), isChecked: true) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// A text value known at compile time.
  public mutating func field(_ name: StaticString, _ value: StaticString) {
    field(
      name, utf8: UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
  }

  /// A text value given as bytes of unknown quality.
  public mutating func field(_ name: StaticString, utf8 value: UnsafeRawBufferPointer) {
    key(name)
    bytes.append(UInt8(ascii: "\""))
    appendEscaped(value, isChecked: false)
    bytes.append(UInt8(ascii: "\""))
  }

  /// A whole number.
  public mutating func field(_ name: StaticString, _ value: Int) {
    key(name)
    appendDecimal(value)
  }

  /// A number; what JSON cannot write becomes null.
  public mutating func field(_ name: StaticString, _ value: Double) {
    key(name)
    bytes.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
  }

  /// true or false.
  public mutating func field(_ name: StaticString, _ value: Bool) {
    key(name)
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
  }

  /// A point in time as RFC 3339 text. Date and time of day are formatted once a second.
  public mutating func field(_ name: StaticString, _ time: Timestamp) {
    if time.seconds != second {
      second = time.seconds
      secondText.removeAll(keepingCapacity: true)
      time.appendDateAndTime(to: &secondText)
    }
    key(name)
    bytes.append(UInt8(ascii: "\""))
    bytes.append(contentsOf: secondText)
    time.appendFraction(to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func key(_ name: StaticString) {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
    bytes.append(UInt8(ascii: "\""))
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func appendDecimal(_ value: Int) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }

  private mutating func appendEscaped(_ text: UnsafeRawBufferPointer, isChecked: Bool) {
    // Nearly all values are plain ASCII: one look, one copy.
    if text.allSatisfy({ Self.isPlain($0) }) {
      bytes.append(contentsOf: text)
    } else if isChecked {
      for byte in text { appendEscaped(byte) }
    } else {
      for byte in String(decoding: text, as: UTF8.self).utf8 { appendEscaped(byte) }
    }
  }

  @inline(__always)
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  private mutating func appendEscaped(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    case 0..<0x20, 0x7F:
      let hex: StaticString = "0123456789abcdef"
      bytes.append(contentsOf: "\\u00".utf8)
      bytes.append(hex.utf8Start[Int(byte >> 4)])
      bytes.append(hex.utf8Start[Int(byte & 15)])
    default:
      bytes.append(byte)
    }
  }
}
