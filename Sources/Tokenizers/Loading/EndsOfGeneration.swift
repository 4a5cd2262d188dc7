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

  /// Adds tokens at which generation ends, as a model's other files say; those beyond the vocabulary
  /// are left out.
  public mutating func addEndsOfGeneration(_ ends: some Sequence<Int>) {
    for end in ends where end >= 0 && end < tokens.count {
      if kinds[end] != .unknown { kinds[end] = .control }
      endsOfGeneration.insert(Int32(end))
    }
  }

  /// Leaves out tokens from `count` on, as far as they are added ones: some models' tokenizers have
  /// tokens, of images for one, that the model itself has no rows for.
  public mutating func dropAddedTokens(from count: Int) {
    let added = Set(addedTokens.map { Int($0.id) })
    guard count >= 0, count < tokens.count, (count..<tokens.count).allSatisfy(added.contains) else {
      return
    }
    var kept = ByteStrings()
    for token in 0..<count { kept.append(tokens[token]) }
    tokens = kept
    kinds.removeLast(kinds.count - count)
    addedTokens.removeAll { $0.id >= count }
    endsOfGeneration = endsOfGeneration.filter { $0 < count }
    prefix.removeAll { $0 >= count }
    suffix.removeAll { $0 >= count }
    if let token = beginOfText, token >= count { beginOfText = nil }
    if let token = endOfText, token >= count { endOfText = nil }
    if case .unigram(var unigram) = model, unigram.scores.count > count {
      unigram.scores.removeLast(unigram.scores.count - count)
      model = .unigram(unigram)
    }
  }

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
