import Testing

@testable import AuthService

@Suite struct ModelPatternTests {
  @Test(arguments: [
    ("*", "", true), ("*", "mnist", true), ("mnist", "mnist", true), ("mnist", "mnist2", false),
    ("mnist*", "mnist", true), ("mn?st", "mnist", true), ("mn?st", "mnst", false),
    ("*-v?", "digits-v2", true), ("*-v?", "digits-v", false), ("a*b*c", "aXbYbZc", true),
    ("a*b*c", "aXbY", false), ("?", "", false), ("**", "anything", true),
  ])
  func aPatternStandsForItsNames(pattern: String, name: String, expected: Bool) throws {
    #expect(try ModelPattern(pattern).matches(name) == expected)
  }

  @Test(arguments: ["", "a,b", "a b", "ä", "a/b", "\0", String(repeating: "a", count: 65)])
  func aTextThatIsNoPatternIsRefused(text: String) {
    #expect(throws: AuthError.self) { try ModelPattern(text) }
  }

  @Test(arguments: [
    (["*"], "team-*", true), (["team-*"], "*", false), (["team-*"], "team-a", true),
    (["team-*"], "team-?", true), (["team-?"], "team-*", false), (["a*", "b*"], "a*", true),
    (["a*c"], "a*b*c", true), (["a*b*c"], "a*c", false), (["a*"], "?*", false),
    (["", "x"].filter { !$0.isEmpty }, "y", false), (["?*", "x"], "*", false),
  ])
  func coverageIsInclusionOfTheNames(outer: [String], inner: String, expected: Bool) throws {
    let outer = try outer.map { try ModelPattern($0) }
    #expect(PatternCoverage.covers(outer, [try ModelPattern(inner)]) == expected)
  }

  /// Compares the decision with all names of up to six characters over three letters, of which
  /// the patterns use two: enough to tell patterns of up to four characters apart.
  @Test func coverageAgreesWithTryingEveryName() throws {
    let seed: UInt64 = 77
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    var names = [""]
    var longest = [""]
    for _ in 0..<6 {
      longest = longest.flatMap { name in ["a", "b", "c"].map { name + $0 } }
      names += longest
    }
    func randomPattern() throws -> ModelPattern {
      let length = Int.random(in: 1...4, using: &generator)
      return try ModelPattern(
        String((0..<length).map { _ in "ab*?".randomElement(using: &generator)! }))
    }
    for _ in 0..<60 {
      let outer = try (0..<Int.random(in: 1...2, using: &generator)).map { _ in
        try randomPattern()
      }
      let inner = try randomPattern()
      let gained = names.first { name in
        inner.matches(name) && !outer.contains { $0.matches(name) }
      }
      #expect(
        PatternCoverage.covers(outer, [inner]) == (gained == nil),
        "\(outer) over \(inner), gained \(gained ?? "nothing")")
    }
  }

  @Test func patternsBuiltToBeHardAreRefusedInBoundedTime() throws {
    let hard = try (0..<16).map { index in
      try ModelPattern("*a" + String(repeating: "?", count: 30 + index))
    }
    let inner = try ModelPattern("*" + String(repeating: "?b", count: 20) + "*")
    #expect(!PatternCoverage.covers(hard, [inner]))
  }
}
