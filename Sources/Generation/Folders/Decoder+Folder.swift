internal import JSON
public import ModelFormats

extension Decoder {
  /// Loads the model of a folder of Hugging Face. Its weights are copied: the files may go.
  ///
  /// - Parameter quantization: what weights become; nil: they stay as they are stored.
  public convenience init(
    _ folder: HuggingFaceFolder, quantization: WeightQuantization? = nil
  ) throws(ModelError) {
    let root = FolderConfiguration(folder.configuration)
    let (architecture, form) = try Architecture.ofFolder(root)
    let configuration = root.language(assuming: form.defaults)
    let metadata = try form.metadata(architecture.name, configuration)
    let source = try FolderWeights(
      folder.weights, form,
      isTied: try configuration.bool("tie_word_embeddings") ?? form.tiesEmbeddings,
      layerCount: try metadata.integer("block_count", in: 1...1024), quantization: quantization)
    guard let embedding = source.tensor("token_embd.weight"), embedding.shape.count == 2,
      embedding.shape[0] > 0
    else {
      throw ModelError(
        .badTensor,
        "tensor \(source.originalName("token_embd.weight")): expected a matrix with rows")
    }
    try form.checkContradictions(configuration, metadata, source, rowCount: embedding.shape[0])
    let described = try architecture.configure(metadata, source, embedding.shape[0])
    // A decoder without a head of its own shares the embedding only if it says so.
    if described.isCausal, source.tensor("output.weight") == nil, !source.isTied {
      throw ModelError(
        .missingTensor,
        "tensor \(source.originalName("output.weight")) is missing, and config.json does not say "
          + "that tie_word_embeddings is true")
    }
    try self.init(described, from: source)
  }
}

extension Architecture {
  /// The architecture of a config.json, and how folders say it.
  static func ofFolder(
    _ configuration: FolderConfiguration
  ) throws(ModelError) -> (Architecture, FolderForm) {
    let named = try configuration.texts("architectures") ?? []
    for name in named {
      for architecture in all {
        if let form = architecture.folder, form.classes.contains(name) {
          return (architecture, form)
        }
      }
    }
    let known = all.flatMap { $0.folder?.classes ?? [] }
    throw ModelError(
      .unknownArchitecture,
      "config.json: architectures: expected \(known.joined(separator: ", ")), got "
        + (named.isEmpty
          ? "none" : named.map { "\"\($0.prefix(40))\"" }.prefix(4).joined(separator: ", ")))
  }
}
