/// All that makes a tokenizer, as plain values: from a GGUF file's metadata or from a
/// tokenizer.json. ``Tokenizer/init(_:)`` checks it.
public struct TokenizerDescription: Sendable {
  /// How pieces of text become tokens.
  public enum Model: Sendable {
    /// Byte-pair encoding.
    case bytePair(BytePairModel)
    /// The most likely tokens (SentencePiece's unigram model).
    case unigram(UnigramModel)
    /// The longest token first (BERT).
    case wordPiece(WordPieceModel)
  }

  /// What a token is for: GGUF's kinds, with GGUF's numbers.
  public enum TokenKind: Int, Sendable {
    /// Text.
    case normal = 1
    /// Stands for what is not in the vocabulary.
    case unknown = 2
    /// Begins, ends or separates: never made of a user's text.
    case control = 3
    /// Text that is found before anything else.
    case userDefined = 4
    /// Reserved.
    case unused = 5
    /// A single byte, written `<0x41>`.
    case byte = 6
  }

  /// The model.
  public var model: Model
  /// Every token as the vocabulary writes it.
  public var tokens = ByteStrings()
  /// Their kinds; as many as tokens.
  public var kinds: [TokenKind] = []
  /// Tokens that are found in the text before it is cut.
  public var addedTokens: [AddedToken] = []
  /// How a text is rewritten first.
  public var normalizer: Normalizer?
  /// How it is cut.
  public var preTokenizer: PreTokenizer?
  /// How tokens become text again.
  public var decoder: [DecoderStep] = []
  /// Whether tokens are written in GPT-2's alphabet of bytes.
  public var isByteLevel = false
  /// Tokens before and after a text for which special tokens are asked.
  public var prefix: [Int32] = []
  /// See ``prefix``.
  public var suffix: [Int32] = []
  /// The token that begins a text.
  public var beginOfText: Int32?
  /// The token that ends one.
  public var endOfText: Int32?
  /// Tokens at which generation ends.
  public var endsOfGeneration: Set<Int32> = []
  /// Jinja source of the model's chat template.
  public var chatTemplate: String?

  /// A tokenizer of a model, with everything else empty.
  public init(model: Model) {
    self.model = model
  }
}

/// Byte-pair encoding.
public struct BytePairModel: Sendable {
  /// Pairs of texts, the best first; nil when scores decide.
  public var merges: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)]?
  /// By token: the better the higher. Used without merges.
  public var scores: [Float] = []
  /// Whether merges that name texts outside of the vocabulary are passed over, as llama.cpp does.
  public var toleratesUnknownMerges = false
  /// Whether a piece that is a token is taken as it is.
  public var ignoresMerges = false
  /// Whether characters that are no tokens become the tokens of their bytes.
  public var hasByteFallback = false
  /// The token of characters that are none.
  public var unknownToken: Int32?
  /// Whether it stands for a run of them.
  public var fusesUnknown = false

  /// Without merges and scores.
  public init() {}
}

/// SentencePiece's unigram model.
public struct UnigramModel: Sendable {
  /// Logarithms of probabilities, by token.
  public var scores: [Double]
  /// The token of characters that are none.
  public var unknownToken: Int32?
  /// Whether characters that are no tokens become the tokens of their bytes.
  public var hasByteFallback = false

  /// A model by its scores.
  public init(scores: [Double]) {
    self.scores = scores
  }
}

/// BERT's model.
public struct WordPieceModel: Sendable {
  /// What the vocabulary writes before a token that begins a word.
  public var initialPrefix = ""
  /// What it writes before one that continues a word.
  public var continuingPrefix = "##"
  /// Characters of a word that is looked at; longer ones are unknown.
  public var characterCountMax = 100
  /// The token of unknown words.
  public var unknownToken: Int32

  /// A model by its unknown token.
  public init(unknownToken: Int32) {
    self.unknownToken = unknownToken
  }
}

/// A token that is found in a text before the text is cut.
public struct AddedToken: Sendable, Hashable {
  /// The token.
  public var id: Int32
  /// Its text.
  public var content: [UInt8]
  /// Whether it is only found when special tokens are parsed, and left out of a decoded text.
  public var isSpecial = false
  /// Whether it must stand between what are no letters.
  public var isSingleWord = false
  /// Whether it takes the white space before it.
  public var stripsLeft = false
  /// Whether it takes the white space after it.
  public var stripsRight = false
  /// Whether it is found in the normalized text.
  public var isNormalized = false

  /// A token and its text.
  public init(id: Int32, content: [UInt8]) {
    self.id = id
    self.content = content
  }
}

/// A step from tokens' texts to text: `tokenizers`' decoders.
public enum DecoderStep: Sendable, Hashable {
  /// A text instead of another.
  case replace(String, by: String)
  /// `<0x41>` becomes its byte.
  case byteFallback
  /// From here on all texts are one.
  case fuse
  /// Leaves out a character at the ends, at most so many times.
  case strip(String, start: Int, stop: Int)
  /// A space before every token but the first, unless it continues a word.
  case wordPiece(prefix: String, cleansUp: Bool)
  /// The character that stands for a space becomes one, or nothing in the first token.
  case metaspace(replacement: String, stripsFirst: Bool)
  /// A space between all tokens: what `tokenizers` does without a decoder.
  case joinBySpaces
}
