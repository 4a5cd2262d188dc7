internal import Compute
internal import Generation

/// A loaded language model as the registry holds it. It generates, or embeds texts; it has no tensors in
/// and out, but what Triton's text backends call theirs.
struct LanguageEngine: Engine {
  let model: LanguageModel
  /// What its file or folder is: "gguf" or "safetensors".
  let platform: String?

  /// One text to continue, or as many as are to be embedded.
  var inputs: [TensorSpec] {
    [TensorSpec(name: Self.input, dataType: .string, shape: [generates ? 1 : -1])]
  }
  var optionalInputs: [TensorSpec] { generates ? TextInputs.optional : [] }
  /// One for each choice, or for each text.
  var outputs: [TensorSpec] {
    guard generates else {
      let size = model.decoder.configuration.hiddenSize
      return [TensorSpec(name: Self.embedding, dataType: .fp32, shape: [-1, size])]
    }
    return TextOutputs.all
  }
  private var generates: Bool { model.decoder.generates }
  var classLabels: [String] { [] }
  var memoryByteCount: Int { model.decoder.byteCount }

  static let input = "text_input"
  static let embedding = "embedding"

  func run(_ inputs: [TensorView], _ receive: (Int, TensorView) -> Void) throws {
    throw ConfigurationError("a language model reads texts; it is not run on tensors")
  }
}

/// Makes engines of GGUF files and of folders of Hugging Face, and leaves others to another loader.
struct LanguageEngineLoader: EngineLoader {
  let other: any EngineLoader

  var platform: String { other.platform }

  func load(_ files: VersionFiles) throws -> any Engine {
    let isFile = files.modelPath.hasSuffix(".gguf")
    guard isFile || files.modelPath.hasSuffix("/" + DirectoryRepository.folderFile) else {
      return try other.load(files)
    }
    let settings = try LanguageSettings(LoadedModel.configuration(files))
    return LanguageEngine(
      model: try LanguageModel(path: files.modelPath, quantization: settings.quantization),
      platform: isFile ? "gguf" : "safetensors")
  }
}
