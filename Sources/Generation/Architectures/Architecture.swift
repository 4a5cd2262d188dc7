/// A kind of transformer: how its metadata becomes a configuration, and how folders of Hugging Face
/// say it. One file each; the list below is all that knows them.
struct Architecture: Sendable {
  /// GGUF's `general.architecture`.
  var name: String
  /// What folders of Hugging Face call its parts; nil: they are not read.
  var folder: FolderForm?
  /// The configuration that metadata describes.
  var configure:
    @Sendable (_ metadata: ModelMetadata, _ source: any WeightSource, _ vocabularySize: Int)
      throws(ModelError) -> DecoderConfiguration

  /// All of them.
  static let all: [Architecture] = [
    .llama, .mistral, .qwen2, .qwen3, .gemma2, .gemma3, .phi3, .gpt2, .bert,
  ]

  /// The architecture of a name.
  static func named(_ name: String) throws(ModelError) -> Architecture {
    guard let found = all.first(where: { $0.name == name }) else {
      throw ModelError(
        .unknownArchitecture,
        "architecture: expected \(all.map(\.name).joined(separator: ", ")), "
          + "got \"\(name.prefix(40))\"")
    }
    return found
  }
}
