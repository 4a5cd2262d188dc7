public import Tokenizers

extension GrammarVocabulary {
  /// The vocabulary of a tokenizer, for a model that gives `logitCount` logits: there may be more of
  /// them than tokens. Special tokens are no text; those that end the generation may come where a
  /// text is complete.
  public convenience init(_ tokenizer: Tokenizer, logitCount: Int) {
    let ends = (0..<Int32(logitCount)).filter(tokenizer.isEndOfGeneration)
    self.init(size: logitCount, ends: Set(ends)) { token in
      tokenizer.isSpecial(token) ? nil : tokenizer.bytes(of: token)
    }
  }
}
