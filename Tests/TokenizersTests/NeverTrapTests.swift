import TestSupport
import Testing

@testable import Tokenizers

struct TokenizersNeverTrapTests {
  @Test func textsToEncode() throws {
    let tokenizers = [
      try Descriptions.tokenizer(Descriptions.byteLevel(pre: "llama-bpe")),
      try Descriptions.tokenizer(
        Descriptions.sentencePiece([("\u{2581}", -9), ("a", -9), ("\u{2581}a", -2), ("é", -3)])),
    ]
    var fuzz = Fuzz("encode", corpus: try Corpus.texts().map { Array($0.utf8) })
    fuzz.run(rounds: 1_000) { bytes in
      for tokenizer in tokenizers {
        guard let tokens = try? tokenizer.encode(bytes, parsesSpecial: false) else { continue }
        // SentencePiece's sign for a space is a space once it is decoded.
        let text = String(decoding: bytes, as: UTF8.self)
        let spaced = Array(text.utf8).replacing(Array("\u{2581}".utf8), with: [0x20])
        let decoded = tokenizer.decode(tokens)
        #expect(decoded == bytes || decoded == spaced)
      }
    }
  }
}
