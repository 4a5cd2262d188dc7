internal import Compute

/// Matrices that take the same vectors, and what is added to their products.
struct Projection: Sendable {
  let weights: BlockMatrixGroup
  let biases: [[Float]?]

  /// One behind the other.
  init(_ parts: [(weights: BlockMatrix, bias: [Float]?)]) {
    weights = BlockMatrixGroup(parts.map(\.weights))
    biases = parts.map(\.bias)
  }

  var byteCount: Int { weights.matrices.reduce(0) { $0 + $1.byteCount } }
}

/// Scale and bias of a normalisation.
struct NormWeights: Sendable {
  var scale: [Float]
  var bias: [Float]?
}

/// The weights of one layer. What an architecture does not have is nil.
struct LayerWeights: Sendable {
  var attentionNorm: NormWeights?
  var queryKeyValue, output: Projection
  /// Normalisation of each head of queries and keys.
  var queryNorm, keyNorm: NormWeights?
  var attentionOutputNorm: NormWeights?
  var feedForwardNorm: NormWeights?
  /// Gate and up; without a gate, `up` alone goes through the activation.
  var gateUp, down: Projection
  var hasGate: Bool { gateUp.weights.matrices.count == 2 }
  var feedForwardOutputNorm: NormWeights?
}

/// All weights of a model.
struct DecoderWeights: Sendable {
  var embedding: BlockMatrix
  /// Learned positions and types of tokens, in f32 rows.
  var positions: [Float]?
  var tokenTypes: [Float]?
  var embeddingNorm: NormWeights?
  var layers: [LayerWeights]
  var outputNorm: NormWeights?
  /// nil: a model without a head, for embeddings; it may be the embedding itself.
  var head: BlockMatrixGroup?

  /// Bytes of memory held by matrices.
  var byteCount: Int {
    var total = embedding.byteCount
    if let head = head?.matrices.first, head !== embedding { total += head.byteCount }
    for layer in layers {
      let projections = [layer.queryKeyValue, layer.output, layer.gateUp, layer.down]
      total += projections.reduce(0) { $0 + $1.byteCount }
    }
    return total
  }
}

extension DecoderWeights {
  /// Loads what is there and fits; which tensors must be there follows from the configuration.
  init(_ c: DecoderConfiguration, from source: some WeightSource) throws(ModelError) {
    let hidden = c.hiddenSize
    embedding = try source.matrix("token_embd.weight", rows: c.vocabularySize, columns: hidden)
    if c.positions == .learned {
      positions = try source.vector("position_embd.weight", count: c.contextLength * hidden)
    }
    embeddingNorm = try Self.norm("token_embd_norm", size: hidden, c, source, isOptional: true)
    if let types = source.tensor("token_types.weight") {
      // Every token is of the first type.
      guard types.shape.count <= 2, types.shape.last == hidden else {
        throw ModelError(
          .badTensor,
          "tensor \(source.originalName("token_types.weight")): expected rows of \(hidden), got "
            + "shape \(types.shape)")
      }
      tokenTypes = try source.vector("token_types.weight", count: types.shape.reduce(1, *))
    }
    layers = []
    for layer in 0..<c.layerCount {
      layers.append(try LayerWeights(c, "blk.\(layer).", source))
    }
    outputNorm = try Self.norm("output_norm", size: hidden, c, source, isOptional: !c.isCausal)
    if source.tensor("output.weight") != nil {
      head = BlockMatrixGroup([
        try source.matrix("output.weight", rows: c.vocabularySize, columns: hidden)
      ])
    } else {
      head = c.isCausal ? BlockMatrixGroup([embedding]) : nil
    }
  }

  static func norm(
    _ name: String, size: Int, _ c: DecoderConfiguration, _ source: some WeightSource,
    isOptional: Bool = false
  ) throws(ModelError) -> NormWeights? {
    if isOptional, source.tensor(name + ".weight") == nil { return nil }
    return NormWeights(
      scale: try source.vector(name + ".weight", count: size),
      bias: try source.optionalVector(name + ".bias", count: size))
  }
}

extension LayerWeights {
  init(_ c: DecoderConfiguration, _ prefix: String, _ source: some WeightSource)
    throws(ModelError)
  {
    let hidden = c.hiddenSize
    for name in c.requiredLayerTensors where source.tensor(prefix + name) == nil {
      throw ModelError(
        .missingTensor, "tensor \(source.originalName(prefix + name)) is missing")
    }
    func norm(_ name: String, _ size: Int, isOptional: Bool = true) throws(ModelError)
      -> NormWeights?
    {
      try DecoderWeights.norm(prefix + name, size: size, c, source, isOptional: isOptional)
    }
    func projection(_ name: String, _ rows: Int, _ columns: Int, _ range: Range<Int>? = nil)
      throws(ModelError) -> (weights: BlockMatrix, bias: [Float]?)
    {
      (
        try source.matrix(
          prefix + name + ".weight", rows: rows, columns: columns, taking: range),
        try source.optionalVector(prefix + name + ".bias", count: rows, taking: range)
      )
    }
    attentionNorm = try norm("attn_norm", hidden, isOptional: c.normalizesSums)
    let (queries, keys) = (c.queryWidth, c.keyValueWidth)
    if source.tensor(prefix + "attn_qkv.weight") != nil {
      let all = queries + 2 * keys
      queryKeyValue = Projection([
        try projection("attn_qkv", all, hidden, 0..<queries),
        try projection("attn_qkv", all, hidden, queries..<queries + keys),
        try projection("attn_qkv", all, hidden, queries + keys..<all),
      ])
    } else {
      queryKeyValue = Projection([
        try projection("attn_q", queries, hidden), try projection("attn_k", keys, hidden),
        try projection("attn_v", keys, hidden),
      ])
    }
    output = Projection([try projection("attn_output", hidden, queries)])
    queryNorm = try norm("attn_q_norm", c.headSize)
    keyNorm = try norm("attn_k_norm", c.headSize)
    let inner = c.feedForwardSize
    if c.normalizesSums {
      attentionOutputNorm = try norm("attn_output_norm", hidden, isOptional: false)
      feedForwardOutputNorm = try norm("layer_output_norm", hidden, isOptional: false)
    } else {
      attentionOutputNorm = try norm("post_attention_norm", hidden)
      feedForwardNorm = try norm("ffn_norm", hidden, isOptional: false)
      feedForwardOutputNorm = try norm("post_ffw_norm", hidden)
    }
    switch c.gate {
    case .none:
      gateUp = Projection([try projection("ffn_up", inner, hidden)])
    case .separate:
      gateUp = Projection([
        try projection("ffn_gate", inner, hidden), try projection("ffn_up", inner, hidden),
      ])
    case .joined:
      gateUp = Projection([
        try projection("ffn_up", 2 * inner, hidden, 0..<inner),
        try projection("ffn_up", 2 * inner, hidden, inner..<2 * inner),
      ])
    }
    down = Projection([try projection("ffn_down", hidden, inner)])
  }
}
