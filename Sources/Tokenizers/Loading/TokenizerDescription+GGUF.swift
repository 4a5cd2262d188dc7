extension TokenizerDescription {
  /// A tokenizer from a GGUF file's metadata. `value` returns what the file has under a name.
  public init(gguf value: @escaping (String) -> MetadataValue?) throws(TokenizerError) {
    self = try GGUFLoader(MetadataReader(value: value)).description()
  }
}

/// Reads a GGUF file's tokenizer. What the file does not say is as llama.cpp has it.
private struct GGUFLoader {
  private let metadata: MetadataReader
  private let tokens: ByteStrings
  private var kinds: [TokenizerDescription.TokenKind]

  init(_ metadata: MetadataReader) throws(TokenizerError) {
    self.metadata = metadata
    guard let tokens = try metadata.strings("tokenizer.ggml.tokens") else {
      throw TokenizerError(.invalidDescription, "expected 'tokenizer.ggml.tokens', got none")
    }
    self.tokens = tokens
    let types = try metadata.integers("tokenizer.ggml.token_type", count: tokens.count)
    kinds =
      types?.map { TokenizerDescription.TokenKind(rawValue: $0) ?? .normal }
      ?? [TokenizerDescription.TokenKind](repeating: .normal, count: tokens.count)
  }

  func description() throws(TokenizerError) -> TokenizerDescription {
    let kind = try metadata.string("tokenizer.ggml.model") ?? ""
    var result: TokenizerDescription
    switch kind {
    case "gpt2": result = try byteLevel()
    case "llama": result = try sentencePiece()
    case "t5": result = try unigram()
    case "bert": result = try wordPiece()
    default:
      throw TokenizerError(
        .unsupported,
        "expected a tokenizer of the models gpt2, llama, t5 or bert, got '\(kind.prefix(64))'")
    }
    result.tokens = tokens
    result.kinds = kinds
    result.chatTemplate = try metadata.string("tokenizer.chat_template")
    result.addEndsOfGeneration()
    // Phi 3's files do not say that its special tokens take the white space after them.
    let name = try metadata.string("general.name")?.lowercased() ?? ""
    let stripsRight = name.contains("phi-3") || name.contains("phi3")
    result.addedTokens = result.kinds.indices.compactMap { token in
      let kind = result.kinds[token]
      guard kind == .control || kind == .userDefined || kind == .unknown else { return nil }
      var added = AddedToken(id: Int32(token), content: Array(tokens[token]))
      added.isSpecial = kind != .userDefined
      added.stripsRight =
        stripsRight && !["<unk>", "<s>", "<|endoftext|>"].contains(tokens.text(token))
      return added
    }
    return result
  }

  private func byteLevel() throws(TokenizerError) -> TokenizerDescription {
    let name = try metadata.string("tokenizer.ggml.pre") ?? "default"
    let rules = try GGUFPreTokenizer(named: name)
    var model = BytePairModel()
    guard let merges = try metadata.strings("tokenizer.ggml.merges") else {
      throw TokenizerError(.invalidDescription, "expected 'tokenizer.ggml.merges', got none")
    }
    model.merges = (0..<merges.count).map { index in
      // "LEFT RIGHT"; the space may also be the first character of LEFT.
      let text = merges[index]
      let space = text.dropFirst().firstIndex(of: UInt8(ascii: " ")) ?? text.endIndex
      return (text[..<space], text[min(space + 1, text.endIndex)...])
    }
    model.toleratesUnknownMerges = true
    model.ignoresMerges = rules.ignoresMerges
    var result = TokenizerDescription(model: .bytePair(model))
    result.isByteLevel = true
    result.preTokenizer = .sequence(rules.patterns.map { .split(pattern: $0, .isolated) })
    result.beginOfText = try metadata.token("tokenizer.ggml.bos_token_id")
    result.endOfText = try metadata.token("tokenizer.ggml.eos_token_id")
    try addEnds(to: &result, begin: rules.addsBeginOfText, end: false)
    return result
  }

  private func sentencePiece() throws(TokenizerError) -> TokenizerDescription {
    var model = BytePairModel()
    guard let scores = try metadata.reals("tokenizer.ggml.scores", count: tokens.count) else {
      throw TokenizerError(.invalidDescription, "expected 'tokenizer.ggml.scores', got none")
    }
    model.scores = scores
    model.hasByteFallback = true
    model.unknownToken = try metadata.token("tokenizer.ggml.unknown_token_id") ?? 0
    var result = TokenizerDescription(model: .bytePair(model))
    let addsSpace = try metadata.bool("tokenizer.ggml.add_space_prefix") ?? true
    let escape = Normalizer.replace(" ", by: "\u{2581}")
    result.normalizer = addsSpace ? .sequence([.prepend(" "), escape]) : escape
    result.decoder = [.replace("\u{2581}", by: " "), .byteFallback, .fuse]
    if addsSpace { result.decoder.append(.strip(" ", start: 1, stop: 0)) }
    result.beginOfText = try metadata.token("tokenizer.ggml.bos_token_id") ?? 1
    result.endOfText = try metadata.token("tokenizer.ggml.eos_token_id") ?? 2
    try addEnds(to: &result, begin: true, end: false)
    return result
  }

