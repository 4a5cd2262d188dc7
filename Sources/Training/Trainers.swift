internal import JSON

/// Finds the trainer of a description: every kind of training that there is.
public enum Trainers {
  /// The trainer that understands the request. What is wrong with it is said before anything is
  /// computed.
  public static func trainer(
    for request: TrainingRequest
  ) throws(TrainingError) -> any Trainer {
    if let network = try NeuralTrainers.trainer(for: request) { return network }
    if let name = request.specification["class_name"]?.text, ClassicalTrainers.names.contains(name),
      request.specification["distribute"] != nil
    {
      throw TrainingError(
        .specification,
        "distribute: workers share the training of networks only; leave it out for \(name)")
    }
    if let trainer = try ClassicalTrainers.trainer(for: request) {
      // Each rank would compute the whole of it.
      guard (request.collective?.size ?? 1) == 1 else {
        throw TrainingError(
          .specification,
          "ranks share the training of networks only; train this model in one process")
      }
      return trainer
    }
    guard case .string(let name)? = request.specification["class_name"] else {
      throw TrainingError(
        .specification,
        "expected the description of a model with a class_name (docs/training.md), got none")
    }
    let known = ["Sequential", "Functional"] + ClassicalTrainers.names
    throw TrainingError(
      .specification,
      "unknown class_name '\(name)'; known are \(known.joined(separator: ", ")) (docs/training.md)")
  }
}
