internal import Compute
internal import Generation

/// A loaded language model as the registry holds it. It generates; it has no tensors in and out, but
/// what Triton's text backends call its input and output.
struct LanguageEngine: Engine {
  let model: LanguageModel
  /// What its file or folder is: "gguf" or "safetensors".
  let platform: String?

  var inputs: [TensorSpec] { [TensorSpec(name: Self.input, dataType: .string, shape: [1])] }
  var outputs: [TensorSpec] { [TensorSpec(name: Self.output, dataType: .string, shape: [1])] }
  var classLabels: [String] { [] }
  var memoryByteCount: Int { model.decoder.byteCount }

  static let input = "text_input"
  static let output = "text_output"

  func run(_ inputs: [TensorView], _ receive: (Int, TensorView) -> Void) throws {
    throw ConfigurationError("a language model generates; it is not run on tensors")
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
