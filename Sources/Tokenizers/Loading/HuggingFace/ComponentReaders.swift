internal import JSON

/// A pattern is a text or a regular expression.
private enum PatternReader {
  static func isText(_ reader: JSONReader) throws(TokenizerError) -> (text: String, isText: Bool) {
    let pattern = try reader.required("pattern")
    if let text = try pattern.text("String") { return (text, true) }
    return (try pattern.required("Regex").text(), false)
  }
}

/// The member `normalizer`.
struct NormalizerReader {
  private let reader: JSONReader

  init(_ reader: JSONReader) { self.reader = reader }

  func normalizer() throws(TokenizerError) -> Normalizer {
    let kind = try reader.kind()
    switch kind {
    case "NFC": return .nfc
    case "NFD": return .nfd
    case "NFKC": return .nfkc
    case "NFKD": return .nfkd
    case "Lowercase": return .lowercase
    case "StripAccents": return .stripAccents
    case "Strip":
      return .strip(
        left: try reader.flag("strip_left") ?? true, right: try reader.flag("strip_right") ?? true)
    case "Prepend": return .prepend(try reader.required("prepend").text())
    case "Replace":
      let (pattern, isText) = try PatternReader.isText(reader)
      let content = try reader.required("content").text()
      return isText ? .replace(pattern, by: content) : .replacePattern(pattern, by: content)
    case "BertNormalizer":
      let lowercases = try reader.flag("lowercase") ?? true
      return .bert(
        cleansText: try reader.flag("clean_text") ?? true,
        spacesChinese: try reader.flag("handle_chinese_chars") ?? true,
        stripsAccents: try reader.flag("strip_accents") ?? lowercases, lowercases: lowercases)
    case "Precompiled":
      guard let map = reader["precompiled_charsmap"] else { return .sequence([]) }
      guard let bytes = Base64.decoded(try map.text()) else { throw map.error("base64") }
      return .precompiled(try PrecompiledMap(bytes, takesLongest: false))
    case "Sequence":
      var parts: [Normalizer] = []
      for part in try reader.required("normalizers").list() {
        parts.append(try NormalizerReader(part).normalizer())
      }
      return .sequence(parts)
    default: throw reader.unsupported(kind)
    }
  }
}

/// The member `pre_tokenizer`.
struct PreTokenizerReader {
  private let reader: JSONReader

  init(_ reader: JSONReader) { self.reader = reader }

  /// Whether it writes bytes in GPT-2's alphabet, which must come last.
  func isByteLevel() throws(TokenizerError) -> Bool {
    switch try reader.kind() {
    case "ByteLevel": return true
    case "Sequence":
      let parts = try reader.required("pretokenizers").list()
      for (index, part) in parts.enumerated() {
        guard try PreTokenizerReader(part).isByteLevel() else { continue }
        guard index == parts.count - 1 else {
          throw TokenizerError(
            .unsupported, "tokenizer.json: expected ByteLevel as the last pre-tokenizer")
        }
        return true
      }
      return false
    default: return false
    }
  }

  func preTokenizer() throws(TokenizerError) -> PreTokenizer {
    let kind = try reader.kind()
    switch kind {
    case "ByteLevel":
      var steps: [PreTokenizer] = []
      if try reader.flag("add_prefix_space") ?? true { steps.append(.prefixSpace) }
      if try reader.flag("use_regex") ?? true { steps.append(.gpt2) }
      return .sequence(steps)
    case "Split":
      let (pattern, isText) = try PatternReader.isText(reader)
      return .split(
        pattern: isText ? PatternSource.quoted(pattern) : pattern,
        try behavior() ?? .isolated, isInverted: try reader.flag("invert") ?? false)
    case "Digits":
      let isIndividual = try reader.flag("individual_digits") ?? false
      return .split(pattern: #"\p{N}"#, isIndividual ? .isolated : .contiguous)
    case "Punctuation": return .split(pattern: Patterns.punctuation, try behavior() ?? .isolated)
    case "Whitespace": return .whitespace
    case "WhitespaceSplit": return .whitespaceSplit
    case "BertPreTokenizer": return .bert
    case "CharDelimiterSplit":
      return .split(
        pattern: PatternSource.quoted(try reader.required("delimiter").text()), .removed)
    case "Metaspace":
      return .metaspace(
        replacement: try reader.text("replacement") ?? "\u{2581}",
        prepends: try MetaspaceScheme.read(reader), splits: try reader.flag("split") ?? true)
    case "Sequence":
      var parts: [PreTokenizer] = []
      for part in try reader.required("pretokenizers").list() {
        parts.append(try PreTokenizerReader(part).preTokenizer())
      }
      return .sequence(parts)
    default: throw reader.unsupported(kind)
    }
  }

  private func behavior() throws(TokenizerError) -> SplitBehavior? {
    guard let member = reader["behavior"] else { return nil }
    guard let behavior = SplitBehavior(rawValue: try member.text()) else {
      throw member.unsupported(try member.text())
    }
    return behavior
  }
}

/// Metaspace says when to prepend in two ways, by the age of the file.
private enum MetaspaceScheme {
  static func read(_ reader: JSONReader) throws(TokenizerError) -> PreTokenizer.PrependScheme {
    if let member = reader["prepend_scheme"] {
      guard let scheme = PreTokenizer.PrependScheme(rawValue: try member.text()) else {
        throw member.unsupported(try member.text())
      }
      return scheme
    }
    return try reader.flag("add_prefix_space") ?? true ? .always : .never
  }
}

/// The member `decoder`.
struct DecoderReader {
  private let reader: JSONReader?
  private let isByteLevel: Bool

