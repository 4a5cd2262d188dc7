import TestSupport
import Testing

@testable import Tokenizers

struct DetokenizerTests {
  private func incremental(_ tokenizer: Tokenizer, _ tokens: some Sequence<Int32>) -> String {
    var detokenizer = IncrementalDetokenizer(tokenizer, skipsSpecial: true)
    var text = ""
    for token in tokens { text += detokenizer.push(token) ?? "" }
    return text + detokenizer.flush()
  }

  /// What comes out after every prefix is that prefix's text, whatever the tokens are.
  @Test(arguments: ["gpt2", "llama3", "llama2", "gemma", "t5", "bert", "bert_cased", "unknown"])
  func everyPrefixIsItsText(_ family: String) throws {
    let tokenizer = try FamilyTests.tokenizer(family)
    var random = SplitMix64(state: 7)
    for text in try Corpus.texts().prefix(150) {
      let tokens = try tokenizer.encode(text, addsSpecial: false).prefix(40)
      for count in 0...tokens.count {
        let expected = String(decoding: tokenizer.decode(tokens[..<count]), as: UTF8.self)
        #expect(incremental(tokenizer, tokens[..<count]).utf8.elementsEqual(expected.utf8))
      }
    }
    for _ in 0..<200 {
      let tokens = (0..<Int.random(in: 0...24, using: &random)).map { _ in
        Int32.random(in: -1...Int32(tokenizer.vocabularySize), using: &random)
      }
      let expected = String(decoding: tokenizer.decode(tokens), as: UTF8.self)
      #expect(incremental(tokenizer, tokens).utf8.elementsEqual(expected.utf8))
    }
  }

  @Test func noPartOfACharacterComesOut() throws {
    let tokenizer = try Descriptions.tokenizer(Descriptions.byteLevel())
    var detokenizer = IncrementalDetokenizer(tokenizer)
    // A byte-level tokenizer's first tokens are the bytes here.
    let face = Array("😀".utf8).map { Int32($0) }
    #expect(face.dropLast().allSatisfy { detokenizer.push($0) == nil })
    #expect(detokenizer.push(face[3]) == "😀")
    #expect(detokenizer.push(0xC3) == nil)
    #expect(detokenizer.push(0x61) == "\u{FFFD}a")
    #expect(detokenizer.push(0xFF) == "\u{FFFD}")
    #expect(detokenizer.push(0xE2) == nil)
    #expect(detokenizer.push(-5) == nil)
    #expect(detokenizer.flush() == "\u{FFFD}")
    #expect(detokenizer.flush() == "")
  }
}
