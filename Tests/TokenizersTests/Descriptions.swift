@testable import Tokenizers

/// Small tokenizers for tests.
enum Descriptions {
  /// A byte-level tokenizer of all bytes, some joined ones, and two control tokens.
  static func byteLevel(
    merges: [(String, String)] = [
      ("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), ("Ġ", "w"), ("a", "a"), ("aa", "aa"),
    ], pre: String = "gpt-2"
  ) -> [String: MetadataValue] {
    var tokens = (0..<256).map { String(ByteAlphabet.character(UInt8($0))) }
    for (left, right) in merges { tokens.append(left + right) }
    tokens += ["<|begin|>", "<|im_end|>"]
    var kinds = [Int](repeating: 1, count: tokens.count)
    kinds[tokens.count - 2] = 3
    kinds[tokens.count - 1] = 3
    return [
      "tokenizer.ggml.model": .string("gpt2"), "tokenizer.ggml.pre": .string(pre),
      "tokenizer.ggml.tokens": .strings(ByteStrings(tokens)),
      "tokenizer.ggml.token_type": .integers(kinds),
      "tokenizer.ggml.merges": .strings(ByteStrings(merges.map { "\($0) \($1)" })),
      "tokenizer.ggml.bos_token_id": .integer(tokens.count - 2),
      "tokenizer.ggml.eos_token_id": .integer(tokens.count - 1),
    ]
  }

  /// SentencePiece's pairs by score, with all bytes to fall back on.
  static func sentencePiece(_ pieces: [(String, Float)]) -> [String: MetadataValue] {
    var tokens = ["<unk>", "<s>", "</s>"]
    var kinds = [2, 3, 3]
    var scores: [Float] = [0, 0, 0]
    for byte in 0..<256 {
      let digits = String(byte, radix: 16, uppercase: true)
      tokens.append("<0x\(digits.count < 2 ? "0" : "")\(digits)>")
      kinds.append(6)
      scores.append(0)
    }
    for (text, score) in pieces {
      tokens.append(text)
      kinds.append(1)
      scores.append(score)
    }
    return [
      "tokenizer.ggml.model": .string("llama"),
      "tokenizer.ggml.tokens": .strings(ByteStrings(tokens)),
      "tokenizer.ggml.token_type": .integers(kinds), "tokenizer.ggml.scores": .reals(scores),
    ]
  }

  static func tokenizer(_ metadata: [String: MetadataValue]) throws -> Tokenizer {
    try Tokenizer(TokenizerDescription(gguf: { metadata[$0] }))
  }
}
