internal import CPCRE2

/// A regular expression of PCRE2, compiled once and used by any number of threads. Pre-tokenizers
/// look ahead, which libre2 cannot (decision 120).
final class Pattern: @unchecked Sendable {
  /// Steps of one match. Patterns that tokenizers use take one a character at most, so this is a
  /// run of ten million of them; a pattern that an upload made to explode ends here.
  static let matchStepsMax: UInt32 = 10_000_000
  /// Memory of one match, in KiB.
  static let matchKibibytesMax: UInt32 = 65_536
  /// Bytes of a pattern's text: the longest that a real tokenizer uses has about 2,000.
  static let sourceByteCountMax = 16_384

  private let code: OpaquePointer
  private let context: OpaquePointer

  init(_ source: String) throws(TokenizerError) {
    guard source.utf8.count <= Self.sourceByteCountMax else {
      throw TokenizerError(
        .invalidPattern,
        "expected patterns of at most \(Self.sourceByteCountMax) bytes, got \(source.utf8.count)")
    }
    let translated = try PatternSource.translated(source)
    var error: Int32 = 0
    var offset = 0
    let options =
      PCRE2_UTF | UInt32(PCRE2_UCP) | UInt32(PCRE2_NEVER_BACKSLASH_C) | PCRE2_USE_OFFSET_LIMIT
    guard
      let code = pcre2_compile_8(translated, translated.count, options, &error, &offset, nil)
    else {
      throw TokenizerError(
        .invalidPattern, "expected a pattern, got a mistake at byte \(offset): \(Self.text(error))")
    }
    // Without executable memory the interpreter matches the same.
    _ = pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD))
    self.code = code
    context = pcre2_match_context_create_8(nil)!
    pcre2_set_match_limit_8(context, Self.matchStepsMax)
    pcre2_set_heap_limit_8(context, Self.matchKibibytesMax)
  }

  deinit {
    pcre2_match_context_free_8(context)
    pcre2_code_free_8(code)
  }

  /// What one thread needs to search a text of so many bytes.
  func search(byteCount: Int) throws(TokenizerError) -> PatternSearch {
    guard let search = PatternSearch(self, code, context, byteCount: byteCount) else {
      throw TokenizerError(.limitReached, "no memory for a match")
    }
    return search
  }

  /// Calls `body` with each match in `bytes[range]`; see ``PatternSearch``.
  func forEachMatch(
    _ bytes: [UInt8], _ range: Range<Int>, window: Int = PatternSearch.windowByteCount,
    _ body: (Range<Int>) -> Void
  ) throws(TokenizerError) {
    try search(byteCount: range.count).forEachMatch(bytes, range, window: window, body)
  }

  static func text(_ error: Int32) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { room in
      guard pcre2_get_error_message_8(error, room.baseAddress!, room.count) > 0 else {
        return "error \(error)"
      }
      return String(cString: room.baseAddress!)
    }
  }
}
