import TestSupport
import Testing

@testable import Generation

struct TokenMaskTests {
  static let grammars: [@Sendable () throws -> Grammar] = [
    { try Grammar.anyJSONObject() },
    { try Grammar.regex("[^\\n\"]*") },
    { try Grammar.regex("(a|b|cd|é)*[0-9]{2}") },
    { try Grammar.regex("[\\u0080-\\u{10FFFF}a-f]{3,9}") },
    {
      try Grammar.jsonSchema(
        Array(
          "{\"properties\":{\"a\":{\"type\":\"string\",\"maxLength\":9},\"b\":{}},\"required\":[\"a\"]}"
            .utf8))
    },
  ]

  /// Whole branches of the trie are taken at once; this compares with trying each token.
  @Test(arguments: 0..<grammars.count)
  func masksAreThoseOfTryingEachToken(_ number: Int) throws {
    let vocabulary = SmallVocabulary.large(UInt64(number))
    let grammar = try Self.grammars[number]()
    let automaton = GrammarAutomaton(grammar, vocabulary: vocabulary)
    var random = SplitMix64(state: 7)
    var branches = 0
    for _ in 0..<6 {
      let matcher = try GrammarMatcher(automaton)
      for _ in 0..<12 where !matcher.isComplete {
        let mask = try matcher.mask()
        var want = TokenMask(vocabularySize: vocabulary.size)
        if matcher.isAccepting { want.insert(SmallVocabulary.end) }
        for token in 0..<Int32(vocabulary.size) where !vocabulary.text(token).isEmpty {
          var state = matcher.state
          for byte in vocabulary.text(token) { state = try automaton.next(state, byte) }
          if state != GrammarAutomaton.dead { want.insert(token) }
        }
        #expect(mask == want)
        branches += mask.count > 1_000 ? 1 : 0
        let allowed = (1..<Int32(vocabulary.size)).filter(mask.contains)
        guard let token = allowed.randomElement(using: &random) else { break }
        try matcher.accept(token)
      }
    }
    if number < 2 { #expect(branches > 0) }
  }

  /// With room for few states everything is forgotten again and again, and nothing changes.
  @Test func forgettingChangesNothing() throws {
    var limits = GrammarLimits()
    limits.automatonStatesMax = 150
    limits.masksMax = 2
    let small = GrammarAutomaton(
      try Grammar.anyJSONObject(limits: limits), vocabulary: SmallVocabulary.shared)
    let large = GrammarAutomaton(
      try Grammar.anyJSONObject(), vocabulary: SmallVocabulary.shared)
    var random = SplitMix64(state: 5)
    var pairs: [(GrammarMatcher, GrammarMatcher)] = []
    for _ in 0..<3 { pairs.append((try GrammarMatcher(small), try GrammarMatcher(large))) }
    for _ in 0..<400 {
      let index = Int.random(in: 0..<pairs.count, using: &random)
      let (a, b) = pairs[index]
      let mask = try a.mask()
      #expect(mask == (try b.mask()))
      let allowed = (1..<Int32(SmallVocabulary.tokens.count)).filter(mask.contains)
      guard let token = allowed.randomElement(using: &random) else {
        pairs[index] = (try GrammarMatcher(small), try GrammarMatcher(large))
        continue
      }
      try a.accept(token)
      try b.accept(token)
    }
    #expect(small.stateCount < 150 && large.stateCount > 150)
  }

  @Test func endIsAllowedOnlyWhereTheTextIsComplete() throws {
    let automaton = GrammarAutomaton(
      try Grammar.regex("ab?"), vocabulary: SmallVocabulary.shared)
    let matcher = try GrammarMatcher(automaton)
    #expect(try !matcher.mask().contains(SmallVocabulary.end))
    #expect(throws: GrammarError(.wrongToken, "expected more text, got its end")) {
      try matcher.accept(SmallVocabulary.end)
    }
    try matcher.accept(Int32(UInt8(ascii: "a")) + 2)
    #expect(try matcher.mask().contains(SmallVocabulary.end))
    #expect(matcher.isAccepting && !matcher.isComplete)
    #expect(throws: GrammarError.self) { try matcher.accept(1) }
    #expect(throws: GrammarError.self) { try matcher.accept(-1) }
    #expect(throws: GrammarError.self) { try matcher.accept(9_999) }
    try matcher.accept(Int32(UInt8(ascii: "b")) + 2)
    #expect(matcher.isComplete)
    try matcher.accept(SmallVocabulary.end)
    #expect(try matcher.mask().isEmpty)
  }

  @Test func codepointsAreCutIntoTheirBytes() {
    var random = SplitMix64(state: 8)
    let edges: [UInt32] = [0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF]
    for _ in 0..<200 {
      func scalar() -> UInt32 {
        Bool.random(using: &random)
          ? edges.randomElement(using: &random)! : UInt32.random(in: 0...0x10FFFF, using: &random)
      }
      let (a, b) = (scalar(), scalar())
      let set = CodepointSet(ranges: [min(a, b)...max(a, b)])
      let sequences = set.byteSequences
      for _ in 0..<20 {
        guard let probe = Unicode.Scalar(scalar()) else { continue }
        let bytes = Array(String(probe).utf8)
        let count = sequences.count { sequence in
          sequence.count == bytes.count && zip(sequence, bytes).allSatisfy { $0.contains($1) }
        }
        #expect(count == (set.contains(probe.value) ? 1 : 0))
      }
      #expect(set.inverted.inverted == set)
    }
  }
}
