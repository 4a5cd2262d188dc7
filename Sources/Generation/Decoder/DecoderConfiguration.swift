public import Compute

/// What distinguishes one transformer from another: sizes, and which of the usual variants its layers
/// use. An architecture's file makes it from metadata; one decoder runs all of them.
public struct DecoderConfiguration: Sendable {
  /// Tokens, positions, elements of a hidden state, layers.
  public var vocabularySize, contextLength, hiddenSize, layerCount: Int
  /// Heads of queries, heads of keys and values, their elements, elements between the two products
  /// of a feed-forward network.
  public var headCount, keyValueHeadCount, headSize, feedForwardSize: Int

  /// Normalisation of rows: by root mean square, or by mean and variance with a bias.
  public enum Normalization: Sendable { case rootMeanSquare, layer }
  /// How rows are normalised.
  public var normalization = Normalization.rootMeanSquare
  /// What is added to the mean of squares, or to the variance.
  public var epsilon: Float = 1e-5
  /// Whether layers normalise what comes in (and what goes out, where there are weights for it), or
  /// the sum that each half of a layer leaves, as BERT does.
  public var normalizesSums = false

  /// How positions enter.
  public enum Positions: Sendable { case rotary, learned }
  /// How positions enter this model.
  public var positions = Positions.rotary
  /// The rotation of queries and keys; learned positions have none.
  public var rotary = RotaryConfiguration()
  /// The rotation in layers that see a window, if it is another one.
  public var localRotary: RotaryConfiguration?

  /// How many positions layers see that do not see all.
  public var window: Int?
  /// For each layer, whether it sees no more than the window.
  public var isLocal: [Bool] = []
  /// Whether a position sees only those before it.
  public var isCausal = true

  /// Tensors of a layer that this kind cannot do without, though others can.
  public var requiredLayerTensors: [String] = []

  /// What is between the two products of a feed-forward network.
  public var activation = RowOperations.Activation.silu
  /// Whether a second product goes through the activation, which the first one is multiplied with;
  /// its weights are a matrix of their own, or the first rows of one that both have.
  public enum Gate: Sendable { case none, separate, joined }
  /// Where this kind has its gate.
  public var gate = Gate.separate
  /// What embeddings are multiplied with.
  public var embeddingScale: Float = 1
  /// What scores are multiplied with.
  public var attentionScale: Float
  /// Scores become cap · tanh(score / cap); 0: they do not.
  public var attentionSoftCap: Float = 0
  /// The same of logits.
  public var logitSoftCap: Float = 0

  init(
    vocabularySize: Int, contextLength: Int, hiddenSize: Int, layerCount: Int, headCount: Int,
    keyValueHeadCount: Int, headSize: Int, feedForwardSize: Int
  ) {
    (self.vocabularySize, self.contextLength) = (vocabularySize, contextLength)
    (self.hiddenSize, self.layerCount) = (hiddenSize, layerCount)
    (self.headCount, self.keyValueHeadCount) = (headCount, keyValueHeadCount)
    (self.headSize, self.feedForwardSize) = (headSize, feedForwardSize)
    attentionScale = 1 / Float(headSize).squareRoot()
  }

  /// What nearly every architecture says under the same keys.
  init(_ metadata: ModelMetadata, vocabularySize: Int) throws(ModelError) {
    let heads = try metadata.integer("attention.head_count", in: 1...1024)
    let hidden = try metadata.integer("embedding_length", in: 16...131_072)
    let keyValueHeads = try metadata.integer(
      "attention.head_count_kv", in: 1...heads, default: heads)
    let headSize = try metadata.integer(
      "attention.key_length", in: 1...KeyValuePages.headSizeMax, default: hidden / heads)
    let valueSize = try metadata.integer(
      "attention.value_length", in: 1...KeyValuePages.headSizeMax, default: headSize)
    guard heads % keyValueHeads == 0 else {
      throw ModelError(
        .badMetadata,
        "\(metadata.name("attention.head_count_kv")): expected a divisor of the \(heads) heads, got "
          + "\(keyValueHeads)")
    }
    guard hidden % heads == 0 || metadata["attention.key_length"] != nil else {
      throw ModelError(
        .badMetadata,
        "\(metadata.name("embedding_length")): expected a multiple of the \(heads) heads, as no size "
          + "of a head is given, got \(hidden)")
    }
    guard headSize >= 16, headSize % 16 == 0, valueSize == headSize,
      headSize <= KeyValuePages.headSizeMax
    else {
      throw ModelError(
        .badMetadata,
        "heads: expected keys and values of one size, a multiple of 16 up to "
          + "\(KeyValuePages.headSizeMax), got \(headSize) and \(valueSize)")
    }
    self.init(
      vocabularySize: vocabularySize,
      contextLength: try metadata.integer("context_length", in: 1...16_777_216),
      hiddenSize: hidden, layerCount: try metadata.integer("block_count", in: 1...1024),
      headCount: heads, keyValueHeadCount: keyValueHeads, headSize: headSize,
      feedForwardSize: try metadata.integer("feed_forward_length", in: 1...1_048_576))
    isLocal = Array(repeating: false, count: layerCount)
  }

  /// Elements of all heads of queries, and of keys.
  var queryWidth: Int { headCount * headSize }
  var keyValueWidth: Int { keyValueHeadCount * headSize }
  /// Bytes of one page of keys and values.
  public func pageByteCount(_ precision: KeyValuePages.Precision) -> Int {
    KeyValuePages.pageByteCount(
      layerCount: layerCount, headCount: keyValueHeadCount, headSize: headSize,
      precision: precision)
  }
}
