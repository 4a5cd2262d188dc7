internal import Compute

extension Architecture {
  /// GPT-2: learned positions, normalisation by mean and variance, no gate.
  static let gpt2 = Architecture(name: "gpt2") {
    metadata, _, vocabulary throws(ModelError) in
    var c = try DecoderConfiguration(metadata, vocabularySize: vocabulary)
    c.normalization = .layer
    c.epsilon = Float(try metadata.positive("attention.layer_norm_epsilon"))
    c.positions = .learned
    c.activation = .geluTanh
    c.gate = .none
    c.requiredLayerTensors = [
      "attn_output.bias", "ffn_up.bias", "ffn_down.bias", "attn_norm.bias", "ffn_norm.bias",
    ]
    return c
  }
}
