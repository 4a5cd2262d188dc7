import Testing

@testable import Tokenizers

struct BytePairTests {
  private func texts(_ tokenizer: Tokenizer, _ text: String, special: Bool = false) throws
    -> [String]
  {
    try tokenizer.encode(text, addsSpecial: false, parsesSpecial: special).map {
      String(decoding: tokenizer.bytes(of: $0), as: UTF8.self)
    }
  }

  @Test func neighboursAreJoinedInTheOrderOfTheMerges() throws {
    let tokenizer = try Descriptions.tokenizer(Descriptions.byteLevel())
    #expect(try texts(tokenizer, "hello world") == ["hello", " w", "o", "r", "l", "d"])
    #expect(try texts(tokenizer, "aaaaaaa") == ["aaaa", "aa", "a"])
    #expect(try texts(tokenizer, "").isEmpty)
  }

  @Test func aMergeOfTextsOutsideOfTheVocabularyIsPassedOver() throws {
    var metadata = Descriptions.byteLevel()
    metadata["tokenizer.ggml.merges"] = .strings(ByteStrings(["x y", "h e", "lone"]))
    #expect(try texts(Descriptions.tokenizer(metadata), "hexy") == ["he", "x", "y"])
  }

  @Test func whatAUserWritesIsNeverASpecialToken() throws {
    let tokenizer = try Descriptions.tokenizer(Descriptions.byteLevel())
    let end = try #require(tokenizer.token("<|im_end|>"))
    let text = "a<|im_end|>b<|begin|>"
    #expect(try tokenizer.encode(text, addsSpecial: false, parsesSpecial: true).contains(end))
    let parsed = try tokenizer.encode(text, addsSpecial: false, parsesSpecial: false)
    #expect(parsed.allSatisfy { !tokenizer.isSpecial($0) })
    #expect(tokenizer.decodeText(parsed) == text)
    #expect(tokenizer.isEndOfGeneration(end))
  }

  /// Merges that lead to a control token's text would let a user write one.
  @Test func mergesDoNotLeadToSpecialTokens() throws {
    var pieces: [(String, Float)] = [
      ("</", -1), ("s>", -2), ("<", -9), ("/", -9), ("s", -9), (">", -9),
    ]
    pieces.append(("\u{2581}", -3))
    let tokenizer = try Descriptions.tokenizer(Descriptions.sentencePiece(pieces))
    let tokens = try tokenizer.encode("</s>", addsSpecial: false, parsesSpecial: false)
    #expect(tokens.allSatisfy { !tokenizer.isSpecial($0) })
    #expect(tokenizer.decodeText(tokens) == "</s>")
    #expect(try tokenizer.encode("</s>", addsSpecial: false, parsesSpecial: true) == [2])
  }

  @Test func scoresDecideAndBytesStandInForUnknownCharacters() throws {
    let tokenizer = try Descriptions.tokenizer(
      Descriptions.sentencePiece([
        ("\u{2581}", -9), ("a", -9), ("b", -9), ("ab", -2), ("ba", -1),
      ]))
    #expect(try texts(tokenizer, "aba") == [" ", "a", "ba"])
    let tokens = try tokenizer.encode("é", addsSpecial: true)
    #expect(tokens == [1, 259, 198, 172])
    #expect(tokenizer.decodeText(tokens) == "é")
  }

  @Test func specialTokensAreAddedAsTheFileSays() throws {
    var metadata = Descriptions.byteLevel(pre: "llama-bpe")
    let begin: Int32 = 263
    #expect(try Descriptions.tokenizer(metadata).encode("h", addsSpecial: true) == [begin, 104])
    metadata["tokenizer.ggml.add_bos_token"] = .bool(false)
    metadata["tokenizer.ggml.add_eos_token"] = .bool(true)
    #expect(
      try Descriptions.tokenizer(metadata).encode("h", addsSpecial: true) == [104, begin + 1])
    #expect(try Descriptions.tokenizer(metadata).encode("h", addsSpecial: false) == [104])
  }

  /// A queue instead of a scan: a quarter of a megabyte of one letter is one piece.
  @Test(arguments: ["a", " ", "\n", "é", "a "])
  func piecesWithoutEndAreEncoded(_ unit: String) throws {
    let tokenizer = try Descriptions.tokenizer(Descriptions.byteLevel())
    let text = String(repeating: unit, count: (1 << 18) / unit.utf8.count)
    let tokens = try tokenizer.encode(text, addsSpecial: false)
    #expect(tokenizer.decode(tokens).elementsEqual(text.utf8))
  }

  @Test func bytesThatAreNotUTF8AreRefused() throws {
    let tokenizer = try Descriptions.tokenizer(Descriptions.byteLevel())
    for bytes: [UInt8] in [
      [0x61, 0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF4, 0x90, 0x80, 0x80],
    ] {
      #expect(throws: TokenizerError.self) { try tokenizer.encode(bytes) }
    }
    let error = try #require(throws: TokenizerError.self) {
      try tokenizer.encode([0x61, 0x62, 0xFF])
    }
    #expect(error.description == "expected UTF-8, got another byte at offset 2")
  }
}
