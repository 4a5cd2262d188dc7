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
  func tokensThatNobodyWroteAreDecodedAsByHuggingFace(_ name: String) throws {
    let file = try Corpus.json("\(name).json")
    let tokenizer = try Self.tokenizer(file)
    guard case .array(let rows)? = file["decoded"] else { throw Corpus.Unexpected() }
    for (index, row) in rows.enumerated() {
      guard case .array(let pair) = row, case .array(let ids) = pair[0],
        case .string(let text) = pair[1]
      else { throw Corpus.Unexpected() }
      let tokens = ids.compactMap { if case .integer(let id) = $0 { Int32(id) } else { nil } }
      let decoded = tokenizer.decodeText(tokens, skipsSpecial: index % 2 == 0)
      #expect(decoded.utf8.elementsEqual(text.utf8), "\(name)")
    }
  }

  /// A GGUF file has the same vocabulary in another spelling: words begin with a mark instead of
  /// continuing with one.
  @Test func aFileOfBERTGivesTheTokensOfItsJSON() throws {
    let tokenizer = try Self.tokenizer("bert")
    var texts = ByteStrings()
    var kinds: [Int] = []
    for token in 0..<Int32(tokenizer.vocabularySize) {
      let text = Array(tokenizer.decoder.text(token))
      kinds.append(token < 5 ? 3 : 1)
      let isContinuing = text.starts(with: "##".utf8) && text.count > 2
      texts.append(
        token < 5 ? text : isContinuing ? Array(text.dropFirst(2)) : Array("\u{2581}".utf8) + text)
    }
    let file = try Descriptions.tokenizer([
      "tokenizer.ggml.model": .string("bert"), "tokenizer.ggml.tokens": .strings(texts),
      "tokenizer.ggml.token_type": .integers(kinds), "tokenizer.ggml.bos_token_id": .integer(2),
      "tokenizer.ggml.unknown_token_id": .integer(1),
      "tokenizer.ggml.seperator_token_id": .integer(3),
    ])
    for text in try Corpus.texts() {
      // The file does not say that [MASK] takes white space, nor how long words may be.
      let isLong = text.split(separator: " ").contains { $0.unicodeScalars.count > 100 }
      guard !isLong, !text.contains(" [MASK]"), !text.contains("\u{2581}") else { continue }
      for parses in [false, true] {
        #expect(
          try file.encode(text, parsesSpecial: parses)
            == tokenizer.encode(text, parsesSpecial: parses))
      }
    }
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
