internal import JSON

extension TokenizerDescription {
  /// Bytes of a tokenizer.json: the largest known ones have 33 MB.
  public static let jsonByteCountMax = 128 << 20
  /// Values in it: Gemma's has 2.1 million, three for each merge and one for each token.
  public static let jsonValuesMax = 8 << 20

  /// A tokenizer from the texts of a Hugging Face folder: tokenizer.json, and tokenizer_config.json
  /// for the chat template and the tokens that begin and end a text.
  public init(
    tokenizerJSON: [UInt8], configuration: [UInt8]? = nil
  ) throws(TokenizerError) {
    let root = JSONReader(try Self.parse(tokenizerJSON, "tokenizer.json"), "")
    self = try HuggingFaceLoader(root).description()
    if let configuration {
      try configure(JSONReader(try Self.parse(configuration, "tokenizer_config.json"), ""))
    }
    addEndsOfGeneration()
  }

  private static func parse(_ text: [UInt8], _ name: String) throws(TokenizerError) -> JSONValue {
    guard text.count <= jsonByteCountMax else {
      throw TokenizerError(
        .limitReached,
        "\(name): expected at most \(jsonByteCountMax) bytes, got \(text.count)")
    }
    var limits = JSONLimits()
    limits.valuesMax = jsonValuesMax
    do {
      return try JSONParser(limits: limits).parse(JSONText(text))
    } catch {
      throw TokenizerError(.invalidDescription, "\(name): \(error)")
    }
  }

  /// A token is written as its text, or as an object that holds it.
  private mutating func configure(_ configuration: JSONReader) throws(TokenizerError) {
    let index = ByteStringIndex(tokens)
    func token(_ name: String) throws(TokenizerError) -> Int32? {
      guard let member = configuration[name] else { return nil }
      return index.find(try (member["content"] ?? member).text().utf8)
    }
    beginOfText = try token("bos_token") ?? beginOfText
    endOfText = try token("eos_token") ?? endOfText
    guard let template = configuration["chat_template"] else { return }
    if case .string(let source) = template.value {
      chatTemplate = source
    } else {
      for entry in try template.list() {
        guard try entry.text("name") == "default" else { continue }
        chatTemplate = try entry.text("template")
      }
    }
  }
}

/// Reads a tokenizer.json. What is not known is an error that names it: anything left out would give
/// other tokens.
private struct HuggingFaceLoader {
  private let root: JSONReader
  private let model: JSONReader

  init(_ root: JSONReader) throws(TokenizerError) {
    self.root = root
    model = try root.required("model")
  }

  func description() throws(TokenizerError) -> TokenizerDescription {
    let added = try root["added_tokens"]?.list() ?? []
    var vocabulary = try vocabulary()
    var addedTokens: [AddedToken] = []
    for reader in added {
      let token = try addedToken(reader)
      addedTokens.append(token)
      vocabulary.insert(token.content, at: token.id)
    }
    let tokens = try vocabulary.strings()
    let index = ByteStringIndex(tokens)
    let preTokenizer = root["pre_tokenizer"].map(PreTokenizerReader.init)
    let isByteLevel = try preTokenizer?.isByteLevel() ?? false
    var result = TokenizerDescription(
      model: try describedModel(tokens, index, isByteLevel: isByteLevel))
    result.tokens = tokens
    result.kinds = [TokenizerDescription.TokenKind](repeating: .normal, count: tokens.count)
    for token in vocabulary.outside { result.kinds[Int(token)] = .userDefined }
    for token in addedTokens where token.isSpecial { result.kinds[Int(token.id)] = .control }
    if let unknown = Self.unknownToken(result.model) { result.kinds[Int(unknown)] = .unknown }
    result.addedTokens = addedTokens
    result.isByteLevel = isByteLevel
    result.normalizer = try root["normalizer"].map { reader throws(TokenizerError) in
      try NormalizerReader(reader).normalizer()
    }
    result.preTokenizer = try preTokenizer?.preTokenizer()
    result.decoder = try DecoderReader(root["decoder"], isByteLevel: isByteLevel).steps()
    if let processor = root["post_processor"] {
      try PostProcessorReader(processor).add(to: &result)
    }
    return result
  }

  private static func unknownToken(_ model: TokenizerDescription.Model) -> Int32? {
    switch model {
    case .bytePair(let model): model.unknownToken
    case .unigram(let model): model.unknownToken
    case .wordPiece(let model): model.unknownToken
    }
  }

  private func addedToken(_ reader: JSONReader) throws(TokenizerError) -> AddedToken {
    var token = AddedToken(
      id: try reader.required("id").token(),
      content: Array(try reader.required("content").text().utf8))
    token.isSpecial = try reader.flag("special") ?? false
    token.isSingleWord = try reader.flag("single_word") ?? false
    token.stripsLeft = try reader.flag("lstrip") ?? false
    token.stripsRight = try reader.flag("rstrip") ?? false
    token.isNormalized = try reader.flag("normalized") ?? !token.isSpecial
    return token
  }

