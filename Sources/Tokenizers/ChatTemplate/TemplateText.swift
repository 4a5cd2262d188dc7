/// Texts of templates are bytes of UTF-8: two texts are equal when they have the same characters, as
/// in Python, and not when `String` finds them equivalent.
enum TemplateText {
  /// White space of ASCII.
  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte >= 0x09 && byte <= 0x0D || byte >= 0x1C && byte <= 0x1F
  }

  static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
      true
    default: false
    }
  }

  /// Without white space at the ends, or without other characters there.
  static func stripped(
    _ text: ArraySlice<UInt8>, left: Bool = true, right: Bool = true, characters: [UInt8]? = nil
  ) -> ArraySlice<UInt8> {
    let set = characters.map { Set(String(decoding: $0, as: UTF8.self).unicodeScalars) }
    func isStripped(_ scalar: Unicode.Scalar) -> Bool {
      if let set { return set.contains(scalar) }
      return scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }
    var text = text
    if left {
      while let first = text.first {
        let end = min(text.endIndex, text.startIndex + length(first))
        guard isStripped(scalar(text[text.startIndex..<end])) else { break }
        text = text[end...]
      }
    }
    if right {
      while !text.isEmpty {
        var start = text.endIndex - 1
        while start > text.startIndex, text[start] & 0xC0 == 0x80 { start -= 1 }
        guard isStripped(scalar(text[start...])) else { break }
        text = text[..<start]
      }
    }
    return text
  }

  private static func length(_ first: UInt8) -> Int {
    switch first {
    case 0..<0x80: 1
    case 0..<0xE0: 2
    case 0..<0xF0: 3
    default: 4
    }
  }

  private static func scalar(_ bytes: ArraySlice<UInt8>) -> Unicode.Scalar {
    String(decoding: bytes, as: UTF8.self).unicodeScalars.first ?? "\u{FFFD}"
  }

  /// Its characters.
  static func characters(_ text: [UInt8]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var start = 0
    while start < text.count {
      let end = min(text.count, start + length(text[start]))
      result.append(Array(text[start..<end]))
      start = end
    }
    return result
  }

  static func count(_ text: [UInt8]) -> Int {
    text.count { $0 & 0xC0 != 0x80 }
  }

  /// Where `part` first occurs at or after an offset.
  static func find(_ part: [UInt8], in text: [UInt8], from start: Int = 0) -> Int? {
    guard let first = part.first else { return start <= text.count ? start : nil }
    var index = start
    while index + part.count <= text.count {
      if text[index] == first, text[index..<index + part.count].elementsEqual(part) { return index }
      index += 1
    }
    return nil
  }

  /// A string literal's text. Python keeps the backslash of an escape that it does not know.
  static func unescaped(_ literal: ArraySlice<UInt8>) -> [UInt8] {
    guard literal.contains(UInt8(ascii: "\\")) else { return Array(literal) }
    var result: [UInt8] = []
    var index = literal.startIndex
    func digits(_ count: Int, radix: Int) -> UInt32? {
      guard index + count <= literal.endIndex else { return nil }
      return UInt32(String(decoding: literal[index..<index + count], as: UTF8.self), radix: radix)
    }
    func append(_ value: UInt32) {
      let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
      result.append(contentsOf: String(scalar).utf8)
    }
    while index < literal.endIndex {
      let byte = literal[index]
      index += 1
      guard byte == UInt8(ascii: "\\"), index < literal.endIndex else {
        result.append(byte)
        continue
      }
      let escape = literal[index]
      index += 1
      switch escape {
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "a"): result.append(0x07)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "v"): result.append(0x0B)
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): result.append(escape)
      case 0x0A: continue
      case UInt8(ascii: "x"), UInt8(ascii: "u"), UInt8(ascii: "U"):
        let count = escape == UInt8(ascii: "x") ? 2 : escape == UInt8(ascii: "u") ? 4 : 8
        if let value = digits(count, radix: 16) {
          append(value)
          index += count
        } else {
          result += [byte, escape]
        }
      case UInt8(ascii: "0")...UInt8(ascii: "7"):
        index -= 1
        var count = 1
        while count < 3, index + count < literal.endIndex,
          (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(literal[index + count])
        {
          count += 1
        }
        append(digits(count, radix: 8) ?? 0)
        index += count
      default: result += [byte, escape]
      }
    }
    return result
  }
}
