import JSON
import ModelFormats
import TestSupport
import Testing
import Tokenizers

@testable import Generation

@Suite struct FolderModelTests {
  @Test func aFolderIsATokenizerAndAModel() throws {
    let path = FolderFixture.path("llama")
    for path in [path, path + "/config.json"] {
      let model = try LanguageModel(path: path)
      let text = try Files.read(FolderFixture.path("llama/tokens.json"))
      let expected = try JSONValue(parsing: text[...])
      guard case .object(let members) = expected else { return }
      for member in members {
        let tokens = try model.tokenizer.encode(member.name)
        #expect(.array(tokens.map { .integer(Int64($0)) }) == member.value)
      }
      // 2 ends a text, 319 a turn: config.json and generation_config.json say so.
      #expect((0..<320).filter { model.tokenizer.isEndOfGeneration(Int32($0)) } == [2, 319])
      // Its own file goes before tokenizer_config.json.
      #expect(model.tokenizer.chatTemplateSource?.hasPrefix("{% for m") == true)
      #expect(model.chatTemplate != nil && model.name == "llama")
      // <image> has no row.
      #expect(model.tokenizer.vocabularySize == 320)
    }
  }

  private func refused(
    _ code: ModelError.Code, _ words: String, _ folder: ChangedFolder, whole: Bool = false
  ) {
    let error = #expect(throws: ModelError.self) {
      _ = whole ? try LanguageModel(path: folder.path).decoder : try Decoder(path: folder.path)
    }
    #expect(error?.code == code, "\(error?.message ?? "")")
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    #expect(error?.message.contains(folder.path) == false)
  }

  @Test func aFolderThatLacksSomethingIsRefused() throws {
    let folder = try ChangedFolder("llama")
    try folder.configure(["architectures": nil])
    refused(.unknownArchitecture, "got none", folder)
    try folder.configure(["architectures": .array([.string("LlamaForCausalLM")])])
    #expect(throws: Never.self) { try LanguageModel(path: folder.path) }
    try folder.configure(["num_hidden_layers": .integer(3)])
    refused(.missingTensor, "model.layers.2.input_layernorm.weight is missing", folder)
    try folder.configure(["num_hidden_layers": .integer(2), "intermediate_size": .integer(96)])
    refused(
      .badTensor, "model.layers.0.mlp.gate_proj.weight: expected shape [96, 32], got [64, 32]",
      folder)
    try folder.configure(["intermediate_size": .integer(64)])
    folder.write("{", "tokenizer.json")
    refused(.badTokenizer, "tokenizer.json", folder, whole: true)
    folder.write("[]", "config.json")
    refused(.badFile, "config.json: expected an object, got a list", folder)
    folder.write("{", "config.json")
    refused(.badFile, "config.json:", folder)
    let empty = ScratchFolder()
    let error = #expect(throws: ModelError.self) { try LanguageModel(path: empty.path) }
    #expect(error?.message == "expected config.json in the folder, got none")
  }

  @Test func aHeadIsThereOrSharedAndSaysWhich() throws {
    let folder = try ChangedFolder("qwen3")
    try folder.configure(["tie_word_embeddings": .bool(false)])
    refused(.missingTensor, "lm_head.weight is missing", folder)
    // Left out: not shared, for a Qwen 3.
    try folder.configure(["tie_word_embeddings": nil])
    refused(.missingTensor, "tie_word_embeddings", folder)
  }

  @Test func weightsOfATypeThatIsNotReadAreNamed() throws {
    let folder = try ChangedFolder("gpt2")
    let file = try Files.read("\(folder.path)/model.safetensors")
    let name = Array(#""transformer.h.1.attn.c_proj.weight":{"dtype":"F32""#.utf8)
    let place = try #require(file.firstRange(of: name))
    var changed = file
    changed.replaceSubrange(place.upperBound - 4..<place.upperBound - 1, with: Array("I32".utf8))
    folder.write(changed, "model.safetensors")
    refused(
      .badTensor, "transformer.h.1.attn.c_proj.weight: expected F32, F16 or BF16, got I32", folder)
  }

  @Test func weightsThatAreNotFiniteAreNotQuantised() throws {
    let folder = try ChangedFolder("gpt2")
    let path = "\(folder.path)/model.safetensors"
    let weights = try SafeTensorsFile(path: path)
    let tensor = try #require(weights.tensors["transformer.h.0.mlp.c_fc.weight"])
    let bytes = withExtendedLifetime(weights) { Array(tensor.bytes) }
    var file = try Files.read(path)
    let place = try #require(file.firstRange(of: bytes))
    file.replaceSubrange(place.lowerBound..<place.lowerBound + 4, with: [0, 0, 0xC0, 0x7F])
    folder.write(file, "model.safetensors")
    let error = #expect(throws: ModelError.self) {
      try Decoder(path: folder.path, quantization: .q8_0)
    }
    #expect(error?.code == .badTensor)
    #expect(error?.message.contains("transformer.h.0.mlp.c_fc.weight") == true)
    #expect(error?.message.contains("finite") == true)
  }

  @Test func onlyWhatAModelNeedsIsDeployed() throws {
    let names = try HuggingFaceFolder.fileNames(in: FolderFixture.path("llama"))
    #expect(
      names == [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
        "chat_template.jinja", "model.safetensors",
      ])
    let shards = try HuggingFaceFolder.fileNames(in: FolderFixture.path("qwen2"))
    #expect(shards.first == "config.json" && shards.contains("model.safetensors.index.json"))
    #expect(shards.filter { $0.hasPrefix("model-0000") }.count >= 2)
    #expect(!shards.contains("expected.safetensors"))
  }
}