  private func vocabulary() throws(TokenizerError) -> HuggingFaceVocabulary {
    var vocabulary = HuggingFaceVocabulary()
    let reader = try model.required("vocab")
    if case .array(let entries) = reader.value {
      for (id, entry) in entries.enumerated() {
        guard case .array(let pair) = entry, case .string(let text)? = pair.first else {
          throw JSONReader(entry, "model.vocab[\(id)]").error("a text and a score")
        }
        vocabulary.insertOwn(Array(text.utf8), at: Int32(truncatingIfNeeded: id))
      }
    } else {
      for member in try reader.members() {
        let id = try JSONReader(member.value, "model.vocab").token()
        vocabulary.insertOwn(Array(member.name.utf8), at: id)
      }
    }
    return vocabulary
  }

  private func describedModel(
    _ tokens: ByteStrings, _ index: ByteStringIndex, isByteLevel: Bool
  ) throws(TokenizerError) -> TokenizerDescription.Model {
    func named(_ name: String) throws(TokenizerError) -> Int32? {
      guard let reader = model[name] else { return nil }
      guard let token = index.find(try reader.text().utf8) else {
        throw reader.error("a token of the vocabulary")
      }
      return token
    }
    // Old files do not name the type.
    let kind = try model.text("type") ?? (model["merges"] == nil ? "WordPiece" : "BPE")
    switch kind {
    case "BPE":
      var result = BytePairModel()
      for name in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] {
        guard let reader = model[name], reader.value != .string("") else { continue }
        throw reader.error("null")
      }
      result.merges = try merges()
      result.ignoresMerges = try model.flag("ignore_merges") ?? false
      result.hasByteFallback = try model.flag("byte_fallback") ?? false
      result.fusesUnknown = try model.flag("fuse_unk") ?? false
      result.unknownToken = try named("unk_token")
      return .bytePair(result)
    case "WordPiece":
      guard let unknown = try named("unk_token") ?? index.find("[UNK]".utf8) else {
        throw TokenizerError(
          .invalidDescription, "tokenizer.json: expected 'model.unk_token', got none")
      }
      var result = WordPieceModel(unknownToken: unknown)
      result.continuingPrefix = try model.text("continuing_subword_prefix") ?? "##"
      result.characterCountMax = try model.integer("max_input_chars_per_word") ?? 100
      return .wordPiece(result)
    case "Unigram":
      var scores = [Double](repeating: 0, count: tokens.count)
      for (id, entry) in try model.required("vocab").list().enumerated() {
        let pair = try entry.list()
        guard pair.count == 2, id < scores.count else { throw entry.error("a text and a score") }
        scores[id] = try pair[1].real()
      }
      var result = UnigramModel(scores: scores)
      result.unknownToken = try model["unk_id"]?.token()
      result.hasByteFallback = try model.flag("byte_fallback") ?? false
      return .unigram(result)
    default: throw model.unsupported(kind)
    }
  }

  /// "LEFT RIGHT", or a list of the two.
  private func merges() throws(TokenizerError) -> [(
    left: ArraySlice<UInt8>, right: ArraySlice<UInt8>
  )] {
    let reader = try model.required("merges")
    guard case .array(let entries) = reader.value else { throw reader.error("a list") }
    var result: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)] = []
    result.reserveCapacity(entries.count)
    for (rank, entry) in entries.enumerated() {
      switch entry {
      case .string(let text):
        let parts = Array(text.utf8).split(
          separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        if parts.count == 2 {
          result.append((parts[0], parts[1]))
          continue
        }
      case .array(let pair) where pair.count == 2:
        if case .string(let left) = pair[0], case .string(let right) = pair[1] {
          result.append((ArraySlice(left.utf8), ArraySlice(right.utf8)))
          continue
        }
      default: break
      }
      throw JSONReader(entry, "model.merges[\(rank)]").error("two texts")
    }
    return result
  }
}

/// Tokens by number, from a vocabulary and the tokens added to it.
private struct HuggingFaceVocabulary {
  private var texts: [Int32: [UInt8]] = [:]
  /// Added tokens that the model's own vocabulary lacks.
  private(set) var outside: Set<Int32> = []

  mutating func insertOwn(_ text: [UInt8], at id: Int32) { texts[id] = text }

  mutating func insert(_ text: [UInt8], at id: Int32) {
    if texts[id] == nil { outside.insert(id) }
    texts[id] = text
  }

  /// All of them in order; numbers that are left out have no text.
  func strings() throws(TokenizerError) -> ByteStrings {
    let last = Int(texts.keys.max() ?? -1)
    guard last < texts.count * 2 + 1_024 else {
      throw TokenizerError(
        .invalidDescription,
        "tokenizer.json: expected \(texts.count) tokens to have numbers near that, got \(last)")
    }
    var result = ByteStrings()
    result.reserve(count: last + 1, byteCount: texts.count * 8)
    for id in 0..<Int32(last + 1) { result.append(texts[id] ?? []) }
    return result
  }
}
