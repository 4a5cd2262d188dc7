internal import Testing

@testable import ModelService

@Suite struct RepositoryNameTests {
  @Test(arguments: ["a", "mnist-8", "A_b.c+d", "0", String(repeating: "x", count: 128)])
  func plainNamesAreAccepted(_ name: String) {
    #expect(RepositoryName.isValid(name))
  }

  @Test(arguments: [
    "", ".", "..", ".hidden", "a/b", "../x", "a\\b", "a b", "ä", "a\u{0}b", "a\nb", "*",
    String(repeating: "x", count: 129),
  ])
  func namesThatCouldLeadElsewhereAreRefused(_ name: String) {
    #expect(!RepositoryName.isValid(name))
  }

  @Test func versionsArePlainPositiveNumbers() {
    #expect(RepositoryName.version("17") == 17)
    for name in ["0", "-1", "01", "+1", "1.0", "9223372036854775808", "1 ", ""] {
      #expect(RepositoryName.version(name) == nil, "\(name)")
    }
  }

  @Test func patternsMatchWholeNames() {
    for (pattern, name, fits) in [
      ("*", "anything", true), ("wine", "wine", true), ("wine", "wines", false),
      ("wine*", "wine-2", true), ("*-v?", "digits-v1", true), ("*-v?", "digits-v12", false),
      ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbYbZ", false), ("", "", true), ("?", "", false),
      ("**", "", true),
    ] {
      #expect(GlobPattern.matches(pattern, name) == fits, "\(pattern) \(name)")
    }
  }
}
