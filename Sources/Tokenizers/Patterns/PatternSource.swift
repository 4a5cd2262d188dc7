/// Translates a pattern of Oniguruma or Rust, which tokenizers are written for, into PCRE2's syntax
/// where the same text means something else.
enum PatternSource {
  /// `\s` is White_Space: PCRE2's takes U+180E too. `\w` is what Unicode calls a word character:
  /// PCRE2's leaves out marks and takes every number.
  private static let classes: [UInt8: (inside: String, outside: String)] = [
    UInt8(ascii: "s"): (#"\p{White_Space}"#, #"\p{White_Space}"#),
    UInt8(ascii: "S"): (#"\P{White_Space}"#, #"\P{White_Space}"#),
    UInt8(ascii: "d"): (#"\p{Nd}"#, #"\p{Nd}"#),
    UInt8(ascii: "D"): (#"\P{Nd}"#, #"\P{Nd}"#),
    UInt8(ascii: "w"): (#"\p{L}\p{M}\p{Nd}\p{Pc}"#, #"[\p{L}\p{M}\p{Nd}\p{Pc}]"#),
  ]

  static func translated(_ source: String) throws(TokenizerError) -> [UInt8] {
    var result: [UInt8] = []
    let bytes = Array(source.utf8)
    var depth = 0
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      guard byte == UInt8(ascii: "\\"), index + 1 < bytes.count else {
        if byte == UInt8(ascii: "[") { depth += 1 }
        if byte == UInt8(ascii: "]") { depth = max(0, depth - 1) }
        result.append(byte)
        index += 1
        continue
      }
      let escaped = bytes[index + 1]
      if let replacement = classes[escaped] {
        result.append(contentsOf: (depth > 0 ? replacement.inside : replacement.outside).utf8)
      } else if escaped == UInt8(ascii: "W") {
        guard depth == 0 else {
          throw TokenizerError(.invalidPattern, #"expected no \W in a class, got one"#)
        }
        result.append(contentsOf: #"[^\p{L}\p{M}\p{Nd}\p{Pc}]"#.utf8)
      } else {
        result.append(contentsOf: [byte, escaped])
      }
      index += 2
    }
    return result
  }

  /// A text as a pattern that matches it alone.
  static func quoted(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) {
        result.append("\\")
      }
      result.unicodeScalars.append(scalar)
    }
    return result
  }
}
