public import ModelFormats
internal import Synchronization
public import Tokenizers

/// A language model, loaded: weights, vocabulary and chat template. Read-only, shared by all that
/// generate with it.
public final class LanguageModel: Sendable {
  /// The weights.
  public let decoder: Decoder
  /// The vocabulary.
  public let tokenizer: Tokenizer
  /// How conversations become prompts; nil if the model's file has no template.
  public let chatTemplate: ChatTemplate?
  /// Why the file's template cannot be used.
  public let chatTemplateError: String?
  /// `general.name`, or the architecture.
  public let name: String
  private let grammarVocabulary = Mutex<GrammarVocabulary?>(nil)

  /// A model of its parts.
  ///
  /// - Parameter isPadded: whether rows of the embedding may have no token. Converters to GGUF write a
  ///   token for every row, if only one that is never used; folders of Hugging Face lack those.
  init(
    _ decoder: Decoder, _ description: TokenizerDescription, name: String?, isPadded: Bool
  ) throws(ModelError) {
    self.decoder = decoder
    do { tokenizer = try Tokenizer(description) } catch {
      throw ModelError(.badTokenizer, "\(error)")
    }
    let vocabulary = decoder.configuration.vocabularySize
    let count = tokenizer.vocabularySize
    guard isPadded ? count <= vocabulary : count == vocabulary else {
      throw ModelError(
        .badTokenizer,
        (isPadded ? "tokenizer.json: expected at most" : "tokenizer.ggml.tokens: expected")
          + " a token for each of the embedding's \(vocabulary) rows, got \(count) tokens")
    }
    self.name = name ?? "a language model"
    var template: ChatTemplate?
    var reason: String?
    if let source = tokenizer.chatTemplateSource {
      do { template = try ChatTemplate(source: source) } catch { reason = "\(error)" }
    }
    (chatTemplate, chatTemplateError) = (template, reason)
  }

  /// Loads a GGUF file. Nothing refers to the file afterwards.
  public convenience init(
    _ file: GGUFFile, quantization: WeightQuantization? = nil
  ) throws(ModelError) {
    let decoder = try Decoder(file, quantization: quantization)
    let description: TokenizerDescription
    do {
      description = try TokenizerDescription(gguf: { file.metadata[$0]?.forTokenizer })
    } catch { throw ModelError(.badTokenizer, "\(error)") }
    try self.init(
      decoder, description, name: file.metadata["general.name"]?.string, isPadded: false)
  }

  /// The bytes of all tokens for grammars, made when the first one is used.
  func vocabularyForGrammars() -> GrammarVocabulary {
    grammarVocabulary.withLock { made in
      if let made { return made }
      let size = decoder.configuration.vocabularySize
      let ends = Set((0..<Int32(tokenizer.vocabularySize)).filter(tokenizer.isEndOfGeneration))
      let vocabulary = GrammarVocabulary(size: size, ends: ends) { [tokenizer] token in
        guard Int(token) < tokenizer.vocabularySize, !tokenizer.isSpecial(token) else { return nil }
        return tokenizer.bytes(of: token)
      }
      made = vocabulary
      return vocabulary
    }
  }
}

extension GGUFValue {
  var forTokenizer: MetadataValue? {
    switch self {
    case .unsigned, .signed: int.map(MetadataValue.integer)
    case .real(let value): .reals([Float(value)])
    case .bool(let value): .bool(value)
    case .string(let value): .string(value)
    case .array(let array):
      switch array.elementType {
      case .string:
        {
          var texts = ByteStrings()
          array.forEachString { texts.append($0) }
          return .strings(texts)
        }()
      case .float32, .float64: array.floats.map(MetadataValue.reals)
      default: array.ints.map(MetadataValue.integers)
      }
    }
  }
}
