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
  /// Room for a match that outgrows the 32 KiB of the machine's stack that compiled code takes.
  private static let compiledStackByteCountMax = 8 << 20

  init(_ source: String) throws(TokenizerError) {
    guard source.utf8.count <= Self.sourceByteCountMax else {
      throw TokenizerError(
        .invalidPattern,
        "expected patterns of at most \(Self.sourceByteCountMax) bytes, got \(source.utf8.count)")
    }
    let translated = try PatternSource.translated(source)
    var error: Int32 = 0
    var offset = 0
    let options = PCRE2_UTF | UInt32(PCRE2_UCP) | UInt32(PCRE2_NEVER_BACKSLASH_C)
    guard
      let code = pcre2_compile_8(translated, translated.count, options, &error, &offset, nil)
    else {
      throw TokenizerError(
        .invalidPattern, "expected a pattern, got a mistake at byte \(offset): \(Self.text(error))")
    }
    // Without executable memory the interpreter matches the same.
    _ = pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE))
    self.code = code
    context = pcre2_match_context_create_8(nil)!
    pcre2_set_match_limit_8(context, Self.matchStepsMax)
    pcre2_set_heap_limit_8(context, Self.matchKibibytesMax)
  }

  deinit {
    pcre2_match_context_free_8(context)
    pcre2_code_free_8(code)
  }

  /// Calls `body` with each match in `bytes[range]`, in order. What lies outside of the range does
  /// not exist for the pattern. The bytes are UTF-8.
  func forEachMatch(
    _ bytes: [UInt8], _ range: Range<Int>, _ body: (Range<Int>) -> Void
  ) throws(TokenizerError) {
    guard let match = pcre2_match_data_create_8(1, nil) else {
      throw TokenizerError(.limitReached, "no memory for a match")
    }
    defer { pcre2_match_data_free_8(match) }
    let status = bytes.withUnsafeBufferPointer { all in
      let subject = UnsafeBufferPointer(rebasing: all[range])
      // PCRE2 wants an address even of nothing.
      guard let base = subject.baseAddress else { return Int32(0) }
      let ends = pcre2_get_ovector_pointer_8(match)!
      var start = 0
      while start <= subject.count {
        let status = search(base, subject.count, start, match)
        if status < 0 { return status == PCRE2_ERROR_NOMATCH ? 0 : status }
        // A pattern can move its match's begin (\K) where no progress would be made.
        guard ends[0] >= start, ends[1] >= ends[0] else { return PCRE2_ERROR_MATCHLIMIT }
        let found = ends[0]..<ends[1]
        body(found.lowerBound + range.lowerBound..<found.upperBound + range.lowerBound)
        start = found.isEmpty ? after(found.lowerBound, in: subject) : found.upperBound
      }
      return 0
    }
    guard status == 0 else {
      throw TokenizerError(
        .limitReached, "a pattern of the tokenizer gave up on the text: \(Self.text(status))")
    }
  }

  private func search(
    _ base: UnsafePointer<UInt8>, _ count: Int, _ start: Int, _ match: OpaquePointer
  ) -> Int32 {
    let options = UInt32(PCRE2_NO_UTF_CHECK)
    let status = pcre2_match_8(code, base, count, start, options, match, context)
    guard status == PCRE2_ERROR_JIT_STACKLIMIT else { return status }
    guard
      let own = pcre2_match_context_copy_8(context),
      let stack = pcre2_jit_stack_create_8(32_768, Self.compiledStackByteCountMax, nil)
    else { return status }
    defer {
      pcre2_jit_stack_free_8(stack)
      pcre2_match_context_free_8(own)
    }
    pcre2_jit_stack_assign_8(own, nil, UnsafeMutableRawPointer(stack))
    return pcre2_match_8(code, base, count, start, options, match, own)
  }

  /// The next character's place; a match of nothing would be found again and again.
  private func after(_ index: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var next = index + 1
    while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
    return next
  }

  private static func text(_ error: Int32) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { room in
      guard pcre2_get_error_message_8(error, room.baseAddress!, room.count) > 0 else {
        return "error \(error)"
      }
      return String(cString: room.baseAddress!)
    }
  }
}
