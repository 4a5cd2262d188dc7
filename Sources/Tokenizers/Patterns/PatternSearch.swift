internal import CPCRE2

/// One thread's searches with a pattern: the memory of a match, and the budget of a text.
///
/// PCRE2's limits are those of one match at one place; a pattern that reads all of the text at every
/// place and fails keeps within them, and takes time quadratic in the text. So it is shown a window and
/// says when a match would look beyond its end. Then that place alone is tried with a larger window,
/// and counted.
final class PatternSearch {
  /// Bytes that a pattern is shown at once. Pieces have about six.
  static let windowByteCount = 512

  private enum Result: Equatable {
    case match(Range<Int>)
    case none
    /// Whether there is a match depends on what follows the window.
    case beyondEnd
    case failed(Int32)
  }

  // Keeps the compiled code.
  private let pattern: Pattern
  private let code: OpaquePointer
  private let match: OpaquePointer
  private let context: OpaquePointer
  private let ends: UnsafeMutablePointer<Int>
  private var stack: OpaquePointer?
  /// Room for a match that outgrows the 32 KiB of the machine's stack that compiled code takes.
  private static let stackByteCountMax = 8 << 20

  /// Bytes that may be read again because matches are longer than a window. A pattern that matches
  /// where it looks reads each twice; the constant lets one that does not get past runs of 20,000.
  private var budget: Int

  init?(_ pattern: Pattern, _ code: OpaquePointer, _ context: OpaquePointer, byteCount: Int) {
    guard let match = pcre2_match_data_create_8(1, nil) else { return nil }
    guard let own = pcre2_match_context_copy_8(context) else {
      pcre2_match_data_free_8(match)
      return nil
    }
    self.pattern = pattern
    budget = byteCount * 256 + 1 << 28
    self.code = code
    self.match = match
    self.context = own
    ends = pcre2_get_ovector_pointer_8(match)
  }

  deinit {
    pcre2_match_data_free_8(match)
    pcre2_match_context_free_8(context)
    if let stack { pcre2_jit_stack_free_8(stack) }
  }

  /// Calls `body` with each match in `bytes[range]`, in order. What lies outside of the range does
  /// not exist for the pattern. The bytes are UTF-8.
  func forEachMatch(
    _ bytes: [UInt8], _ range: Range<Int>, window: Int = windowByteCount,
    _ body: (Range<Int>) -> Void
  ) throws(TokenizerError) {
    let status = bytes.withUnsafeBufferPointer { all in
      let subject = UnsafeBufferPointer(rebasing: all[range])
      // PCRE2 wants an address even of nothing.
      guard subject.baseAddress != nil else { return Int32(0) }
      var start = 0
      while start <= subject.count {
        var size = window
        var isAlone = false
        var result: PatternSearch.Result
        while true {
          let end = boundary(start + size, in: subject)
          result = search(subject, from: start, to: end, onlyThere: isAlone)
          guard result == .beyondEnd else {
            if result == .none { start = isAlone ? after(start, in: subject) : max(end, start + 1) }
            break
          }
          // The place that reads so far is where the partial match begins.
          start = ends[0]
          isAlone = true
          size *= 2
          budget -= size
          if budget < 0 { return PCRE2_ERROR_MATCHLIMIT }
        }
        switch result {
        case .match(let found):
          body(found.lowerBound + range.lowerBound..<found.upperBound + range.lowerBound)
          start = found.isEmpty ? after(found.lowerBound, in: subject) : found.upperBound
        case .none, .beyondEnd: continue
        case .failed(let status): return status
        }
      }
      return 0
    }
    guard status == 0 else {
      throw TokenizerError(
        .limitReached, "a pattern of the tokenizer gave up on the text: \(Pattern.text(status))")
    }
  }

  /// The end of the character at an index, or of the text.
  private func boundary(_ index: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var end = min(index, text.count)
    while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
    return end
  }

  /// The next character's place; a match of nothing would be found again and again.
  private func after(_ index: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var next = index + 1
    while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
    return next
  }

  /// The first match at or after `start`, of a text that ends at `end`; only at `start` if so asked.
  private func search(
    _ text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int, onlyThere: Bool
  ) -> Result {
    let isWhole = end == text.count
    pcre2_set_offset_limit_8(context, onlyThere ? start : Int(bitPattern: UInt.max))
    let options = UInt32(PCRE2_NO_UTF_CHECK) | (isWhole ? 0 : UInt32(PCRE2_PARTIAL_HARD))
    var status = pcre2_match_8(code, text.baseAddress, end, start, options, match, context)
    if status == PCRE2_ERROR_JIT_STACKLIMIT, stack == nil,
      let room = pcre2_jit_stack_create_8(32_768, Self.stackByteCountMax, nil)
    {
      stack = room
      pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(room))
      status = pcre2_match_8(code, text.baseAddress, end, start, options, match, context)
    }
    switch status {
    case PCRE2_ERROR_NOMATCH: return .none
    case PCRE2_ERROR_PARTIAL where ends[0] >= start: return .beyondEnd
    case 0...:
      // A pattern can move its match's begin (\K) where no progress would be made.
      guard ends[0] >= start, ends[1] >= ends[0] else { return .failed(PCRE2_ERROR_MATCHLIMIT) }
      // What ends with the window might go on behind it.
      if !isWhole, ends[1] == end { return .beyondEnd }
      return .match(ends[0]..<ends[1])
    default: return .failed(status)
    }
  }
}
