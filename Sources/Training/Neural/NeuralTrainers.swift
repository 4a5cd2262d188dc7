internal import JSON

/// Trainers of networks.
package enum NeuralTrainers {
  /// The trainer that a description asks for, nil if it describes no network.
  package static func trainer(for request: TrainingRequest) throws(TrainingError) -> (any Trainer)?
  {
    let specification = request.specification
    let name = (specification["model"] ?? specification)["class_name"]?.text ?? ""
    guard TrainingSpecification.modelClasses.contains(name) else { return nil }
    return try NetworkTrainer(request)
  }
}
