internal import Compute
internal import ModelFormats

/// The tensors of a folder of Hugging Face, under GGUF's names.
struct FolderWeights: WeightSource {
  let quantization: WeightQuantization?
  private let files: SafeTensorsModel
  private let form: FolderForm
  private let prefix: String
  let isTied: Bool

  init(
    _ files: SafeTensorsModel, _ form: FolderForm, isTied: Bool, layerCount: Int,
    quantization: WeightQuantization?
  ) throws(ModelError) {
    (self.files, self.form, self.isTied) = (files, form, isTied)
    self.quantization = quantization
    let embedding = form.tensors["token_embd"] ?? ""
    let names = form.prefixes.map { $0 + embedding + ".weight" }
    guard let index = names.firstIndex(where: { files.tensors[$0] != nil }) else {
      throw ModelError(
        .missingTensor,
        "tensor \(names.first ?? "") is missing, under that name and under "
          + names.dropFirst().joined(separator: ", "))
    }
    prefix = form.prefixes[index]
    try checkTypes(layerCount)
  }

  /// Other types than weights have are refused by their names, where they would be read.
  private func checkTypes(_ layerCount: Int) throws(ModelError) {
    let names =
      ["output"] + form.tensors.keys.filter { !$0.hasPrefix("blk.") }
      + (0..<layerCount).flatMap { layer in
        form.tensors.keys.filter { $0.hasPrefix("blk.") }.map { "blk.\(layer)" + $0.dropFirst(5) }
      }
    for name in names.flatMap({ [$0 + ".weight", $0 + ".bias"] }) {
      guard let tensor = find(name)?.tensor, tensor.type.format == nil else { continue }
      throw ModelError(
        .badTensor,
        "tensor \(tensor.name): expected F32, F16 or BF16, got \(tensor.type.rawValue)")
    }
  }

  func tensor(_ name: String) -> SourceTensor? {
    guard let (tensor, key) = find(name), let format = tensor.type.format else { return nil }
    var result = SourceTensor(shape: tensor.shape, format: format, bytes: tensor.bytes)
    let isWeight = name.hasSuffix(".weight")
    if isWeight, form.turned.contains(key), tensor.shape.count == 2 {
      result.shape = tensor.shape.reversed()
      result.isTurned = true
    }
    if isWeight, key.hasSuffix("_norm") { result.offset = form.normalizationOffset }
    return result
  }

  func originalName(_ name: String) -> String {
    find(name)?.tensor.name ?? names(name).first ?? name
  }

  /// A tensor, and its name for all layers.
  private func find(_ name: String) -> (tensor: SafeTensor, key: String)? {
    for candidate in names(name) {
      if let tensor = files.tensors[candidate] { return (tensor, Self.parts(name).key) }
    }
    return nil
  }

  /// What a tensor may be called in the files.
  private func names(_ name: String) -> [String] {
    let (key, layer, suffix) = Self.parts(name)
    if key == "output" { return isTied ? [] : form.heads.map { $0 + suffix } }
    guard let pattern = form.tensors[key] else { return [] }
    let parts = pattern.split(separator: ".").map { $0 == "N" ? layer : $0 }
    return [prefix + parts.joined(separator: ".") + suffix]
  }

  /// `blk.7.attn_q.weight` is `blk.N.attn_q`, 7 and `.weight`.
  private static func parts(
    _ name: String
  ) -> (key: String, layer: Substring, suffix: Substring) {
    let suffix = name.suffix(from: name.lastIndex(of: ".") ?? name.endIndex)
    let stem = name.dropLast(suffix.count)
    let parts = stem.split(separator: ".", maxSplits: 2)
    guard parts.count == 3, parts[0] == "blk" else { return (String(stem), "", suffix) }
    return ("blk.N." + parts[2], parts[1], suffix)
  }
}
