import Generation
import ModelFormats
import Testing

/// Files of language models that are not what they say: each is refused with a sentence that names
/// what was expected and what was found.
@Suite struct HostileModelTests {
  /// A file is refused with a sentence that has these words.
  private func refused(
    _ name: String = "llama", _ words: String..., by body: (inout EditableModel) -> Void
  ) throws {
    var model = EditableModel(try TinyModel.bytes(name))
    body(&model)
    let bytes = model.file
    do {
      _ = try LanguageModel(try GGUFFile(bytes: bytes))
      Issue.record("\(name) was loaded; expected an error with \(words)")
    } catch {
      let sentence = "\(error)"
      for word in words where !sentence.contains(word) {
        Issue.record("expected \"\(word)\" in \"\(sentence)\"")
      }
    }
  }

  @Test(arguments: TinyModel.names) func everyModelLoadsAsItIs(name: String) throws {
    let bytes = try TinyModel.bytes(name)
    #expect(EditableModel(bytes).file.count <= bytes.count + 64)
    _ = try LanguageModel(try GGUFFile(bytes: EditableModel(bytes).file))
  }

  /// What a file may lack: a head apart from the embedding, factors of frequencies, an encoder's
  /// normalisation of embeddings, and some biases.
  @Test(arguments: TinyModel.names) func everyMissingTensorIsNamed(name: String) throws {
    let whole = EditableModel(try TinyModel.bytes(name))
    let optional = [
      "token_types", "token_embd_norm", "rope_", "output_norm.bias", "attn_qkv.bias", "attn_q.bias",
      "attn_k.bias", "attn_v.bias",
    ]
    for tensor in whole.tensors
    where tensor.name != "output.weight" && !optional.contains(where: tensor.name.contains) {
      try refused(name, "missing") { $0.removeTensor(tensor.name) }
    }
  }

  @Test(arguments: TinyModel.names) func everyWrongShapeIsNamed(name: String) throws {
    let whole = EditableModel(try TinyModel.bytes(name))
    // Factors of the other length are not looked at; of types of tokens, the first row is.
    for tensor in whole.tensors where tensor.name != "rope_factors_short.weight" {
      let words = tensor.name == "token_embd.weight" ? "expected" : tensor.name
      if tensor.name != "token_types.weight" {
        try refused(name, words, "expected", "got") { model in
          model.change(tensor.name) { tensor in
            // One row less, or one number.
            tensor.sizes[tensor.sizes.count - 1] -= 1
          }
        }
      }
      try refused(name, "expected", "got") { model in
        model.change(tensor.name) { tensor in
          tensor.sizes = [1, tensor.sizes.reduce(1, *), 1, 1]
          tensor.sizes[0] = 3
          tensor.bytes += tensor.bytes + tensor.bytes
        }
      }
    }
  }

  @Test func countsThatCannotBeAreNamed() throws {
    let keys = [
      "context_length", "embedding_length", "block_count", "attention.head_count",
      "attention.head_count_kv", "attention.key_length", "feed_forward_length",
      "rope.dimension_count",
    ].map { "llama." + $0 }
    for key in keys {
      try refused("llama", key, "expected", "got 0") { $0.set(key, UInt32(0)) }
      try refused("llama", key, "expected", "got -1") { $0.set(key, Int32(-1)) }
      try refused("llama", key, "expected", "got 4294967295") { $0.set(key, UInt32.max) }
      try refused("llama", key, "expected", "got 1.84467440737") { $0.set(key, UInt64.max) }
      try refused("llama", key, "expected", "got 9.22337203685") { $0.set(key, UInt64.max / 2) }
      try refused("llama", key, "expected", "got \"48\"") { $0.set(key, "48") }
      try refused("llama", key, "expected", "got 16.5") { $0.set(key, Float(16.5)) }
      try refused("llama", key, "expected", "got nan") { $0.set(key, Float.nan) }
      try refused("llama", key, "expected", "got 2 numbers") {
        $0.set(
          key, type: 9,
          EditableModel.bytes(UInt32(4)) + EditableModel.bytes(UInt64(2)) + [
            4, 0, 0, 0, 4, 0, 0, 0,
          ]
        )
      }
    }
    try refused("llama", "llama.block_count", "missing") { $0.remove("llama.block_count") }
    try refused("llama", "blk.2.", "missing") { $0.set("llama.block_count", UInt32(3)) }
  }

