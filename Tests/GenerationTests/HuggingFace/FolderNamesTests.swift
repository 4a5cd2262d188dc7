import JSON
import ModelFormats
import TestSupport
import Testing

@testable import Generation

@Suite struct FolderNamesTests {
  /// Nothing that is stored is left unread, but for a head that is the embedding.
  @Test(arguments: FolderFixture.names + ["bert"]) func everyTensorHasAName(name: String) throws {
    let folder = try HuggingFaceFolder(path: FolderFixture.path(name))
    let (_, form) = try Architecture.ofFolder(FolderConfiguration(folder.configuration))
    let source = try FolderWeights(
      folder.weights, form, isTied: false, layerCount: 3, quantization: nil)
    var read: Set<String> = []
    for key in form.tensors.keys + ["output"] {
      for layer in 0..<3 {
        let layered = key.hasPrefix("blk.N") ? "blk.\(layer)" + key.dropFirst(5) : key
        for suffix in [".weight", ".bias"] where source.tensor(layered + suffix) != nil {
          read.insert(source.originalName(layered + suffix))
        }
      }
    }
    #expect(Set(folder.weights.tensors.keys).subtracting(read) == [])
  }

  private func metadata(_ json: String) throws -> ModelMetadata {
    let root = FolderConfiguration(try JSONValue(parsing: Array(json.utf8)[...]))
    let (architecture, form) = try Architecture.ofFolder(root)
    return try form.metadata(architecture.name, root.language(assuming: form.defaults))
  }

  @Test func mutatedConfigurationsNeverTrap() throws {
    struct NoWeights: WeightSource {
      func tensor(_ name: String) -> SourceTensor? { nil }
    }
    var fuzz = Fuzz(
      "huggingface-config",
      corpus: try (FolderFixture.names + ["bert"]).map {
        try Files.read(FolderFixture.path($0) + "/config.json")
      })
    fuzz.run(rounds: 3000) { bytes in
      guard let value = try? JSONValue(parsing: bytes[...]) else { return }
      let root = FolderConfiguration(value)
      _ = try? root.language(assuming: [:]).numbers("eos_token_id")
      guard let (architecture, form) = try? Architecture.ofFolder(root),
        let metadata = try? form.metadata(
          architecture.name, root.language(assuming: form.defaults)),
        let configuration = try? architecture.configure(metadata, NoWeights(), 96)
      else { return }
      _ = configuration.rotary.frequencies()
    }
  }

  private func sizes(_ architecture: String, _ more: String) -> String {
    """
    {"architectures": ["\(architecture)"], "hidden_size": 64, "num_hidden_layers": 4,
     "num_attention_heads": 4, "intermediate_size": 128, "max_position_embeddings": 512\(more)}
    """
  }

