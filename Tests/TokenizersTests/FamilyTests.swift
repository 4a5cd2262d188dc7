import JSON
import Testing

@testable import Tokenizers

/// A tokenizer of each family beside Hugging Face `tokenizers`: what generate/tokenizer_families.py
/// trained, and the tokens that it gives for every string of the corpus.
struct FamilyTests {
  static let families = [
    "gpt2", "llama3", "qwen2", "deepseek", "splits", "llama2", "gemma", "unknown", "t5", "xlm",
    "bert",
    "bert_cased",
  ]

  static func tokenizer(_ name: String) throws -> Tokenizer {
    try tokenizer(Corpus.json("\(name).json"))
  }

  private static func tokenizer(_ file: JSONValue) throws -> Tokenizer {
    let description = try #require(file["tokenizer"])
    return try Tokenizer(TokenizerDescription(tokenizerJSON: description.serialized()))
  }

  @Test(arguments: families)
  func tokensAndTextAreThoseOfHuggingFace(_ name: String) throws {
    let file = try Corpus.json("\(name).json")
    let tokenizer = try Self.tokenizer(file)
    guard case .array(let rows)? = file["rows"] else { throw Corpus.Unexpected() }
    let texts = try Corpus.texts()
    #expect(rows.count == texts.count)
    for (text, row) in zip(texts, rows) {
      guard case .array(var row) = row else { throw Corpus.Unexpected() }
      if row.count == 2 { row += row }
      for parses in [false, true] {
        let tokens = try tokenizer.encode(text, addsSpecial: true, parsesSpecial: parses)
        let decoded = tokenizer.decodeText(tokens, skipsSpecial: true)
        if case .array(let expected) = row[parses ? 2 : 0] {
          #expect(tokens.map { .integer(Int64($0)) } == expected, "\(name), parses: \(parses)")
          let expectedText = row[parses ? 3 : 1]
          #expect(decoded.utf8.elementsEqual(expectedText.text(or: text).utf8), "\(name)")
        } else {
          // Theirs lets the text become special tokens, though it shall not parse them.
          let own = try tokenizer.encode(text, addsSpecial: false, parsesSpecial: false)
          #expect(own.allSatisfy { !tokenizer.isSpecial($0) })
        }
      }
    }
  }
}

extension JSONValue {
  fileprivate func text(or other: String) -> String {
    if case .string(let text) = self { text } else { other }
  }
}
