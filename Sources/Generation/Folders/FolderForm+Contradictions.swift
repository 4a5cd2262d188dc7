extension FolderForm {
  /// Refuses a folder whose files contradict each other: whichever of them is right, what would be
  /// computed is not what the model learned.
  ///
  /// - Parameter rowCount: of the embedding. The vocabulary may be padded: a row need not have a token.
  func checkContradictions(
    _ c: FolderConfiguration, _ metadata: ModelMetadata, _ source: FolderWeights, rowCount: Int
  ) throws(ModelError) {
    if let stated = try c.integer("vocab_size", in: 1...Int(Int32.max)), stated != rowCount {
      throw c.error(
        "vocab_size",
        "expected \(rowCount), the rows of tensor \(source.originalName("token_embd.weight")), got "
          + "\(stated)")
    }
    for key in Self.expertKeys {
      guard let count = try c.integer(key, in: 0...Int(Int32.max)), count > 0 else { continue }
      throw c.error(key, "expected none, as \(classes[0]) has no experts, got \(count)")
    }
    let layerCount = try metadata.integer("block_count", in: 1...1024)
    for name in tensors.keys.sorted() where name.hasPrefix("blk.N.") {
      let next = "blk.\(layerCount)" + name.dropFirst(5) + ".weight"
      guard source.tensor(next) != nil else { continue }
      throw ModelError(
        .badMetadata,
        "\(metadata.name("block_count")): expected all layers that the weights have, got "
          + "\(layerCount), but there is a tensor \(source.originalName(next))")
    }
    try checkBiases(c, source, layerCount: layerCount)
  }

  /// What configurations of mixtures of experts have, and nothing that is computed here.
  private static let expertKeys = [
    "num_experts", "num_local_experts", "n_routed_experts", "num_experts_per_tok",
  ]
}
