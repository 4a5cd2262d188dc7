internal import Compute
internal import Tokenizers

/// Embeddings of texts: the mean of an encoder's rows, or a decoder's last one, of length 1. One
/// caller at a time; its pages are its own.
public struct Embedder: ~Copyable {
  private let model: LanguageModel
  private let threadCount: Int
  private var session: DecoderSession?
  private var tokens: [Int32] = []
  private var computed = 0
  private var pages: [Int32] = []

  /// Pages are made when the first text comes.
  public init(_ model: LanguageModel, threadCount: Int) {
    (self.model, self.threadCount) = (model, threadCount)
  }

  /// Throws for tokens that no embedding can be computed of.
  public static func check(_ tokens: [Int32], _ model: LanguageModel) throws(GenerationError) {
    let contextLength = model.decoder.configuration.contextLength
    guard (1...contextLength).contains(tokens.count) else {
      throw GenerationError(
        .invalidArgument, "expected a text of 1 to \(contextLength) tokens, got \(tokens.count)")
    }
  }

  /// Begins with a text's tokens, of which there may be as many as the model's context has.
  public mutating func begin(_ tokens: [Int32]) throws(GenerationError) {
    try Self.check(tokens, model)
    let size = KeyValuePages.positionCount
    let pageCount = (tokens.count + size - 1) / size
    if session == nil || session?.pages.pageCount ?? 0 < pageCount {
      session = DecoderSession(
        model.decoder, pageCount: pageCount, threadCount: threadCount, answersHidden: true)
    }
    (self.tokens, computed) = (tokens, 0)
    pages = (0..<Int32(pageCount)).map { $0 }
  }

  /// Computes the next part of the text: a few hundred tokens, so that others get their turn; all of
  /// it for an encoder, whose tokens see each other. The [hidden] values when that was the last part.
  public mutating func advance() throws(GenerationError) -> [Float]? {
    let c = model.decoder.configuration
    guard let session, computed < tokens.count else { return nil }
    let end = c.isCausal ? min(tokens.count, computed + Self.tokensPerPart) : tokens.count
    let isLast = end == tokens.count
    let rows = session.run([
      DecoderEntry(
        tokens: Array(tokens[computed..<end]), firstPosition: computed, pages: pages,
        rows: !c.isCausal ? .all : isLast ? .last : .none)
    ])
    computed = end
    guard isLast else { return nil }
    var sum = [Float](repeating: 0, count: c.hiddenSize)
    for (index, value) in rows.enumerated() { sum[index % c.hiddenSize] += value }
    let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard length.isFinite else {
      throw GenerationError(
        .failed, "the model's numbers are not finite: expected an embedding's length, got \(length)"
      )
    }
    return length > 0 ? sum.map { $0 / length } : sum
  }

  /// [hidden] values of tokens, in one go.
  public mutating func embed(_ tokens: [Int32]) throws(GenerationError) -> [Float] {
    try begin(tokens)
    while true {
      if let embedding = try advance() { return embedding }
    }
  }

  /// Some hundred milliseconds of a small model.
  static let tokensPerPart = 256
}
