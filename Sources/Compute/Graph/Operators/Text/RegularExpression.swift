internal import CRE2

// Sendable by hand: the library's object is immutable.

/// A regular expression in RE2's syntax. One search takes time in proportion to what of the text is
/// before it, whatever the pattern; one search after the other may take a square of it.
final class RegularExpression: @unchecked Sendable {
  private let expression: OpaquePointer

  /// What is compiled of one pattern, and its tables of states.
  static let byteCountMax = 1 << 20

  /// Compiles a pattern; `longest` prefers the longest of the leftmost matches.
  init(_ pattern: [UInt8], longest: Bool = false) throws(GraphError) {
    var reason = [CChar](repeating: 0, count: 200)
    let made = Self.withText(pattern[...]) {
      martlet_re2_compile(
        $0, pattern.count, longest, Int64(Self.byteCountMax), &reason, reason.count)
    }
    guard let made else {
      let text = String(decoding: reason.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
      throw GraphError(
        code: .invalidAttribute,
        message: "expected a regular expression in RE2's syntax, got one with: \(text)")
    }
    expression = made
  }

  deinit { martlet_re2_free(expression) }

  /// Whether the whole text matches.
  func matches(_ text: [UInt8]) -> Bool {
    Self.withText(text[...]) { martlet_re2_matches(expression, $0, text.count) }
  }

  /// The first match at or after a place.
  func firstMatch(in text: ArraySlice<UInt8>, from start: Int) -> Range<Int>? {
    Self.withText(text) {
      var (begin, end) = (0, 0)
      let first = text.startIndex
      guard martlet_re2_find(expression, $0, text.count, start - first, &begin, &end) else {
        return nil
      }
      return first + begin..<first + end
    }
  }

  private static func withText<Result>(
    _ text: ArraySlice<UInt8>, _ body: (UnsafePointer<CChar>) -> Result
  ) -> Result {
    // No bytes have no address, and the library wants one.
    let text = text.isEmpty ? [0] : text
    return text.withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { body($0.baseAddress!) }
    }
  }
}
