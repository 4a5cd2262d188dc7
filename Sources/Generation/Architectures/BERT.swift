internal import Compute
internal import JSON

extension Architecture {
  /// BERT and MiniLM: encoders, for embeddings. Every position sees all, and sums are normalised.
  static let bert = Architecture(name: "bert", folder: .bert) {
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

extension FolderForm {
  static let bert = FolderForm(
    classes: [
      "BertModel", "BertForMaskedLM", "BertForPreTraining", "BertForSequenceClassification",
    ],
    prefixes: ["", "bert."],
    tensors: [
      "token_embd": "embeddings.word_embeddings", "position_embd": "embeddings.position_embeddings",
      "token_types": "embeddings.token_type_embeddings",
      "token_embd_norm": "embeddings.LayerNorm",
      "blk.N.attn_q": "encoder.layer.N.attention.self.query",
      "blk.N.attn_k": "encoder.layer.N.attention.self.key",
      "blk.N.attn_v": "encoder.layer.N.attention.self.value",
      "blk.N.attn_output": "encoder.layer.N.attention.output.dense",
      "blk.N.attn_output_norm": "encoder.layer.N.attention.output.LayerNorm",
      "blk.N.ffn_up": "encoder.layer.N.intermediate.dense",
      "blk.N.ffn_down": "encoder.layer.N.output.dense",
      "blk.N.layer_output_norm": "encoder.layer.N.output.LayerNorm",
    ],
    heads: [],
    biases: [
      FolderBiases(["attn_q", "attn_k", "attn_v", "attn_output", "ffn_up", "ffn_down"], .always)
    ],
    keys: decoderKeys.merging(["layer_norm_eps": "attention.layer_norm_epsilon"]) { $1 },
    defaults: ["layer_norm_eps": .real(1e-12)],
    activation: (key: "hidden_act", names: ["gelu"])
  ) { c, _ throws(ModelError) in
    try c.require("is_decoder", false)
    if let type = try c.text("position_embedding_type"), type != "absolute" {
      throw c.error("position_embedding_type", "expected absolute, got \"\(type.prefix(40))\"")
    }
  }
}
