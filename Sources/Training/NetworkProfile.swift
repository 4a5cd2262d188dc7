/// What a step of a network's training takes, for `martlet bench train --profile`.
public enum NetworkProfile {
  /// Seconds of each operator on the first batch, the slowest first; empty for what is no network.
  public static func operators(
    of request: TrainingRequest, steps: Int
  ) throws(TrainingError) -> [(name: String, seconds: Double)] {
    guard let trainer = try NeuralTrainers.trainer(for: request) as? NetworkTrainer else {
      return []
    }
    return try trainer.profile(count: steps)
  }
}
