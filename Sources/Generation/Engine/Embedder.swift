internal import Compute
internal import Tokenizers

/// Embeddings of texts: the mean of an encoder's rows, or a decoder's last one, of length 1. One
/// caller at a time; its pages are its own.
public struct Embedder: ~Copyable {
  private let model: LanguageModel
  private let threadCount: Int
  private var session: DecoderSession?

  /// Pages are made when the first text comes.
  public init(_ model: LanguageModel, threadCount: Int) {
    (self.model, self.threadCount) = (model, threadCount)
  }

  /// [hidden] values of tokens, as many as the model's context has at most.
  public mutating func embed(_ tokens: [Int32]) throws(GenerationError) -> [Float] {
    let c = model.decoder.configuration
    guard !tokens.isEmpty, tokens.count <= c.contextLength else {
      throw GenerationError(
        .invalidArgument,
        "expected a text of 1 to \(c.contextLength) tokens, got \(tokens.count)")
    }
    let pageCount = (tokens.count + KeyValuePages.positionCount - 1) / KeyValuePages.positionCount
    var session = self.session
    if session == nil || session?.pages.pageCount ?? 0 < pageCount {
      session = DecoderSession(
        model.decoder, pageCount: pageCount, threadCount: threadCount, answersHidden: true)
      self.session = session
    }
    guard let session else { return [] }
    let rows = session.run([
      DecoderEntry(
        tokens: tokens, firstPosition: 0, pages: (0..<Int32(pageCount)).map { $0 },
        rows: c.isCausal ? .last : .all)
    ])
    var sum = [Float](repeating: 0, count: c.hiddenSize)
    for (index, value) in rows.enumerated() { sum[index % c.hiddenSize] += value }
    let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? sum.map { $0 / length } : sum
  }
}
