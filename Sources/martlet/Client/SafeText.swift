internal import Glibc

/// What others wrote, on its way to a terminal: names in a file, a server's sentences, a model's text.
/// A terminal obeys characters of control: it would move its cursor, change its title, or show a line
/// that nobody printed.
extension Output {
  /// A text of one line, in which characters of control and those that turn the direction of writing
  /// are spelt `\u{1B}`.
  static func safe(_ text: String) -> String { escape(text) { _ in false } }

  /// A text of several lines; lines and tabs stay.
  static func safeLines(_ text: String) -> String { escape(text) { $0 == "\n" || $0 == "\t" } }

  /// A model's text as standard output takes it: as it is, unless that is a terminal.
  static func printed(_ text: String) -> String {
    isTerminal ? safeLines(text) : text
  }

  private static let isTerminal = isatty(STDOUT_FILENO) == 1

  private static func escape(_ text: String, keeping: (Unicode.Scalar) -> Bool) -> String {
    guard text.unicodeScalars.contains(where: { isControl($0) && !keeping($0) }) else {
      return text
    }
    var result = ""
    for scalar in text.unicodeScalars {
      if isControl(scalar), !keeping(scalar) {
        result += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0: true
    // Marks, embeddings, overrides and isolates of direction; separators of lines and paragraphs.
    case 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