  private func unigram() throws(TokenizerError) -> TokenizerDescription {
    guard let scores = try metadata.reals("tokenizer.ggml.scores", count: tokens.count) else {
      throw TokenizerError(.invalidDescription, "expected 'tokenizer.ggml.scores', got none")
    }
    // Only what text may become says how unlikely the unknown is.
    let least = kinds.indices.filter { kinds[$0] == .normal }.map { scores[$0] }.min() ?? 0
    var model = UnigramModel(scores: scores.map { Double(max($0, least)) })
    model.unknownToken = try metadata.token("tokenizer.ggml.unknown_token_id") ?? 2
    var result = TokenizerDescription(model: .unigram(model))
    var steps: [Normalizer] = []
    if let map = try metadata.bytes("tokenizer.ggml.precompiled_charsmap"), !map.isEmpty {
      steps.append(.precompiled(try PrecompiledMap(map, takesLongest: true)))
    }
    if try metadata.bool("tokenizer.ggml.remove_extra_whitespaces") ?? false {
      steps += [.replacePattern("^ +| +$", by: ""), .replacePattern(" {2,}", by: " ")]
    }
    let addsSpace = try metadata.bool("tokenizer.ggml.add_space_prefix") ?? true
    if addsSpace { steps.append(.prepend(" ")) }
    steps.append(.replace(" ", by: "\u{2581}"))
    result.normalizer = .sequence(steps)
    result.decoder = [.replace("\u{2581}", by: " "), .fuse]
    if addsSpace { result.decoder.append(.strip(" ", start: 1, stop: 0)) }
    result.beginOfText = try metadata.token("tokenizer.ggml.bos_token_id")
    result.endOfText = try metadata.token("tokenizer.ggml.eos_token_id") ?? 1
    try addEnds(to: &result, begin: false, end: true)
    return result
  }

  private func wordPiece() throws(TokenizerError) -> TokenizerDescription {
    var model = WordPieceModel(
      unknownToken: try metadata.token("tokenizer.ggml.unknown_token_id") ?? 100)
    // Converters write the beginnings of words with a mark instead of the continuations.
    model.initialPrefix = "\u{2581}"
    model.continuingPrefix = ""
    model.characterCountMax = Int.max
    var result = TokenizerDescription(model: .wordPiece(model))
    let lowercases = try metadata.bool("tokenizer.ggml.normalizer.lowercase") ?? true
    let strips = try metadata.bool("tokenizer.ggml.normalizer.strip_accents") ?? lowercases
    result.normalizer = .bert(
      cleansText: true, spacesChinese: true, stripsAccents: strips, lowercases: lowercases)
    result.preTokenizer = .bert
    result.decoder = [
      .replace("\u{2581}", by: " "), .fuse, .strip(" ", start: 1, stop: 0),
    ]
    let cls = try metadata.token("tokenizer.ggml.cls_token_id")
    let begin = try metadata.token("tokenizer.ggml.bos_token_id") ?? cls ?? 101
    let separator = try metadata.token("tokenizer.ggml.seperator_token_id") ?? 102
    result.beginOfText = begin
    result.endOfText = try metadata.token("tokenizer.ggml.eos_token_id")
    result.prefix = [begin]
    result.suffix = [separator]
    return result
  }

  /// Tokens before and after a text, by the file's flags.
  private func addEnds(
    to result: inout TokenizerDescription, begin: Bool, end: Bool
  ) throws(TokenizerError) {
    if try metadata.bool("tokenizer.ggml.add_bos_token") ?? begin {
      guard let token = result.beginOfText else {
        throw TokenizerError(
          .invalidDescription, "expected 'tokenizer.ggml.bos_token_id', got none")
      }
      result.prefix = [token]
    }
    if try metadata.bool("tokenizer.ggml.add_eos_token") ?? end {
      guard let token = result.endOfText else {
        throw TokenizerError(
          .invalidDescription, "expected 'tokenizer.ggml.eos_token_id', got none")
      }
      result.suffix = [token]
    }
  }
}
