internal import JSON
public import ModelFormats
internal import Tokenizers

extension LanguageModel {
  /// Loads a folder of Hugging Face. Nothing refers to its files afterwards.
  ///
  /// - Parameter quantization: what weights become; nil: they stay as they are stored.
  public convenience init(
    _ folder: HuggingFaceFolder, quantization: WeightQuantization? = nil
  ) throws(ModelError) {
    let decoder = try Decoder(folder, quantization: quantization)
    guard let tokenizer = folder.tokenizer else {
      throw ModelError(.badTokenizer, "expected tokenizer.json in the folder, got none")
    }
    var description: TokenizerDescription
    do {
      description = try TokenizerDescription(
        tokenizerJSON: tokenizer, configuration: folder.tokenizerConfiguration)
    } catch { throw ModelError(.badTokenizer, "\(error)") }
    if let template = folder.chatTemplate { description.chatTemplate = template }
    for file in [folder.configuration, folder.generation].compactMap({ $0 }) {
      let ends = try FolderConfiguration(file).language(assuming: [:]).numbers("eos_token_id")
      description.addEndsOfGeneration((ends ?? []).compactMap { Int(exactly: $0) })
    }
    description.dropAddedTokens(from: decoder.configuration.vocabularySize)
    let kind = try FolderConfiguration(folder.configuration).text("model_type")
    try self.init(
      decoder, description, name: kind.map { String($0.prefix(64)) }, isPadded: true)
  }

  /// Loads a model by a path: of a .gguf file, of a folder of Hugging Face, or of its config.json.
  public convenience init(
    path: String, quantization: WeightQuantization? = nil
  ) throws(ModelError) {
    switch try ModelPath(path) {
    case .file(let file): try self.init(file, quantization: quantization)
    case .folder(let folder): try self.init(folder, quantization: quantization)
    }
  }
}

extension Decoder {
  /// Loads a model's weights by a path: of a .gguf file, of a folder of Hugging Face, or of its
  /// config.json.
  public convenience init(
    path: String, quantization: WeightQuantization? = nil
  ) throws(ModelError) {
    switch try ModelPath(path) {
    case .file(let file): try self.init(file, quantization: quantization)
    case .folder(let folder): try self.init(folder, quantization: quantization)
    }
  }
}

/// What lies under a path.
private enum ModelPath {
  case file(GGUFFile)
  case folder(HuggingFaceFolder)

  init(_ path: String) throws(ModelError) {
    if path.hasSuffix(".gguf") {
      do { self = .file(try GGUFFile(path: path)) } catch { throw ModelError(.badFile, "\(error)") }
      return
    }
    let name = HuggingFaceFolder.configurationName
    let folder = path.hasSuffix("/" + name) ? String(path.dropLast(name.utf8.count)) : path
    do { self = .folder(try HuggingFaceFolder(path: folder)) } catch {
      throw ModelError(.badFile, "\(error)")
    }
  }
}