  @Test func headsThatDoNotDivideAreNamed() throws {
    try refused("llama", "4 heads", "3") { $0.set("llama.attention.head_count_kv", UInt32(3)) }
    try refused("llama", "expected", "from 1 to 4", "got 8") {
      $0.set("llama.attention.head_count_kv", UInt32(8))
    }
    try refused("llama", "multiple of 16", "got 12 and 12") {
      $0.set("llama.attention.key_length", UInt32(12))
      $0.set("llama.attention.value_length", UInt32(12))
      $0.set("llama.rope.dimension_count", UInt32(12))
    }
    try refused("llama", "one size", "got 16 and 32") {
      $0.set("llama.attention.value_length", UInt32(32))
    }
    try refused("llama", "even number", "got 15") {
      $0.set("llama.rope.dimension_count", UInt32(15))
    }
    try refused("llama", "expected", "from 2 to 16", "got 18") {
      $0.set("llama.rope.dimension_count", UInt32(18))
    }
  }

  @Test func numbersThatAreNoneAreNamed() throws {
    for (name, key) in [
      ("llama", "llama.attention.layer_norm_rms_epsilon"), ("llama", "llama.rope.freq_base"),
      ("llama-yarn", "llama.rope.scaling.factor"), ("gpt2", "gpt2.attention.layer_norm_epsilon"),
      ("bert", "bert.attention.layer_norm_epsilon"), ("gemma2", "gemma2.attn_logit_softcapping"),
      ("gemma2", "gemma2.final_logit_softcapping"), ("gemma3", "gemma3.rope.local.freq_base"),
      ("phi3-longrope", "phi3.rope.scaling.attn_factor"),
    ] {
      for value in [Float.nan, .infinity, -1] {
        try refused(name, key, "expected a number", "got \(value)") { $0.set(key, value) }
      }
      // Above zero, but not any more in single precision.
      try refused(name, key, "expected a number", "got 1e-60") {
        $0.set(key, type: 12, EditableModel.bytes((1e-60).bitPattern))
      }
    }
    for name in ["mistral", "gemma2", "gemma3", "phi3"] {
      let key = "\(name).attention.sliding_window"
      try refused(name, key, "expected", "got 1.00000001") { $0.set(key, Float(1e30)) }
      try refused(name, key, "expected", "got -5") { $0.set(key, Int32(-5)) }
    }
    try refused("llama-yarn", "rope.scaling.type", "expected none, linear", "got \"spiral\"") {
      $0.set("llama.rope.scaling.type", "spiral")
    }
  }

  @Test func vocabulariesThatDoNotFitAreNamed() throws {
    try refused("llama", "token_embd.weight") { $0.removeTensor("token_embd.weight") }
    try refused("llama", "token_embd.weight") { model in
      model.change("token_embd.weight") { $0.sizes = [$0.sizes.reduce(1, *)] }
    }
    try refused("gpt2", "embedding's 271 rows", "got 272") { model in
      model.change("token_embd.weight") { $0.sizes[1] -= 1 }
    }
    try refused("qwen3", "embedding's 288 rows", "got 272") { model in
      model.change("token_embd.weight") { tensor in
        tensor.sizes[1] += 16
        tensor.bytes += [UInt8](repeating: 0, count: 16 * 2 * Int(tensor.sizes[0]))
      }
    }
    try refused("gpt2", "expected", "below 272", "got 400") {
      $0.set("tokenizer.ggml.bos_token_id", UInt32(400))
    }
    try refused("gpt2", "tokenizer.ggml.eos_token_id", "expected a token") {
      $0.set("tokenizer.ggml.eos_token_id", UInt32.max)
    }
    try refused("gpt2", "expected 272 integers", "token_type") {
      $0.set("tokenizer.ggml.token_type", type: 9, [5, 0, 0, 0] + EditableModel.bytes(UInt64(0)))
    }
    try refused("llama", "expected 272 numbers", "scores") {
      $0.set("tokenizer.ggml.scores", type: 9, [6, 0, 0, 0] + EditableModel.bytes(UInt64(0)))
    }
    try refused("gpt2", "tokenizer.ggml.tokens") { $0.remove("tokenizer.ggml.tokens") }
    try refused("gpt2", "tokenizer.ggml.tokens", "expected a list of texts") {
      $0.set("tokenizer.ggml.tokens", UInt32(272))
    }
    try refused("gpt2", "tokenizer.ggml.merges") { $0.remove("tokenizer.ggml.merges") }
  }

