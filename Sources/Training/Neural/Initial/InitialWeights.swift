internal import Compute

/// Gives a network's parameters the weights that a stored model has for them.
struct InitialWeights {
  let name: String
  let stored: StoredWeights
  /// Whether a layer begins as usual when the model's has another shape.
  let skipsMismatch: Bool

  /// Names of new weights that a sentence lists.
  private static let listedCountMax = 8

  /// Fills what there is, all of a layer or nothing of it, and says what that was.
  func fill(_ memory: ParameterMemory) throws(TrainingError) -> String {
    let layers = memory.parameters.map { Self.layer($0.name) }
    let known = Set(layers)
    var found: [(index: Int, weight: StoredWeights.Weight)] = []
    var others: Set<String> = []
    for (index, parameter) in memory.parameters.enumerated() {
      guard let weight = stored.weight(for: parameter.name, known: known) else { continue }
      if weight.fits(parameter.shape) {
        found.append((index, weight))
      } else if skipsMismatch {
        others.insert(layers[index])
      } else {
        throw mismatch(parameter, weight)
      }
    }
    found.removeAll { others.contains(layers[$0.index]) }
    guard !found.isEmpty else { throw nothing(memory) }
    for (index, weight) in found {
      memory.pointer(index).update(from: weight.values(), count: memory.parameters[index].count)
    }
    let taken = Set(found.map(\.index))
    let new = memory.parameters.indices.filter { !taken.contains($0) }
      .map { memory.parameters[$0].name }
    let rest = new.count > Self.listedCountMax ? ", …" : ""
    return "\(found.count) of \(memory.parameters.count) weights from \(name)"
      + (new.isEmpty
        ? "" : "; new: " + new.prefix(Self.listedCountMax).joined(separator: ", ") + rest)
  }

  static func layer(_ parameter: String) -> String { String(parameter.prefix { $0 != "/" }) }

  private func mismatch(
    _ parameter: Parameter, _ weight: StoredWeights.Weight
  ) -> TrainingError {
    TrainingError(
      .data,
      "layer '\(Self.layer(parameter.name))': expected \(parameter.name) of shape \(parameter.shape), the "
        + "initial model \(name) has \(weight.tensor.dataType) of shape \(weight.shape); give a new layer "
        + "a new name, or say fit.skip_mismatch to begin it anew")
  }

  private func nothing(_ memory: ParameterMemory) -> TrainingError {
    let wanted = memory.parameters.prefix(2).map(\.name).joined(separator: ", ")
    let there = stored.examples.joined(separator: ", ")
    return TrainingError(
      .data,
      "the initial model \(name) has no weight that fits this network: expected weights of layers with the "
        + "same names (\(wanted), …), got \(there.isEmpty ? "none" : there + ", …")")
  }
}
