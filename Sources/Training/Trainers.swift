/// Finds the trainer of a description: every kind of training that there is.
public enum Trainers {
  /// The trainer that understands the request. What is wrong with it is said before anything is
  /// computed.
  public static func trainer(
    for request: TrainingRequest
  ) throws(TrainingError) -> any Trainer {
    if let network = try NeuralTrainers.trainer(for: request) { return network }
    throw TrainingError(
      .specification, "expected the description of a model that can be trained (docs/training.md)")
  }
}
