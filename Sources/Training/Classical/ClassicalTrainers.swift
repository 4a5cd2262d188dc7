internal import JSON

/// The algorithms that scikit-learn users know, by their names there.
public enum ClassicalTrainers {
  /// What `class_name` may be.
  static let names = [
    "LinearRegression", "Ridge", "SGDRegressor", "LogisticRegression", "DecisionTreeClassifier",
    "DecisionTreeRegressor", "RandomForestClassifier", "RandomForestRegressor",
    "GradientBoostingClassifier", "GradientBoostingRegressor", "HistGradientBoostingClassifier",
    "HistGradientBoostingRegressor",
  ]

  /// The trainer that a request's specification names; nil if its `class_name` is none of these.
  /// Everything that is wrong with its parameters and columns is found here.
  package static func trainer(
    for request: TrainingRequest
  ) throws(TrainingError) -> (any Trainer)? {
    guard let trainer = try learner(for: request) else { return nil }
    guard let validation = request.validation,
      let specification = try ClassicalSpecification(request.specification)
    else { return trainer }
    return try ValidatedTrainer(trainer, specification, request.training, validation)
  }

  private static func learner(
    for request: TrainingRequest
  ) throws(TrainingError) -> (any Trainer)? {
    guard case .string(let name)? = request.specification["class_name"], names.contains(name),
      let specification = try ClassicalSpecification(request.specification)
    else { return nil }
    try ClassicalMemory.check(name, specification, request)
    switch name {
    case "LinearRegression":
      return try LinearRegressionTrainer(request, specification, isRidge: false)
    case "Ridge": return try LinearRegressionTrainer(request, specification, isRidge: true)
    case "SGDRegressor": return try SGDRegressorTrainer(request, specification)
    case "LogisticRegression": return try LogisticRegressionTrainer(request, specification)
    case "DecisionTreeClassifier", "DecisionTreeRegressor":
      return try DecisionTreeTrainer(
        request, specification, isClassifier: name.hasSuffix("Classifier"))
    case "RandomForestClassifier", "RandomForestRegressor":
      return try RandomForestTrainer(
        request, specification, isClassifier: name.hasSuffix("Classifier"))
    case "GradientBoostingClassifier", "GradientBoostingRegressor":
      return try GradientBoostingTrainer(
        request, specification, isClassifier: name.hasSuffix("Classifier"))
    case "HistGradientBoostingClassifier", "HistGradientBoostingRegressor":
      return try HistogramBoostingTrainer(
        request, specification, isClassifier: name.hasSuffix("Classifier"))
    default: return nil
    }
  }
}
