/// Checks a description, and builds what encodes and decodes.
struct TokenizerBuilder {
  let model: Tokenizer.Model
  let decoder: Decoder

  init(_ description: TokenizerDescription) throws(TokenizerError) {
    let count = description.tokens.count
    guard count > 0, count <= Tokenizer.vocabularySizeMax else {
      throw TokenizerError(
        .invalidDescription,
        "expected 1 to \(Tokenizer.vocabularySizeMax) tokens, got \(count)")
    }
    guard description.kinds.count == count else {
      throw TokenizerError(
        .invalidDescription,
        "expected a kind for each of \(count) tokens, got \(description.kinds.count)")
    }
    try Self.checkIDs(description)
    try Self.checkSizes(description)
    let kinds = description.kinds
    var special = Set(description.addedTokens.filter(\.isSpecial).map(\.id))
    for token in 0..<count where kinds[token] == .control { special.insert(Int32(token)) }
    let tokens = description.isByteLevel ? Self.decoded(description) : description.tokens
    // What a user writes never becomes a token that begins, ends or separates.
    func isText(_ token: Int) -> Bool {
      (kinds[token] == .normal || kinds[token] == .unused) && !special.contains(Int32(token))
    }
    let bytes = Self.byteTokens(description, tokens)
    let index = ByteStringIndex(tokens, includes: isText)
    try Self.checkDifferent(index, textCount: (0..<count).count(where: isText))
    switch description.model {
    case .bytePair(let model):
      self.model = .bytePair(try Self.bytePair(model, description, index, bytes))
    case .unigram(let model):
      guard model.scores.count == count, model.scores.allSatisfy(\.isFinite) else {
        throw TokenizerError(
          .invalidDescription,
          "expected a finite score for each of \(count) tokens, got \(model.scores.count)")
      }
      self.model = .unigram(
        try Unigram(model, tokens, byteTokens: bytes, includes: isText))
    case .wordPiece(let model):
      self.model = .wordPiece(WordPiece(model, tokens, includes: isText))
    }
    decoder = Decoder(
      texts: description.tokens, tokens: tokens, special: special, steps: description.decoder)
  }

  private static func checkIDs(_ description: TokenizerDescription) throws(TokenizerError) {
    var ids = description.addedTokens.map(\.id) + description.prefix + description.suffix
    ids += description.endsOfGeneration
    ids += [description.beginOfText, description.endOfText].compactMap(\.self)
    switch description.model {
    case .bytePair(let model): ids += [model.unknownToken].compactMap(\.self)
    case .unigram(let model): ids += [model.unknownToken].compactMap(\.self)
    case .wordPiece(let model): ids.append(model.unknownToken)
    }
    let count = description.tokens.count
    if let id = ids.first(where: { $0 < 0 || $0 >= count }) {
      throw TokenizerError(
        .invalidDescription, "expected special tokens below \(count), got \(id)")
    }
  }

  /// Real files have a few tokens of the same text (Gemma's have three), of which text becomes the first.
  /// Where most are alike, a file was spoilt.
  private static func checkDifferent(
    _ index: ByteStringIndex, textCount: Int
  ) throws(TokenizerError) {
    guard index.count * 2 < textCount else { return }
    throw TokenizerError(
      .invalidDescription,
      "expected tokens of different texts, got \(index.count) different ones of \(textCount) tokens"
    )
  }

  private static func checkSizes(_ description: TokenizerDescription) throws(TokenizerError) {
    let longest = (0..<description.tokens.count).map { description.tokens.range(of: $0).count }
      .max()
    guard longest ?? 0 <= Tokenizer.tokenByteCountMax else {
      throw TokenizerError(
        .limitReached,
        "expected tokens of at most \(Tokenizer.tokenByteCountMax) bytes, got \(longest ?? 0)")
    }
    guard description.decoder.count <= Tokenizer.stepsMax else {
      throw TokenizerError(
        .limitReached, "expected at most \(Tokenizer.stepsMax) steps of a decoder, got more")
    }
    for case .replace(let old, let new) in description.decoder where new.utf8.count > old.utf8.count
    {
      throw TokenizerError(
        .unsupported, "expected decoders that make no token longer, got a longer replacement")
    }
  }