  @Test func unknownKindsAreNamed() throws {
    try refused("llama", "expected llama, mistral", "got \"mamba\"") {
      $0.set("general.architecture", "mamba")
    }
    try refused("llama", "general.architecture is missing") { $0.remove("general.architecture") }
    try refused("llama", "general.architecture is missing") {
      $0.set("general.architecture", UInt32(7))
    }
    try refused("llama", "expected a tokenizer", "got 'rwkv'") {
      $0.set("tokenizer.ggml.model", "rwkv")
    }
    try refused("gpt2", "pre-tokenizer", "got 'klingon'") {
      $0.set("tokenizer.ggml.pre", "klingon")
    }
    for (number, name) in [(16, "iq2_xxs"), (34, "tq1_0"), (39, "mxfp4"), (99, "number 99")] {
      try refused("llama", "blk.0.attn_q.weight", "expected a type", name) { model in
        model.change("blk.0.attn_q.weight") { $0.type = UInt32(number) }
      }
    }
  }

  @Test func tensorsThatOverlapOrLeaveTheFileAreNamed() throws {
    try refused("llama", "blk.1.ffn_up.weight") { model in
      model.change("blk.1.ffn_up.weight") { $0.offset = 0 }
    }
    try refused("llama", "blk.1.ffn_up.weight", "expected") { model in
      model.change("blk.1.ffn_up.weight") { $0.offset = 1 << 40 }
    }
    try refused("llama", "blk.1.ffn_up.weight", "expected") { model in
      model.change("blk.1.ffn_up.weight") { $0.offset = .max - 31 }
    }
    try refused("llama", "blk.1.ffn_up.weight", "multiple of 32", "got 7") { model in
      model.change("blk.1.ffn_up.weight") { $0.offset = 7 }
    }
    try refused("llama", "blk.1.ffn_up.weight", "fit into memory") { model in
      model.change("blk.1.ffn_up.weight") { $0.sizes = [1 << 32, 1 << 32] }
    }
    try refused("llama", "blk.1.ffn_up.weight", "expected a size of at least 1, got 0") { model in
      model.change("blk.1.ffn_up.weight") { $0.sizes[1] = 0 }
    }
    var cut = EditableModel(try TinyModel.bytes("llama")).file
    cut.removeLast(64)
    let error = #expect(throws: GGUFError.self) { try GGUFFile(bytes: cut) }
    #expect(error?.code == .truncated)
  }

  /// Its rows are hidden states: a sampler that took them for logits would read beyond them.
  @Test func aModelThatOnlyEmbedsDoesNotGenerate() throws {
    let model = try LanguageModel(try GGUFFile(bytes: try TinyModel.bytes("bert")))
    let loop = try GenerationLoop(
      model, SchedulerConfiguration(pageCount: 4, contextMax: 64), threadCount: 1, wake: {})
    let error = #expect(throws: GenerationError.self) {
      try loop.submit([1, 2], GenerationParameters(), tenant: "t")
    }
    #expect(error?.code == .unsupported)
    #expect(error?.message == "bert embeds texts: expected a model that generates")
  }

  /// Learned positions that are fewer than the context would be read beyond their end.
  @Test func positionsCoverTheContext() throws {
    for name in ["gpt2", "bert"] {
      try refused(name, "position_embd.weight", "expected", "got") {
        $0.set("\(name).context_length", UInt32(65))
      }
    }
    // Token types are added as rows.
    try refused("bert", "token_types.weight", "expected rows of 64") { model in
      model.change("token_types.weight") {
        $0.sizes = [8, 2]
        $0.bytes.removeLast($0.bytes.count - 64)
      }
    }
  }
}
