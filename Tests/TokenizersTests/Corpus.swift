import JSON
import TestSupport
import Testing

/// Strings that tokenizers get wrong: Tests/Fixtures/tokenizers.
enum Corpus {
  /// A file that is not as its script writes it.
  struct Unexpected: Error {}

  static func texts() throws -> [String] {
    guard case .array(let texts) = try json("corpus.json") else { return [] }
    return texts.compactMap { if case .string(let text) = $0 { text } else { nil } }
  }

  /// A file of that folder.
  static func json(_ path: String) throws -> JSONValue {
    var limits = JSONLimits()
    limits.valuesMax = 1 << 22
    return try JSONParser(limits: limits).parse(
      JSONText(Files.read("\(folder)/\(path)")))
  }

  static let folder =
    "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    + "/Fixtures/tokenizers"
}