  /// The tokens as bytes. Added tokens are written as they are; `tokenizers` decodes those too whose
  /// characters happen to be of the alphabet, which only differs beyond ASCII.
  private static func decoded(_ description: TokenizerDescription) -> ByteStrings {
    var result = ByteStrings()
    result.reserve(
      count: description.tokens.count, byteCount: description.tokens.bytes.count)
    for token in 0..<description.tokens.count {
      let text = description.tokens[token]
      let isText = description.kinds[token] == .normal || description.kinds[token] == .unused
      if isText, let bytes = ByteAlphabet.decoded(text) {
        result.append(bytes)
      } else {
        result.append(text)
      }
    }
    return result
  }

  /// Tokens by byte; -1 for none.
  private static func byteTokens(
    _ description: TokenizerDescription, _ tokens: ByteStrings
  ) -> [Int32] {
    var result = [Int32](repeating: -1, count: 256)
    for token in 0..<tokens.count {
      let text = tokens[token]
      let byte: UInt8?
      if description.isByteLevel {
        byte = text.count == 1 && description.kinds[token] == .normal ? text.first : nil
      } else {
        byte = Decoder.byte(text)
      }
      if let byte, result[Int(byte)] < 0 { result[Int(byte)] = Int32(token) }
    }
    return result
  }

  private static func bytePair(
    _ model: BytePairModel, _ description: TokenizerDescription, _ index: ByteStringIndex,
    _ byteTokens: [Int32]
  ) throws(TokenizerError) -> BytePair {
    let merges: BytePair.Merges
    if let list = model.merges {
      merges = .ranked(
        try table(
          list, index, isByteLevel: description.isByteLevel,
          tolerates: model.toleratesUnknownMerges))
    } else {
      guard model.scores.count == description.tokens.count else {
        throw TokenizerError(
          .invalidDescription,
          "expected a score for each of \(description.tokens.count) tokens, got \(model.scores.count)"
        )
      }
      merges = .scored(model.scores.map(rank))
    }
    let unknown: BytePair.Unknown =
      model.unknownToken.map { .token($0, isFused: model.fusesUnknown) } ?? .dropped
    return BytePair(
      index: index, merges: merges, isByteLevel: description.isByteLevel,
      ignoresMerges: model.ignoresMerges, unknown: unknown, byteTokens: byteTokens,
      hasByteFallback: model.hasByteFallback)
  }

  /// A number that is the smaller the higher the score.
  private static func rank(_ score: Float) -> UInt32 {
    let bits = score.bitPattern
    return bits & 0x8000_0000 == 0 ? 0x7FFF_FFFF - bits : bits
  }

  private static func table(
    _ list: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)], _ index: ByteStringIndex,
    isByteLevel: Bool, tolerates: Bool
  ) throws(TokenizerError) -> PairTable {
    var table = PairTable(capacity: list.count)
    // Of all tokens, also those that text never becomes; needed for few files.
    lazy var everything = ByteStringIndex(index.strings)
    for (rank, merge) in list.enumerated() {
      var left = Array(merge.left)
      var right = Array(merge.right)
      if isByteLevel {
        left = ByteAlphabet.decoded(merge.left) ?? left
        right = ByteAlphabet.decoded(merge.right) ?? right
      }
      guard
        let first = index.find(left, 0..<left.count),
        let second = index.find(right, 0..<right.count),
        let joined = index.find(left + right, 0..<left.count + right.count)
      else {
        let isKnown = [left, right, left + right].allSatisfy { everything.find($0) != nil }
        if tolerates || isKnown { continue }
        throw TokenizerError(
          .invalidDescription,
          "expected merges of tokens, got number \(rank) of texts outside of the vocabulary")
      }
      table.insert(
        UInt64(rank) << 32 | UInt64(UInt32(bitPattern: joined)),
        at: BytePair.key(first, second))
    }
    return table
  }
}
