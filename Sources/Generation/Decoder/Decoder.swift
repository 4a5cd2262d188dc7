internal import Compute

/// A transformer with its weights: read-only, shared by all who run it.
public final class Decoder: Sendable {
  /// What kind of transformer it is.
  public let configuration: DecoderConfiguration
  let weights: DecoderWeights

  /// Loads weights.
  public init(_ configuration: DecoderConfiguration, from source: some WeightSource)
    throws(ModelError)
  {
    self.configuration = configuration
    weights = try DecoderWeights(configuration, from: source)
  }

  /// Whether it says what comes next: an encoder, or a decoder without a head, only embeds.
  public var generates: Bool { configuration.isCausal && weights.head != nil }

  /// Bytes of memory that the weights take.
  public var byteCount: Int { weights.byteCount }
}

/// What one sequence contributes to a step.
public struct DecoderEntry: Sendable {
  /// New tokens, each below the vocabulary's size, at least one.
  public var tokens: [Int32]
  /// The first one's place in its sequence.
  public var firstPosition: Int
  /// The pages of the sequence, as far as its new tokens go.
  public var pages: [Int32]
  /// Which of its tokens' rows are wanted.
  public enum Rows: Sendable { case none, last, all }
  /// The rows that are answered.
  public var rows: Rows

  /// By its parts.
  public init(tokens: [Int32], firstPosition: Int, pages: [Int32], rows: Rows = .last) {
    (self.tokens, self.firstPosition) = (tokens, firstPosition)
    (self.pages, self.rows) = (pages, rows)
  }
}