  @Test func rotaryPositionsAreSaidInTwoWays() throws {
    for (old, new) in [
      (#""rope_theta": 5e5"#, #""rope_parameters": {"rope_type": "default", "rope_theta": 5e5}"#),
      (
        #""rope_theta": 1e4, "rope_scaling": {"type": "linear", "factor": 4}"#,
        #""rope_parameters": {"rope_type": "linear", "factor": 4, "rope_theta": 1e4}"#
      ),
      (
        #""rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 64}"#,
        #""rope_parameters": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 64}"#
      ),
    ] {
      let first = try metadata(sizes("LlamaForCausalLM", ", " + old))
      #expect(first.values == (try metadata(sizes("LlamaForCausalLM", ", " + new)).values))
      #expect(first["rope.pairs"] == .string("halves"))
    }
    let dynamic = try metadata(
      sizes("LlamaForCausalLM", #", "rope_scaling": {"type": "dynamic", "factor": 2}"#))
    #expect(dynamic["rope.scaling.type"] == nil && dynamic["rope.freq_base"] == .number(10_000))
  }

  @Test func whatYaRNMultipliesWithIsTheWholeFactor() throws {
    let given = try metadata(
      sizes(
        "LlamaForCausalLM",
        #", "rope_scaling": {"type": "yarn", "factor": 4, "attention_factor": 1.5}"#))
    let rotary = try RotaryConfiguration(given, headSize: 16, pairs: .halves)
    #expect(abs(rotary.frequencies().magnitude - 1.5) < 1e-12)
  }

  @Test func windowsAreOfTheLayersThatAreListed() throws {
    let listed = try metadata(
      sizes(
        "Gemma2ForCausalLM",
        #", "sliding_window": 8, "layer_types": ["full_attention", "full_attention", "sliding_attention", "full_attention"]"#
      ))
    #expect(listed["attention.sliding_window"] == .number(8))
    #expect(listed["attention.sliding_window_pattern"] == .numbers([0, 0, 1, 0]))
    let usual = try metadata(sizes("Gemma2ForCausalLM", ""))
    #expect(usual["attention.sliding_window_pattern"] == .numbers([1, 0, 1, 0]))
    #expect(usual["attention.key_length"] == .number(256))
    let qwen = try metadata(sizes("Qwen2ForCausalLM", #", "sliding_window": 8"#))
    #expect(qwen["attention.sliding_window"] == nil)
    let none = try metadata(sizes("MistralForCausalLM", #", "sliding_window": null"#))
    #expect(none["attention.sliding_window"] == nil)
    #expect(
      try metadata(sizes("MistralForCausalLM", ""))["attention.sliding_window"] == .number(4096))
  }

  @Test func aModelOfSeveralInputsHasItsLanguageInside() throws {
    let inside = try metadata(
      """
      {"architectures": ["Gemma3ForConditionalGeneration"], "vision_config": {"hidden_size": 7},
       "text_config": {"hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 7,
       "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024}}
      """)
    #expect(inside["embedding_length"] == .number(2560))
    #expect(inside["attention.head_count"] == .number(8))
    #expect(inside["rope.freq_base"] == .number(1_000_000))
    #expect(inside["rope.scaling.factor"] == .number(8))
    #expect(inside["attention.sliding_window_pattern"] == .numbers([1, 1, 1, 1, 1, 0, 1]))
  }

  @Test(arguments: [
    (#""architectures": []"#, "expected LlamaForCausalLM"),
    (#""architectures": ["MambaForCausalLM"]"#, "\"MambaForCausalLM\""),
    (#""hidden_size": null"#, "hidden_size is missing"),
    (#""hidden_size": "64""#, "hidden_size: expected a number, got \"64\""),
    (#""hidden_act": "relu2""#, "hidden_act: expected silu or swish, got \"relu2\""),
    (#""quantization_config": {"quant_method": "gptq"}"#, "got gptq"),
    (#""rope_scaling": {"type": "magic"}"#, "rope_scaling.rope_type: expected default"),
    (#""rope_scaling": {"type": "longrope"}"#, "expected another type"),
    (#""rope_scaling": {"type": "linear"}"#, "expected a number, as rope_type is linear, got none"),
    (#""rope_scaling": {"type": "yarn"}"#, "rope_scaling.factor"),
    (#""rope_scaling": 4"#, "rope_scaling: expected an object, got 4"),
    (#""partial_rotary_factor": 2"#, "partial_rotary_factor"),
  ]) func whatIsNotComputedIsRefusedByItsName(member: String, words: String) throws {
    let name = try #require(member.split(separator: "\"").first)
    var text = sizes("LlamaForCausalLM", "")
    if name == "architectures" {
      text = text.replacing(#""architectures": ["LlamaForCausalLM"]"#, member)
    } else if name == "hidden_size" {
      text = text.replacing(#""hidden_size": 64"#, member)
    } else {
      text = sizes("LlamaForCausalLM", ", " + member)
    }
    let error = #expect(throws: ModelError.self) { try metadata(text) }
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }
}

extension String {
  fileprivate func replacing(_ old: String, _ new: String) -> String {
    guard let range = firstRange(of: old) else { return self }
    return String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
  }
}
