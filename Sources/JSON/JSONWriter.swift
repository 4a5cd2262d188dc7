internal import CSimdjson

/// Appends JSON to bytes. The caller opens and closes objects and arrays in pairs; commas come by
/// themselves.
public struct JSONWriter: Sendable {
  /// What has been written so far.
  public private(set) var bytes: [UInt8] = []
  private var needsComma = false

  /// A writer without output.
  public init() {}

  /// Makes room for `byteCount` more bytes at once.
  public mutating func reserve(_ byteCount: Int) {
    bytes.reserveCapacity(bytes.count + byteCount)
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func write(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  /// `{`, members by `body`, `}`.
  public mutating func object(_ body: (inout JSONWriter) -> Void) {
    separate()
    bytes.append(UInt8(ascii: "{"))
    needsComma = false
    body(&self)
    bytes.append(UInt8(ascii: "}"))
    needsComma = true
  }

  /// `[`, values by `body`, `]`.
  public mutating func array(_ body: (inout JSONWriter) -> Void) {
    separate()
    bytes.append(UInt8(ascii: "["))
    needsComma = false
    body(&self)
    bytes.append(UInt8(ascii: "]"))
    needsComma = true
  }

  /// A member's name; its value follows.
  public mutating func key(_ name: String) {
    string(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// Text.
  public mutating func string(_ text: String) {
    var text = text
    text.withUTF8 { escaped(UnsafeRawBufferPointer($0)) }
  }

  /// Text from bytes; false, and nothing written, when they are not UTF-8.
  public mutating func string(utf8 text: UnsafeRawBufferPointer) -> Bool {
    guard String(validating: text, as: UTF8.self) != nil else { return false }
    escaped(text)
    return true
  }

  private static let hexadecimal = [UInt8]("0123456789abcdef".utf8)

  private mutating func escaped(_ text: UnsafeRawBufferPointer) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    var start = 0
    for (index, byte) in text.enumerated() {
      guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
        continue
      }
      bytes.append(contentsOf: text[start..<index])
      start = index + 1
      bytes.append(UInt8(ascii: "\\"))
      switch byte {
      case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
      case UInt8(ascii: "\r"): bytes.append(UInt8(ascii: "r"))
      case UInt8(ascii: "\t"): bytes.append(UInt8(ascii: "t"))
      case 0..<0x20:
        write("u00")
        bytes.append(Self.hexadecimal[Int(byte >> 4)])
        bytes.append(Self.hexadecimal[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(contentsOf: text[start...])
    bytes.append(UInt8(ascii: "\""))
  }

  /// An integer, exactly.
  public mutating func number(_ value: some FixedWidthInteger) {
    separate()
    write("\(value)")
  }

  /// The shortest text that reads as the same double; a string when it is not finite.
  public mutating func number(_ value: Double) {
    withUnsafeBytes(of: value) { _ = elements($0, as: .fp64) }
  }

  /// `true` or `false`.
  public mutating func bool(_ value: Bool) {
    separate()
    write(value ? "true" : "false")
  }

  /// `null`.
  public mutating func null() {
    separate()
    write("null")
  }

  /// Any value; elements that were left in their text are none.
  public mutating func value(_ value: JSONValue) {
    switch value {
    case .null, .elements: null()
    case .bool(let flag): bool(flag)
    case .integer(let number): self.number(number)
    case .unsigned(let number): self.number(number)
    case .real(let number): self.number(number)
    case .string(let text): string(text)
    case .array(let values): array { writer in values.forEach { writer.value($0) } }
    case .object(let members):
      object { writer in
        for member in members {
          writer.key(member.name)
          writer.value(member.value)
        }
      }
    }
  }

  /// A tensor's elements as values of the array that was opened. Floats are the shortest text that
  /// reads as the same value, and `"NaN"`, `"Infinity"` or `"-Infinity"` where JSON has no number
  /// (protobuf's JSON mapping). False when the bytes are not elements: a length that does not fit,
  /// text that is not UTF-8.
  public mutating func elements(
    _ elements: UnsafeRawBufferPointer, as type: JSONElementType
  ) -> Bool {
    guard let size = type.byteCount else { return strings(elements) }
    guard elements.count % size == 0 else { return false }
    let textMax = martlet_json_element_text_max(type.raw)
    // In steps, so that the room for the longest texts stays small.
    let step = 4_096
    var index = 0
    let total = elements.count / size
    while index < total {
      let count = min(step, total - index)
      separate()
      let start = elements.baseAddress! + index * size
      bytes.append(addingCapacity: count * textMax) { output in
        martlet_json_write_elements(type.raw, start, count, output)
      }
      index += count
    }
    return true
  }

  private mutating func strings(_ elements: UnsafeRawBufferPointer) -> Bool {
    var offset = 0
    while offset < elements.count {
      guard elements.count - offset >= 4 else { return false }
      let length = Int(
        UInt32(littleEndian: elements.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
      offset += 4
      guard elements.count - offset >= length else { return false }
      let text = UnsafeRawBufferPointer(rebasing: elements[offset..<offset + length])
      guard string(utf8: text) else { return false }
      offset += length
    }
    return true
  }
}

extension [UInt8] {
  /// Appends what `body` writes into room for `byteCount` bytes; it returns how many.
  fileprivate mutating func append(
    addingCapacity byteCount: Int, _ body: (UnsafeMutablePointer<CChar>) -> Int
  ) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: byteCount) { room in
      let count = body(room.baseAddress!)
      append(contentsOf: UnsafeRawBufferPointer(start: room.baseAddress!, count: count))
    }
  }
}
