import TestSupport
import Testing

@testable import Generation

struct RegexTests {
  static func message(_ pattern: String, limits: GrammarLimits = GrammarLimits()) -> String? {
    do throws(GrammarError) {
      _ = try Grammar.regex(pattern, limits: limits)
      return nil
    } catch { return error.message }
  }

  @Test(arguments: [
    ("abc", ["abc"], ["", "ab", "abcd", "abd"]),
    ("a|bc|", ["a", "bc", ""], ["b", "abc"]),
    ("(ab)*c+", ["c", "ababcc"], ["ab", "abac"]),
    ("[a-c_]{2,3}", ["ab", "a_c"], ["a", "abca", "ad"]),
    ("[^a-c]", ["d", "é", "😀", "\n"], ["a", "", "dd"]),
    (".", ["a", "日", "\u{10FFFF}"], ["\n", "", "ab"]),
    ("\\d{3}-\\w+", ["123-a_9"], ["12-a", "123-"]),
    ("x{0}y{2}", ["yy"], ["xyy", "y"]),
    ("^(?:a|b)?$", ["a", "b", ""], ["ab"]),
    ("\\u00e9\\x41\\u{1F600}", ["éA😀"], ["éA"]),
    ("[\\d\\-\\]]+", ["1-]"], ["a"]),
    ("[]", [], ["", "a"]),
    ("[^]", ["a", "\n"], [""]),
    ("a.*?b", ["ab", "axxb"], ["a", "abc"]),
    ("(a*)*b", ["b", "aaab"], ["a"]),
    ("[à-ÿ]+", ["é", "àÿ"], ["e", "Ā"]),
    ("\\s\\S", [" x", "\u{3000}日"], ["x ", "  "]),
  ])
  func patternsMatchWhatTheySay(_ pattern: String, _ matching: [String], _ others: [String]) throws
  {
    guard !matching.isEmpty else {
      #expect(Self.message(pattern) == "expected a grammar with at least one text, got none")
      return
    }
    let grammar = try Grammar.regex(pattern)
    for text in matching { #expect(try grammar.allows(text), "\(pattern) \(text)") }
    for text in others { #expect(try !grammar.allows(text), "\(pattern) \(text)") }
  }

  /// Swift's own matcher is the reference.
  @Test func randomPatternsMatchLikeTheReference() throws {
    var random = SplitMix64(state: 21)
    func pattern(_ depth: Int) -> String {
      switch Int.random(in: 0..<(depth > 0 ? 8 : 4), using: &random) {
      case 0: return ["a", "b", "é"].randomElement(using: &random)!
      case 1: return ["[ab]", "[^a]", "[a-bé]", "."].randomElement(using: &random)!
      case 2, 3: return "ab"
      case 4: return "(?:\(pattern(depth - 1))|\(pattern(depth - 1)))"
      case 5: return "(?:\(pattern(depth - 1)))" + ["*", "+", "?"].randomElement(using: &random)!
      case 6:
        let low = Int.random(in: 0...2, using: &random)
        return "(?:\(pattern(depth - 1))){\(low),\(low + Int.random(in: 0...2, using: &random))}"
      default: return pattern(depth - 1) + pattern(depth - 1)
      }
    }
    for round in 0..<150 {
      let source = pattern(4)
      let grammar = try Grammar.regex(source)
      let reference = try Regex(source).matchingSemantics(.unicodeScalar)
      for _ in 0..<12 {
        let text = String(
          (0..<Int.random(in: 0...6, using: &random)).map { _ in
            "abé".randomElement(using: &random)!
          })
        let want = try reference.wholeMatch(in: text) != nil
        #expect(try grammar.allows(text) == want, "round \(round): \(source) \(text)")
      }
    }
  }

  @Test func unsupportedConstructsAreNamed() {
    let patterns = [
      "(?=a)": "lookahead", "(?<!a)b": "lookbehind", "(a)\\1": "back references", "\\bword": "\\b",
      "a^b": "an anchor within an alternative", "(^a)": "an anchor within a group",
      "\\p{L}": "\\p{…}", "(?i:a)": "flags of a group", "\\q": "\\q",
    ]
    for (pattern, name) in patterns {
      #expect(Self.message(pattern)?.contains("\(name) can't be enforced") == true, "\(pattern)")
    }
    for pattern in [
      "(a", "a)", "[a", "*a", "a{2", "a{3,2}", "\\", "[b-a]", "a**", "\\xg", "\\ud800",
    ] {
      #expect(Self.message(pattern)?.hasPrefix("pattern: expected") == true, "\(pattern)")
      #expect(Self.message(pattern)?.contains(", got ") == true, "\(pattern)")
    }
    #expect(
      Self.message("a{3,2}")
        == "pattern: expected counts in order, as {2,5}, got {3,2}, at character 6")
    #expect(
      Self.message("(a")
        == "pattern: expected ) at the end of a group, got the pattern's end, at character 2")
    #expect(Self.message("a\u{1B}{")?.contains("\u{1B}") == false)
  }

  @Test func explosionNamesItsLimit() throws {
    #expect(
      Self.message("((ab?c{1,9}d){9999}e){9999}f{65000}g{65000}")
        == "expected at most 65536 states (grammar statesMax), got more")
    #expect(
      Self.message("a{99999}") == "expected counts of at most 65536, got more")
    #expect(
      Self.message(String(repeating: "(", count: 100))
        == "expected at most 64 groups inside each other (grammar nestingMax), got more")
    #expect(
      Self.message(String(repeating: "a", count: 70_000))
        == "expected at most 65536 bytes of a pattern (grammar sourceBytesMax), got more")
    // The n-th letter from the end is an a: 2ⁿ states if all were made.
    let grammar = try Grammar.regex("[ab]*a[ab]{120}")
    let automaton = GrammarAutomaton(grammar, vocabulary: SmallVocabulary.shared)
    let matcher = try GrammarMatcher(automaton)
    var random = SplitMix64(state: 1)
    for _ in 0..<600 {
      let token = Int32("ab".utf8.randomElement(using: &random)!) + 2
      #expect(try matcher.mask().contains(token))
      try matcher.accept(token)
    }
    #expect(automaton.stateCount <= 16_384)
    var limits = GrammarLimits()
    limits.positionsMax = 50
    let bounded = try GrammarMatcher(
      GrammarAutomaton(
        try Grammar.regex("[ab]*a[ab]{120}", limits: limits), vocabulary: SmallVocabulary.shared))
    #expect(throws: GrammarError.limit("grammar positionsMax", 50, "places at once")) {
      for _ in 0..<200 { try bounded.accept(Int32(UInt8(ascii: "a")) + 2) }
    }
  }

  @Test func regexesNeverTrap() {
    let corpus = [
      "^[a-z0-9_]+@[a-z]+\\.(com|org)$", "(?:a|b){2,5}?[^\\d\\s]*", "\\u{1F600}\\x41\\u00e9.*",
      "(?<year>[0-9]{4})-(0[1-9]|1[0-2])",
    ]
    var limits = GrammarLimits()
    limits.statesMax = 4_096
    var fuzz = Fuzz("regex", corpus: corpus.map { Array($0.utf8) })
    fuzz.run(rounds: 3_000) { bytes in
      let pattern = String(decoding: bytes, as: UTF8.self)
      guard let grammar = try? Grammar.regex(pattern, limits: limits) else { return }
      let automaton = GrammarAutomaton(grammar, vocabulary: SmallVocabulary.shared)
      var walk = RandomWalk(random: SplitMix64(state: 1), length: 5, lengthMax: 12)
      _ = try? walk.text(automaton)
    }
  }
}
