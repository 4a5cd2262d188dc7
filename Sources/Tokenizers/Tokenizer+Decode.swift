extension Tokenizer {
  /// The bytes of tokens one after another; not always UTF-8. Tokens that are not in the vocabulary
  /// are left out.
  public func decode(_ tokens: some Sequence<Int32>, skipsSpecial: Bool = true) -> [UInt8] {
    decoder.decode(tokens, skipsSpecial: skipsSpecial, repairs: false)
  }

  /// The text of tokens. What is not UTF-8 becomes U+FFFD, as `tokenizers` has it.
  public func decodeText(_ tokens: some Sequence<Int32>, skipsSpecial: Bool = true) -> String {
    String(
      decoding: decoder.decode(tokens, skipsSpecial: skipsSpecial, repairs: true), as: UTF8.self)
  }

  /// The bytes that a token adds to a text that has begun; none for one not in the vocabulary.
  public func bytes(of token: Int32) -> [UInt8] {
    decoder.bytes(of: token, isFirst: false)
  }

  /// Whether a token is one that begins, ends or separates, and stands for no text.
  public func isSpecial(_ token: Int32) -> Bool {
    decoder.isSpecial(token)
  }

  /// The token that the vocabulary writes so, special or not.
  public func token(_ text: String) -> Int32? {
    decoder.token(Array(text.utf8))
  }
}
