internal import JSON

/// How a folder of Hugging Face says what a GGUF file says: names of values in config.json, names of
/// tensors, and how those differ. Part of an architecture's file.
struct FolderForm: Sendable {
  /// `architectures` in config.json.
  var classes: [String]
  /// What the tensors' names begin with, one of them.
  var prefixes = ["model.", "", "language_model.model.", "model.language_model."]
  /// Tensors' names without `.weight` and `.bias` under GGUF's; `N` stands for a layer's number.
  var tensors = FolderForm.decoderTensors
  /// Names of the head, which has none of the prefixes.
  var heads = ["lm_head", "language_model.lm_head"]
  /// Which products something is added to.
  var biases = FolderForm.statedBiases
  /// GGUF's keys under those of config.json.
  var keys = FolderForm.decoderKeys
  /// Those that must be there.
  var requiredKeys = [
    "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings",
  ]
  /// What Hugging Face's library assumes of keys that are left out.
  var defaults: [String: JSONValue] = [:]
  /// Whether the embedding is the head too, if config.json does not say.
  var tiesEmbeddings = false
  /// Under which key the activation is, and what it may be.
  var activation = (key: "hidden_act", names: ["silu", "swish"])
  /// Tensors, under GGUF's names, whose rows are columns in the file.
  var turned: Set<String> = []
  /// What the file's scales of normalisation lack.
  var normalizationOffset: Float = 0
  /// Adds to the metadata what this kind of model has beyond the keys above.
  var describe:
    @Sendable (_ configuration: FolderConfiguration, _ metadata: inout ModelMetadata)
      throws(ModelError) -> Void = { _, _ throws(ModelError) in }

  /// What most decoders call their tensors.
  static let decoderTensors = [
    "token_embd": "embed_tokens", "output_norm": "norm",
    "blk.N.attn_norm": "layers.N.input_layernorm",
    "blk.N.attn_q": "layers.N.self_attn.q_proj", "blk.N.attn_k": "layers.N.self_attn.k_proj",
    "blk.N.attn_v": "layers.N.self_attn.v_proj", "blk.N.attn_output": "layers.N.self_attn.o_proj",
    "blk.N.ffn_norm": "layers.N.post_attention_layernorm",
    "blk.N.ffn_gate": "layers.N.mlp.gate_proj", "blk.N.ffn_up": "layers.N.mlp.up_proj",
    "blk.N.ffn_down": "layers.N.mlp.down_proj",
  ]
  /// What decoders with normalised queries and keys have besides.
  static let headNormTensors = [
    "blk.N.attn_q_norm": "layers.N.self_attn.q_norm",
    "blk.N.attn_k_norm": "layers.N.self_attn.k_norm",
  ]
  /// What most models call their sizes.
  static let decoderKeys = [
    "hidden_size": "embedding_length", "num_hidden_layers": "block_count",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv", "head_dim": "attention.key_length",
    "intermediate_size": "feed_forward_length", "max_position_embeddings": "context_length",
    "rms_norm_eps": "attention.layer_norm_rms_epsilon",
  ]

  /// config.json in GGUF's words.
  func metadata(
    _ architecture: String, _ c: FolderConfiguration
  ) throws(ModelError) -> ModelMetadata {
    if let quantization = try c.object("quantization_config") {
      let method = try quantization.text("quant_method") ?? "another"
      throw c.error(
        "quantization_config", "expected weights in F32, F16 or BF16, got \(method.prefix(40))")
    }
    for key in requiredKeys where c[key] == nil { throw c.missing(key) }
    var metadata = ModelMetadata(architecture: architecture)
    for (key, name) in keys {
      metadata.sourceNames[name] = c.name(key)
      if let number = try c.number(key) { metadata[name] = .number(number) }
    }
    if let name = try c.text(activation.key), !activation.names.contains(name) {
      throw c.error(
        activation.key,
        "expected \(activation.names.joined(separator: " or ")), got \"\(name.prefix(40))\"")
    }
    try describe(c, &metadata)
    return metadata
  }
}

extension FolderConfiguration {
  /// The layers that see a window, as `layer_types` lists them; else as `pattern` says.
  func describeWindow(
    _ metadata: inout ModelMetadata, unlisted pattern: (_ layer: Int) -> Bool
  ) throws(ModelError) {
    guard let window = try integer("sliding_window", in: 1...16_777_216),
      let layers = try integer("num_hidden_layers", in: 1...1024)
    else { return }
    var isLocal = (0..<layers).map(pattern)
    if let types = try texts("layer_types") {
      guard types.count == layers else {
        throw error("layer_types", "expected \(layers) kinds of layers, got \(types.count)")
      }
      for type in types where type != "sliding_attention" && type != "full_attention" {
        throw error(
          "layer_types",
          "expected sliding_attention or full_attention, got \"\(type.prefix(40))\"")
      }
      isLocal = types.map { $0 == "sliding_attention" }
    }
    metadata["attention.sliding_window"] = .number(Double(window))
    metadata["attention.sliding_window_pattern"] = .numbers(isLocal.map { $0 ? 1 : 0 })
  }
}
