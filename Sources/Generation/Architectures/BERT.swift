internal import Compute

extension Architecture {
  /// BERT and MiniLM: encoders, for embeddings. Every position sees all, and sums are normalised.
  static let bert = Architecture(name: "bert") {
    metadata, _, vocabulary throws(ModelError) in
    var c = try DecoderConfiguration(metadata, vocabularySize: vocabulary)
    c.normalization = .layer
    c.normalizesSums = true
    c.epsilon = Float(try metadata.positive("attention.layer_norm_epsilon"))
    c.positions = .learned
    c.activation = .gelu
    c.gate = .none
    c.isCausal = false
    c.requiredLayerTensors = [
      "attn_output.bias", "ffn_up.bias", "ffn_down.bias", "attn_output_norm.bias",
      "layer_output_norm.bias",
    ]
    return c
  }
}
