internal import Compute
public import ModelFormats

/// The tensors of a GGUF file.
struct GGUFWeights: WeightSource {
  let file: GGUFFile
  var quantization: WeightQuantization?

  func tensor(_ name: String) -> SourceTensor? {
    file.tensors[name].map { SourceTensor(shape: $0.shape, format: $0.format, bytes: $0.bytes) }
  }
}

extension Decoder {
  /// Loads the model of a GGUF file. Its weights are copied: the file may go.
  ///
  /// - Parameter quantization: what weights become that are plain numbers in the file; nil: they stay.
  public convenience init(
    _ file: GGUFFile, quantization: WeightQuantization? = nil
  ) throws(ModelError) {
    let metadata = try ModelMetadata(file)
    let architecture = try Architecture.named(metadata.architecture)
    let source = GGUFWeights(file: file, quantization: quantization)
    guard let embedding = source.tensor("token_embd.weight") else {
      throw ModelError(.missingTensor, "tensor token_embd.weight is missing")
    }
    guard embedding.shape.count == 2 else {
      throw ModelError(
        .badTensor,
        "tensor token_embd.weight: expected a row for each token, got shape \(embedding.shape)")
    }
    try self.init(
      try architecture.configure(metadata, source, embedding.shape[0]), from: source)
  }
}
