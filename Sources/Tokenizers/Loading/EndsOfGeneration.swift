extension TokenizerDescription {
  /// How models write the tokens that end a turn or a text. Files name one of them at most, chat
  /// models use others: llama.cpp finds them by their text too.
  private static let endingTexts = [
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>",
    "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]",
    "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>",
    "<｜end▁of▁sentence｜>", "[e~[", "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]",
    "<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>",
  ]

  /// Collects the tokens at which generation ends, and makes control tokens of them: what a user
  /// writes must not become one.
  mutating func addEndsOfGeneration() {
    let index = ByteStringIndex(tokens)
    var found: [String: Int32] = [:]
    for text in Self.endingTexts {
      guard let token = index.find(text.utf8) else { continue }
      found[text] = token
      if kinds[Int(token)] != .unknown { kinds[Int(token)] = .control }
      endsOfGeneration.insert(token)
    }
    // In the harmony format a turn has several messages, each ended by <|end|>.
    let hasCalls = found["<|call|>"] != nil || found["<|calls|>"] != nil
    if let end = found["<|end|>"], hasCalls, found["<|return|>"] ?? found["<|flush|>"] != nil {
      endsOfGeneration.remove(end)
    }
    if let endOfText { endsOfGeneration.insert(endOfText) }
  }
}
