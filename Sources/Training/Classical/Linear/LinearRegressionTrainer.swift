internal import Compute
internal import JSON

/// `LinearRegression` and `Ridge`: the answer in one go, in double precision.
struct LinearRegressionTrainer: Trainer {
  private let request: TrainingRequest
  private let columns: TrainingColumns
  private let name: String
  private let fitsIntercept: Bool
  /// Ridge's α; nil for least squares.
  private let alpha: Double?
  private let tolerance: Double

  init(
    _ request: TrainingRequest, _ specification: ClassicalSpecification, isRidge: Bool
  ) throws(TrainingError) {
    self.request = request
    name = specification.className
    var config = try Parameters(specification.config, owner: name)
    fitsIntercept = try config.bool("fit_intercept", default: true)
    try config.only("positive", .bool(false))
    config.ignored("copy_X", "random_state")
    if isRidge {
      alpha = try config.number("alpha", default: 1, from: 0)
      tolerance = LeastSquares.tolerance
      _ = try config.choice("solver", default: "auto", among: ["auto", "cholesky"])
      config.ignored("tol", "max_iter")
    } else {
      alpha = nil
      tolerance = try config.number("tol", default: LeastSquares.tolerance, from: 0)
      config.ignored("n_jobs")
    }
    try config.finish()
    columns = try TrainingColumns(specification, request.training)
    try columns.requireNumbers(name)
  }

  mutating func run(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> TrainedModel {
    var clock = ProgressClock(roundCount: 1, exampleCount: columns.count)
    try report(clock.report(round: 0, endsRound: false))
    let (weights, score) = try fit()
    guard weights.coefficients.joined().allSatisfy(\.isFinite) else {
      throw TrainingError(
        .diverged, "\(name): the numbers left the range of double precision; scale the features")
    }
    let metrics = [Metric("r2", score)]
    try report(clock.report(round: 1, metrics: metrics))
    return TrainedModel(
      onnx: try ClassicalGraph(columns, name: name).linearRegressor(weights), metrics: metrics)
  }

  /// The weights, and R² on the training data.
  func fit() throws(TrainingError) -> (LinearModelWeights, Double) {
    let threads = ThreadPool.shared(threadCount: request.threadCount, isBackground: true)
    let table = try DenseTable(columns, model: name)
    let data = CenteredData(
      table, try DenseTable.targets(columns, model: name), centers: fitsIntercept)
    let coefficients: [[Double]]
    if let alpha, alpha > 0 {
      coefficients = Ridge.solve(data, alpha: alpha, threads: threads)
    } else {
      coefficients = LeastSquares.solve(
        data.features, rowCount: data.rowCount, columnCount: data.featureCount, data.targets,
        targetCount: data.targetCount, tolerance: tolerance, threads: threads)
    }
    return (data.weights(coefficients), data.score(coefficients))
  }
}
