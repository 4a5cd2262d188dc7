internal import Compute
internal import JSON

/// `LogisticRegression`: two classes by one score, more by a softmax; L2; L-BFGS in double precision.
struct LogisticRegressionTrainer: Trainer {
  private let request: TrainingRequest
  private let columns: TrainingColumns
  private let name: String
  private let fitsIntercept: Bool
  /// scikit-learn's C; nil without a penalty.
  private let inverse: Double?
  private let tolerance: Double
  private let iterationCountMax: Int
  private let isBalanced: Bool

  init(
    _ request: TrainingRequest, _ specification: ClassicalSpecification
  ) throws(TrainingError) {
    self.request = request
    name = specification.className
    var config = try Parameters(specification.config, owner: name)
    fitsIntercept = try config.bool("fit_intercept", default: true)
    let c = try config.number("C", default: 1, from: 0, above: true)
    let hasPenalty = !config.isNull("penalty")
    _ = try config.choice("penalty", default: "l2", among: ["l2"])
    inverse = hasPenalty ? c : nil
    tolerance = try config.number("tol", default: 1e-4, from: 0, above: true)
    iterationCountMax = try config.integer("max_iter", default: 100, in: 1...Int(Int32.max))
    _ = try config.choice("solver", default: "lbfgs", among: ["lbfgs"])
    isBalanced =
      try config.choice("class_weight", default: "", among: ["balanced"]) == "balanced"
    try config.only("dual", .bool(false))
    if let ratio = config.value("l1_ratio"), Parameters.number(ratio) != 0 {
      throw config.wrong("l1_ratio", "0, the only value that is supported", ratio)
    }
    config.ignored("random_state", "verbose", "n_jobs", "intercept_scaling", "warm_start")
    try config.finish()
    columns = try TrainingColumns(specification, request.training)
    try columns.requireNumbersInFeatures(name)
  }

  mutating func run(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> TrainedModel {
    let fit = try fit(report: report)
    var notes: [String] = []
    if fit.ending == .iterations {
      notes.append(
        "stopped at max_iter (\(iterationCountMax)) before it converged to tol (\(tolerance)); "
          + "scale the features, or raise max_iter")
    } else if fit.ending == .stuck {
      notes.append("stopped where no step made the loss smaller; scale the features")
    }
    return TrainedModel(
      onnx: try ClassicalGraph(columns, name: name)
        .linearClassifier(fit.weights, fit.targets.labels),
      metrics: fit.metrics, notes: notes)
  }

  /// What was learned.
  struct Fit {
    var weights: LinearModelWeights
    var targets: ClassTargets
    var ending: LBFGS.Ending
    var metrics: [Metric]
  }

  func fit(report: (TrainingProgress) throws(TrainingError) -> Void) throws(TrainingError) -> Fit {
    let targets = try ClassTargets(columns, model: name)
    if targets.labels.count == 2 {
      // The features once more, turned (see TurnedBlocks).
      try ClassicalMemory.claim(
        NetworkLimits.count([2 * 8, columns.count, columns.features.count]), name, request)
    }
    let table = try DenseTable(columns, model: name)
    let objective = LogisticObjective(
      table, targets, classWeights: isBalanced ? targets.balancedWeights : nil, inverse: inverse,
      fitsIntercept: fitsIntercept,
      threads: ThreadPool.shared(threadCount: request.threadCount, isBackground: true))
    let weights = Memory<Double>(repeating: 0, count: objective.weightCount)
    var clock = ProgressClock(roundCount: iterationCountMax, exampleCount: table.rowCount)
    let name = name
    var (last, round): (Double?, Int) = (nil, 0)
    let ending = try LBFGS(
      gradientTolerance: tolerance, valueTolerance: 64 * Double.ulpOfOne,
      iterationCountMax: iterationCountMax
    ).minimize(weights) { point, gradient throws(TrainingError) in
      let value = objective.evaluate(point, gradient)
      guard value.isFinite || round > 0 else {
        throw TrainingError(
          .diverged,
          "\(name): the loss is \(value) at the start; scale the features, or take a larger C")
      }
      // That of the start, if nothing is better.
      if round == 0 { last = last ?? value }
      return value
    } report: { iteration, value throws(TrainingError) in
      (last, round) = (value, iteration)
      try report(clock.report(round: iteration, metrics: [Metric("loss", value)]))
    }
    let lines = weights.elements
    let width = lines.count / objective.scoreCount
    let learned = LinearModelWeights(
      coefficients: (0..<objective.scoreCount).map {
        Array(lines[$0 * width..<$0 * width + table.featureCount])
      },
      intercepts: (0..<objective.scoreCount).map {
        fitsIntercept ? lines[$0 * width + table.featureCount] : 0
      })
    return Fit(
      weights: learned, targets: targets, ending: ending,
      metrics: [
        Metric("loss", last ?? .nan),
        Metric("accuracy", Self.accuracy(learned, table, targets)),
        Metric("n_iter", Double(round)),
      ])
  }

  /// The share of the training examples that the model is right about.
  private static func accuracy(
    _ weights: LinearModelWeights, _ table: DenseTable, _ targets: ClassTargets
  ) -> Double {
    let lines = weights.coefficients.map { Memory($0) }
    var right = 0
    for row in 0..<table.rowCount {
      let x = table.features.base + row * table.featureCount
      var (best, bestScore) = (0, -Double.infinity)
      for (index, line) in lines.enumerated() {
        let score =
          Vectors.dot(x, line.base, table.featureCount) + weights.intercepts[index]
        if lines.count == 1 {
          best = score > 0 ? 1 : 0
        } else if score > bestScore {
          (best, bestScore) = (index, score)
        }
      }
      if best == Int(targets.classes[row]) { right += 1 }
    }
    return Double(right) / Double(table.rowCount)
  }
}
