import TestSupport
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
    var generator = SplitMix64(state: seed)
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

  @Test func mutatedPatternsNeitherCrashNorPassUnchecked() {
    let seed: UInt64 = 0xB0B
    print("seed \(seed)")
    var generator = SplitMix64(state: seed)
    for _ in 0..<20_000 {
      var bytes = Array("team-?*.v_9".utf8)
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let index = Int.random(in: 0...bytes.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
        case 1: bytes.insert(UInt8(ascii: "*"), at: index)
        default: if index < bytes.count { bytes.remove(at: index) }
        }
      }
      fuzzModelPattern(bytes)
    }
  }
}

/// Whatever is accepted can be written, read again, and put into a comma-separated list.
func fuzzModelPattern(_ bytes: [UInt8]) {
  guard let pattern = try? ModelPattern(String(decoding: bytes, as: UTF8.self)) else { return }
  #expect(!pattern.description.contains(","))
  #expect((try? ModelPattern(pattern.description)) == pattern)
  #expect(PatternCoverage.covers([.everything], [pattern]))
  #expect(
    pattern.matches(
      pattern.description.filter { $0 != "*" }.map { $0 == "?" ? "x" : $0 }.reduce(into: "") {
        $0.append($1)
      }))
}
