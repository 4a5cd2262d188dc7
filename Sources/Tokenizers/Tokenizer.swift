/// Text to tokens and back. Immutable: any number of threads may use one.
///
/// A text passes the stages that `tokenizers` has: added tokens are found, what is between them is
/// normalized, cut into pieces, and each piece becomes tokens.
public final class Tokenizer: Sendable {
  /// Bytes of a text that is encoded: four times what a context of a million tokens holds.
  public static let textByteCountMax = 16 << 20
  /// Tokens of a vocabulary: the largest known ones have 262,144.
  public static let vocabularySizeMax = 1 << 24

  /// Bytes of a token, and of what a decoder writes for one: known ones have at most a few hundred.
  public static let tokenByteCountMax = 4_096
  /// Normalizers, pre-tokenizers and decoders one after the other: known tokenizers have at most ten.
  public static let stepsMax = 64

  enum Model: Sendable {
    case bytePair(BytePair)
    case unigram(Unigram)
    case wordPiece(WordPiece)
  }

  private let model: Model
  private let added: AddedTokens
  private let normalizer: CompiledNormalizer
  private let preTokenizer: CompiledPreTokenizer
  private let prefix: [Int32]
  private let suffix: [Int32]
  let decoder: Decoder
  private let endsOfGeneration: Set<Int32>
  /// The token that begins a text.
  public let beginOfText: Int32?
  /// The token that ends one.
  public let endOfText: Int32?
  /// Jinja source of the model's chat template; see ``ChatTemplate``.
  public let chatTemplateSource: String?

  /// A tokenizer of a description, or the reason why that is none.
  public init(_ description: TokenizerDescription) throws(TokenizerError) {
    let built = try TokenizerBuilder(description)
    model = built.model
    decoder = built.decoder
    normalizer = try CompiledNormalizer(description.normalizer)
    preTokenizer = try CompiledPreTokenizer(description.preTokenizer)
    added = try AddedTokens(description.addedTokens, normalizer)
    prefix = description.prefix
    suffix = description.suffix
    beginOfText = description.beginOfText
    endOfText = description.endOfText
    endsOfGeneration = description.endsOfGeneration
    chatTemplateSource = description.chatTemplate
  }

  /// How many tokens there are: each is below.
  public var vocabularySize: Int { decoder.count }

  /// Whether generation ends at a token.
  public func isEndOfGeneration(_ token: Int32) -> Bool { endsOfGeneration.contains(token) }

  /// The tokens of a text. `addsSpecial`: with those that the model wants before and after it.
  /// `parsesSpecial`: special tokens that the text names are those; never for what a user wrote.
  /// `isWanted`: asked now and then whether to go on.
  public func encode(
    _ text: String, addsSpecial: Bool = true, parsesSpecial: Bool = false,
    isWanted: @escaping () -> Bool = { true }
  ) throws(TokenizerError) -> [Int32] {
    try encode(
      valid: Array(text.utf8), addsSpecial: addsSpecial, parsesSpecial: parsesSpecial,
      isWanted: isWanted)
  }

  /// The same of bytes, which must be UTF-8.
  public func encode(
    _ text: [UInt8], addsSpecial: Bool = true, parsesSpecial: Bool = false
  ) throws(TokenizerError) -> [Int32] {
    if let offset = firstInvalidUTF8(text) {
      throw TokenizerError(.invalidUTF8, "expected UTF-8, got another byte at offset \(offset)")
    }
    return try encode(valid: text, addsSpecial: addsSpecial, parsesSpecial: parsesSpecial)
  }

  /// Encodes UTF-8. `isMarked`: what ``marked(_:)`` put into it is taken out once added tokens are
  /// found.
  func encode(
    valid text: [UInt8], addsSpecial: Bool, parsesSpecial: Bool, isMarked: Bool = false,
    isWanted: @escaping () -> Bool = { true }
  ) throws(TokenizerError) -> [Int32] {
    guard text.count <= Self.textByteCountMax else {
      throw TokenizerError(
        .limitReached,
        "expected a text of at most \(Self.textByteCountMax) bytes, got \(text.count)")
    }
    var encoding = Encoding(interruption: Interruption(isWanted))
    // About four bytes a token.
    encoding.tokens.reserveCapacity(text.count / 4 + prefix.count + suffix.count)
    if addsSpecial { encoding.tokens.append(contentsOf: prefix) }
    for part in added.parts(of: text, parsesSpecial: parsesSpecial) {
      switch part {
      case .token(let token): encoding.tokens.append(token)
      case .text(let range):
        var part = range == 0..<text.count ? text : Array(text[range])
        if isMarked { part = part.replacing(AddedTokens.mark, with: []) }
        try encode(
          part: part, isFirst: range.lowerBound == 0, parsesSpecial: parsesSpecial, &encoding)
      }
    }
    if addsSpecial { encoding.tokens.append(contentsOf: suffix) }
    return encoding.tokens
  }

  /// A text that is never found to be a special token, nor to begin one; see Tokenizer+Chat.
  func marked(_ text: [UInt8]) -> [UInt8] {
    added.marked(text.replacing(AddedTokens.mark, with: Array("\u{FFFD}".utf8)))
  }

  /// What is between added tokens; some of those are only found once it is normalized.
  private func encode(
    part: [UInt8], isFirst: Bool, parsesSpecial: Bool, _ encoding: inout Encoding
  ) throws(TokenizerError) {
    let text = normalizer.isEmpty ? part : try normalizer(part)
    guard added.hasNormalized else { return try encode(text: text, isFirst: isFirst, &encoding) }
    for part in added.normalizedParts(of: text, parsesSpecial: parsesSpecial) {
      switch part {
      case .token(let token): encoding.tokens.append(token)
      case .text(let range):
        try encode(
          text: Array(text[range]), isFirst: isFirst && range.lowerBound == 0, &encoding)
      }
    }
  }

  private func encode(
    text: [UInt8], isFirst: Bool, _ encoding: inout Encoding
  ) throws(TokenizerError) {
    let pieces = try preTokenizer.pieces(of: text, isFirst: isFirst)
    for piece in pieces.ranges where !piece.isEmpty {
      try encoding.interruption.count(piece.count)
      switch model {
      case .bytePair(let model):
        model.encode(pieces.bytes, piece, into: &encoding.tokens, &encoding.bytePair)
      case .unigram(let model):
        try model.encode(
          pieces.bytes, piece, into: &encoding.tokens, &encoding.unigram, &encoding.interruption)
      case .wordPiece(let model): model.encode(pieces.bytes, piece, into: &encoding.tokens)
      }
    }
  }

  /// What grows while a text is encoded.
  private struct Encoding {
    var interruption: Interruption
    var tokens: [Int32] = []
    var bytePair = BytePair.Scratch()
    var unigram = Unigram.Scratch()
  }
}