  init(_ reader: JSONReader?, isByteLevel: Bool) {
    self.reader = reader
    self.isByteLevel = isByteLevel
  }

  func steps() throws(TokenizerError) -> [DecoderStep] {
    guard let reader else {
      guard !isByteLevel else { throw Self.mismatch }
      return [.joinBySpaces]
    }
    let kind = try reader.kind()
    switch kind {
    case "ByteLevel":
      guard isByteLevel else { throw Self.mismatch }
      return []
    case "ByteFallback": return [.byteFallback]
    case "Fuse": return [.fuse]
    case "Strip":
      return [
        .strip(
          try reader.required("content").text(), start: try reader.integer("start") ?? 0,
          stop: try reader.integer("stop") ?? 0)
      ]
    case "Replace":
      let (pattern, isText) = try PatternReader.isText(reader)
      guard isText, !pattern.isEmpty else { throw reader.unsupported("Replace of a Regex") }
      return [.replace(pattern, by: try reader.required("content").text())]
    case "WordPiece":
      return [
        .wordPiece(
          prefix: try reader.text("prefix") ?? "##", cleansUp: try reader.flag("cleanup") ?? true)
      ]
    case "Metaspace":
      let scheme = try MetaspaceScheme.read(reader)
      return [
        .metaspace(
          replacement: try reader.text("replacement") ?? "\u{2581}",
          stripsFirst: scheme != .never)
      ]
    case "Sequence":
      var steps: [DecoderStep] = []
      for part in try reader.required("decoders").list() {
        steps += try DecoderReader(part, isByteLevel: isByteLevel).steps()
      }
      return steps
    default: throw reader.unsupported(kind)
    }
  }

  private static var mismatch: TokenizerError {
    TokenizerError(
      .unsupported, "tokenizer.json: expected ByteLevel as pre-tokenizer and as decoder, or neither"
    )
  }
}

/// The member `post_processor`: what stands before and after a single text.
struct PostProcessorReader {
  private let reader: JSONReader

  init(_ reader: JSONReader) { self.reader = reader }

  func add(to description: inout TokenizerDescription) throws(TokenizerError) {
    let kind = try reader.kind()
    switch kind {
    case "ByteLevel": return
    case "BertProcessing", "RobertaProcessing":
      func token(_ name: String) throws(TokenizerError) -> Int32 {
        let pair = try reader.required(name).list()
        guard pair.count == 2 else { throw try reader.required(name).error("a text and a token") }
        return try pair[1].token()
      }
      description.prefix.insert(try token("cls"), at: 0)
      description.suffix.append(try token("sep"))
    case "TemplateProcessing": try addTemplate(to: &description)
    case "Sequence":
      for part in try reader.required("processors").list() {
        try PostProcessorReader(part).add(to: &description)
      }
    default: throw reader.unsupported(kind)
    }
  }

  private func addTemplate(to description: inout TokenizerDescription) throws(TokenizerError) {
    var prefix: [Int32] = []
    var suffix: [Int32] = []
    var hasText = false
    for piece in try reader.required("single").list() {
      if piece["Sequence"] != nil {
        hasText = true
        continue
      }
      let name = try piece.required("SpecialToken").required("id").text()
      // Not by `subscript`, whose names are paths in errors only.
      let tokens = try reader.required("special_tokens").required(name).required("ids").list()
      for token in tokens {
        if hasText { suffix.append(try token.token()) } else { prefix.append(try token.token()) }
      }
    }
    guard hasText else { throw reader.error("a template with a sequence") }
    description.prefix = prefix + description.prefix
    description.suffix += suffix
  }
}
