import JSON
import TestSupport

@testable import Generation

/// A small vocabulary: every byte, words, pieces of JSON, characters of several bytes and tokens that
/// split them.
enum SmallVocabulary {
  static let end: Int32 = 0

  static let tokens: [[UInt8]?] = {
    var tokens: [[UInt8]?] = [nil, nil]
    for byte in 0...255 as ClosedRange<UInt8> { tokens.append([byte]) }
    let words = [
      "the", " the", "name", "value", "abc", "abcabc", "12", "123", "-1", "0.5", "e+", "true",
      "false", "null", "{\"", "\":", "\": ", "\",", "\", \"", "\"}", "}}", "]}", "[{", "[]", "{}",
      "\\u", "\\n", "\\\"", "\n  ", "é", "éé", "日本", "日本語", "😀", "😀😀", "ü\"", "naïve", "x\ny",
      "\"name\"", "\"value\": ", "a\"", "tru", "nul", ", ", ": ", "00e9",
    ]
    for word in words { tokens.append(Array(word.utf8)) }
    // Halves of characters, alone and with a neighbour.
    for text in ["é", "日", "😀"] {
      let bytes = Array(text.utf8)
      for cut in 1..<bytes.count {
        tokens.append(Array(bytes[..<cut]))
        tokens.append(Array("a".utf8) + bytes[..<cut])
        tokens.append(bytes[cut...] + Array("\"".utf8))
        tokens.append(bytes[cut...] + Array("b".utf8))
      }
    }
    return tokens
  }()

  static let shared = GrammarVocabulary(size: tokens.count, ends: [end]) { tokens[Int($0)] }

  /// Thousands of tokens more, of letters and of everything.
  static func large(_ seed: UInt64) -> GrammarVocabulary {
    var random = SplitMix64(state: seed)
    var all = tokens
    for _ in 0..<4_000 {
      let kind = Int.random(in: 0..<4, using: &random)
      let count = Int.random(in: 1...8, using: &random)
      var text: [UInt8] = []
      for _ in 0..<count {
        switch kind {
        case 0, 1: text.append("abcdest ".utf8.randomElement(using: &random)!)
        case 2: text += Array("aé日😀\"\\1,".unicodeScalars.randomElement(using: &random)!.utf8)
        default: text.append(UInt8.random(in: 0...255, using: &random))
        }
      }
      all.append(text)
    }
    return GrammarVocabulary(size: all.count, ends: [end]) { [all] in all[Int($0)] }
  }
}

extension Grammar {
  /// Whether a text is allowed, byte by byte.
  func allows(_ text: String) throws -> Bool { try allows(Array(text.utf8)) }

  func allows(_ bytes: [UInt8]) throws -> Bool {
    let matcher = try GrammarMatcher(
      GrammarAutomaton(self, vocabulary: SmallVocabulary.shared))
    for byte in bytes {
      guard try matcher.mask().contains(Int32(byte) + 2) else { return false }
      try matcher.accept(Int32(byte) + 2)
    }
    return matcher.isAccepting
  }
}

/// Texts that follow a grammar, token by token at random.
struct RandomWalk {
  var random: SplitMix64
  /// Before so many tokens the text goes on if it can, afterwards it ends as soon as it can.
  var length = 30
  var lengthMax = 4_000
  /// Tokens that bring a text to its end.
  static let closing = ["\"", "}", "]", ",", ":", "0", "\"}", "]}", "}}"].map { text in
    Int32(SmallVocabulary.tokens.firstIndex(of: Array(text.utf8))!)
  }

  mutating func text(_ automaton: GrammarAutomaton) throws -> [UInt8]? {
    let matcher = try GrammarMatcher(automaton)
    let vocabulary = automaton.vocabulary
    var text: [UInt8] = []
    for step in 0..<lengthMax {
      let mask = try matcher.mask()
      let isLate = step >= length
      if mask.contains(SmallVocabulary.end), isLate || matcher.isComplete {
        try matcher.accept(SmallVocabulary.end)
        return text
      }
      var allowed = (0..<Int32(vocabulary.size)).filter(mask.contains)
      guard !allowed.isEmpty else { return nil }
      let closing = Self.closing.filter(mask.contains)
      // Not always: a pattern may want something else before.
      if isLate, !closing.isEmpty, Bool.random(using: &random) { allowed = closing }
      let token = allowed.randomElement(using: &random)!
      if token == SmallVocabulary.end { return text }
      try matcher.accept(token)
      text += vocabulary.text(token)
    }
    return nil
  }
}
