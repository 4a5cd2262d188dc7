import JSON
import TestSupport
import Testing
import Tokenizers

@testable import Generation

/// Folders whose files say different things of one model.
@Suite struct FolderContradictionTests {
  private func refusal(
    _ name: String, _ members: [String: JSONValue?] = [:],
    _ change: (ChangedFolder) throws -> Void = { _ in }
  ) throws -> String? {
    let folder = try ChangedFolder(name)
    try folder.configure(members)
    try change(folder)
    // Some of the fixtures have no tokenizer, and none of it matters here.
    return #expect(throws: ModelError.self) { try Decoder(path: folder.path) }?.message
  }

  @Test(arguments: [
    ("llama", 319, "model.embed_tokens.weight"), ("qwen2", 97, "model.embed_tokens.weight"),
    ("gpt2", 50_257, "transformer.wte.weight"),
    ("bert", 30_522, "embeddings.word_embeddings.weight"),
  ]) func aVocabularyHasTheEmbeddingsSize(name: String, size: Int, tensor: String) throws {
    let rows = name == "llama" ? 320 : 96
    #expect(
      try refusal(name, ["vocab_size": .integer(Int64(size))])
        == "config.json: vocab_size: expected \(rows), the rows of tensor \(tensor), got \(size)")
  }

  @Test func aModelOfExpertsIsNotADenseOne() throws {
    for key in ["num_experts", "num_local_experts", "n_routed_experts", "num_experts_per_tok"] {
      #expect(
        try refusal("qwen3", [key: .integer(8)])
          == "config.json: \(key): expected none, as Qwen3ForCausalLM has no experts, got 8")
    }
    let folder = try ChangedFolder("qwen3")
    try folder.configure(["num_experts": .some(.null), "num_experts_per_tok": .integer(0)])
    #expect(throws: Never.self) { try Decoder(path: folder.path) }
  }

  @Test func biasesAreWhereTheConfigurationSaysSo() throws {
    let q = "model.layers.0.self_attn.q_proj.bias"
    for name in ["llama", "mistral", "qwen3", "gemma2", "gemma3"] {
      #expect(
        try refusal(name, ["attention_bias": .bool(true)])
          == "config.json: attention_bias: expected a tensor \(q), as it is true, got none",
        "\(name)")
    }
    for (value, got) in [(JSONValue.bool(false), "false"), (nil, "none")] {
      #expect(
        try refusal("llama-old", ["attention_bias": value])
          == "config.json: attention_bias: expected true, as there is a tensor \(q), got \(got)")
    }
    #expect(
      try refusal("llama-old", ["mlp_bias": .bool(false)])
        == "config.json: mlp_bias: expected true, as there is a tensor "
        + "model.layers.0.mlp.gate_proj.bias, got false")
    // Kinds of models that always have them, whatever is said.
    #expect(
      try refusal("qwen2") {
        try $0.rename(
          "model.layers.1.self_attn.k_proj.bias", "model.layers.1.self_attn.z_proj.bias")
      } == "tensor model.layers.1.self_attn.k_proj.bias is missing")
    #expect(
      try refusal("gpt2") {
        try $0.rename("transformer.h.1.attn.c_attn.bias", "transformer.h.1.attn.c_attn.bies")
      } == "tensor transformer.h.1.attn.c_attn.bias is missing")
    #expect(
      try refusal("bert") {
        try $0.rename(
          "encoder.layer.0.attention.self.query.bias", "encoder.layer.0.attention.self.query.bies")
      } == "tensor encoder.layer.0.attention.self.query.bias is missing")
  }

  @Test func headsShareWhatThereIsEvenly() throws {
    #expect(
      try refusal("llama", ["num_key_value_heads": .integer(3)])
        == "config.json: num_key_value_heads: expected a divisor of the 4 heads, got 3")
    #expect(
      try refusal("llama", ["num_key_value_heads": .integer(8)])
        == "config.json: num_key_value_heads: expected a whole number from 1 to 4, got 8")
    #expect(
      try refusal(
        "qwen2", ["num_attention_heads": .integer(3), "num_key_value_heads": .integer(3)])
        == "config.json: hidden_size: expected a multiple of the 3 heads, as no size of a head is "
        + "given, got 32")
    #expect(
      try refusal("gpt2", ["n_head": .integer(3)])
        == "config.json: n_embd: expected a multiple of the 3 heads, as no size of a head is given, "
        + "got 32")
  }

  @Test func everyLayerOfTheWeightsIsCounted() throws {
    #expect(
      try refusal("llama", ["num_hidden_layers": .integer(1)])
        == "config.json: num_hidden_layers: expected all layers that the weights have, got 1, but "
        + "there is a tensor model.layers.1.self_attn.k_proj.weight")
    #expect(
      try refusal("gpt2", ["n_layer": .integer(1)])?.hasPrefix("config.json: n_layer:") == true)
  }

  @Test func aTokenizerHasNoMoreTokensThanTheEmbedding() throws {
    func tokenizer(_ count: Int) -> String {
      let tokens = (0..<count).map { #""t\#($0)": \#($0)"# }.joined(separator: ", ")
      return #"{"model": {"type": "BPE", "vocab": {"# + tokens + #"}, "merges": []}}"#
    }
    let folder = try ChangedFolder("mistral")
    folder.write(tokenizer(100), "tokenizer.json")
    let error = #expect(throws: ModelError.self) { try LanguageModel(path: folder.path) }
    #expect(
      error?.message
        == "tokenizer.json: expected at most a token for each of the embedding's 96 rows, "
        + "got 100 tokens")
    // A vocabulary that is padded has rows without tokens.
    folder.write(tokenizer(90), "tokenizer.json")
    #expect(try LanguageModel(path: folder.path).tokenizer.vocabularySize == 90)
  }

  @Test func tokensOfOneTextAreNone() throws {
    let vocabulary = (0..<96).map { _ in #"["a", -1]"# }.joined(separator: ", ")
    let folder = try ChangedFolder("mistral")
    folder.write(
      #"{"model": {"type": "Unigram", "unk_id": 0, "vocab": ["# + vocabulary + "]}}",
      "tokenizer.json")
    let error = #expect(throws: ModelError.self) { try LanguageModel(path: folder.path) }
    #expect(error?.code == .badTokenizer)
    #expect(error?.message.contains("expected tokens of different texts, got 1 different") == true)
  }
}

extension ChangedFolder {
  /// Gives a tensor another name of the same length.
  fileprivate func rename(_ old: String, _ new: String) throws {
    let file = try Files.list(path).first { name in
      guard name.hasSuffix(".safetensors"), name != "expected.safetensors" else { return false }
      return try Files.read("\(path)/\(name)").firstRange(of: Array(old.utf8)) != nil
    }
    let name = try #require(file)
    var bytes = try Files.read("\(path)/\(name)")
    let place = try #require(bytes.firstRange(of: Array(old.utf8)))
    bytes.replaceSubrange(place, with: Array(new.utf8))
    write(bytes, name)
    guard var index = try? Files.read("\(path)/model.safetensors.index.json"),
      let entry = index.firstRange(of: Array(old.utf8))
    else { return }
    index.replaceSubrange(entry, with: Array(new.utf8))
    write(index, "model.safetensors.index.json")
  }
}
