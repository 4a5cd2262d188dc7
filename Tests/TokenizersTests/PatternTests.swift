import Testing

@testable import Tokenizers

struct PatternTests {
  private func matches(_ pattern: Pattern, _ text: [UInt8], window: Int) throws -> [Range<Int>] {
    var found: [Range<Int>] = []
    try pattern.forEachMatch(text, 0..<text.count, window: window) { found.append($0) }
    return found
  }

  /// What a pattern is shown at once changes none of its matches.
  @Test(arguments: [
    Patterns.gpt2, Patterns.llama3, Patterns.qwen2, Patterns.tekken, Patterns.gpt4o,
    Patterns.deepseekV3, Patterns.bloom, Patterns.punctuation, #"\s+$"#, #"^\s|\s$"#,
    #"\d{1,3}(?=(?:\d{3})*\b)"#,
    #"(?=(\d{3})+(?!\d))"#, "a*", "a*?b|", #"(?<=a)b|\b"#, "(a|ab)(c|bcd)", #"\w+\z|x$"#, ".",
    "[^a]*",
  ])
  func windowsChangeNothing(_ source: String) throws {
    let pattern = try Pattern(source)
    for text in try Corpus.texts() where text.utf8.count < 400 {
      let bytes = Array(text.utf8)
      let whole = try matches(pattern, bytes, window: 1 << 20)
      for window in [1, 2, 3, 5, 8, 21] {
        #expect(try matches(pattern, bytes, window: window) == whole, "\(window)")
      }
    }
  }

  /// Each reads all that follows at every place, and finds nothing: years at the third.
  @Test(arguments: ["a*b", "(a+)+b", "(a*)*b", #"\s*a*\d"#, "(?:a|aa)+c"])
  func whatTakesTooLongIsGivenUp(_ source: String) throws {
    let pattern = try Pattern(source)
    let error = try #require(throws: TokenizerError.self) {
      try pattern.forEachMatch(Array(repeating: 0x61, count: 1 << 20), 0..<1 << 20) { _ in }
    }
    #expect(error.code == .limitReached)
  }

  @Test(arguments: ["(", "[a", "a{2,1}", #"\C"#, #"[\W]"#, "(?P<n", "*"])
  func mistakesAreRefused(_ source: String) {
    #expect(throws: TokenizerError.self) { try Pattern(source) }
  }

  @Test func classesAreThoseOfUnicode() throws {
    func found(_ source: String, _ text: String) throws -> Bool {
      try !matches(Pattern(source), Array(text.utf8), window: 512).isEmpty
    }
    #expect(try found(#"\s"#, "\u{85}"))
    #expect(try !found(#"\s"#, "\u{180e}"))
    #expect(try found(#"\w"#, "\u{301}"))
    #expect(try !found(#"\w"#, "½"))
    #expect(try found(#"[^\w]"#, "½"))
    #expect(try found(#"\d"#, "٣"))
  }
}
