/// Splits protobuf's text format into tokens. Source: the public text-format specification.
struct TextFormatLexer {
  enum Token: Equatable {
    case identifier(String)
    /// As written, sign excluded: decimal, hexadecimal, octal or floating point.
    case number(String)
    case string([UInt8])
    case symbol(UInt8)
    case end
  }

  private let text: [UInt8]
  private var position = 0
  private var line = 1
  private var lineStart = 0

  /// The token that is next, and where it began.
  private(set) var token = Token.end
  private(set) var tokenLine = 1
  private(set) var tokenColumn = 1

  init(_ text: [UInt8]) throws(TextFormatError) {
    self.text = text
    try advance()
  }

  func failure(_ message: String) -> TextFormatError {
    TextFormatError(line: tokenLine, column: tokenColumn, message: message)
  }

  mutating func advance() throws(TextFormatError) {
    skipBlank()
    tokenLine = line
    tokenColumn = position - lineStart + 1
    guard position < text.count else {
      token = .end
      return
    }
    let byte = text[position]
    if Self.isLetter(byte) {
      token = .identifier(take { Self.isLetter($0) || Self.isDigit($0) })
    } else if Self.isDigit(byte) || (byte == UInt8(ascii: ".") && isDigit(at: position + 1)) {
      token = .number(takeNumber())
    } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
      token = .string(try takeString(quote: byte))
    } else if Self.symbols.contains(byte) {
      position += 1
      token = .symbol(byte)
    } else {
      throw failure("expected a field, a value or a bracket, got byte \(byte)")
    }
  }

  private static let symbols = Set("{}<>[]:,;-".utf8)

  private static func isLetter(_ byte: UInt8) -> Bool {
    (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
      || byte == UInt8(ascii: "_")
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  private func isDigit(at index: Int) -> Bool {
    index < text.count && Self.isDigit(text[index])
  }

  private mutating func skipBlank() {
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "\n"):
        position += 1
        line += 1
        lineStart = position
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), 0x0b, 0x0c:
        position += 1
      case UInt8(ascii: "#"):
        while position < text.count, text[position] != UInt8(ascii: "\n") { position += 1 }
      default: return
      }
    }
  }

  private mutating func take(while isPart: (UInt8) -> Bool) -> String {
    let start = position
    while position < text.count, isPart(text[position]) { position += 1 }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func takeNumber() -> String {
    let start = position
    while position < text.count {
      let byte = text[position]
      let isExponentSign =
        (byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+"))
        && position > start && text[position - 1] | 0x20 == UInt8(ascii: "e")
        && !(start + 1 < text.count && text[start + 1] | 0x20 == UInt8(ascii: "x"))
      guard
        Self.isDigit(byte) || Self.isLetter(byte) || byte == UInt8(ascii: ".") || isExponentSign
      else { break }
      position += 1
    }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func takeString(quote: UInt8) throws(TextFormatError) -> [UInt8] {
    position += 1
    var bytes: [UInt8] = []
    while position < text.count {
      let byte = text[position]
      position += 1
      if byte == quote { return bytes }
      if byte == UInt8(ascii: "\n") { break }
      if byte == UInt8(ascii: "\\") {
        try takeEscape(into: &bytes)
      } else {
        bytes.append(byte)
      }
    }
    throw failure("expected the string to end with its quote on the same line")
  }

  private mutating func takeEscape(into bytes: inout [UInt8]) throws(TextFormatError) {
    guard position < text.count else { throw failure("expected a character after '\\'") }
    let byte = text[position]
    position += 1
    switch byte {
    case UInt8(ascii: "n"): bytes.append(0x0a)
    case UInt8(ascii: "r"): bytes.append(0x0d)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "a"): bytes.append(0x07)
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "f"): bytes.append(0x0c)
    case UInt8(ascii: "v"): bytes.append(0x0b)
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "?"):
      bytes.append(byte)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      position -= 1
      bytes.append(try takeCode(radix: 8, digitsMax: 3))
    case UInt8(ascii: "x"), UInt8(ascii: "X"):
      bytes.append(try takeCode(radix: 16, digitsMax: 2))
    default: throw failure("expected a known escape such as \\n, \\\" or \\x41")
    }
  }

  private mutating func takeCode(radix: Int, digitsMax: Int) throws(TextFormatError) -> UInt8 {
    var value = 0
    var count = 0
    while count < digitsMax, position < text.count,
      let digit = Character(UnicodeScalar(text[position])).hexDigitValue, digit < radix
    {
      value = value * radix + digit
      position += 1
      count += 1
    }
    guard count > 0, value <= 255 else { throw failure("expected an escape of one byte") }
    return UInt8(value)
  }
}
