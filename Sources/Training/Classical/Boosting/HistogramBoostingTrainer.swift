internal import Compute
internal import JSON

/// `HistGradientBoostingClassifier` and `HistGradientBoostingRegressor`.
struct HistogramBoostingTrainer: Trainer {
  private let request: TrainingRequest
  private let columns: TrainingColumns
  private let name: String
  private let isClassifier: Bool
  private let roundCountMax: Int
  private let limits: BoostingLimits
  private let binCountMax: Int
  private let featureShare: Double
  /// nil: only for more than 10,000 examples.
  private let stopsEarly: Bool?
  private let patience: BoostingPatience
  private let validationShare: Double
  private let seed: UInt64
  private let fingerprint: [UInt8]

  init(
    _ request: TrainingRequest, _ specification: ClassicalSpecification, isClassifier: Bool
  ) throws(TrainingError) {
    self.request = request
    self.isClassifier = isClassifier
    name = specification.className
    var config = try Parameters(specification.config, owner: name)
    _ = try config.choice(
      "loss", default: isClassifier ? "log_loss" : "squared_error",
      among: [isClassifier ? "log_loss" : "squared_error"])
    roundCountMax = try config.integer("max_iter", default: 100, in: 1...1_000_000)
    binCountMax = try config.integer("max_bins", default: 255, in: 2...255)
    var limits = BoostingLimits()
    limits.learningRate = try config.number("learning_rate", default: 0.1, from: 0, above: true)
    let leaves = try config.optionalInteger("max_leaf_nodes", in: 2...Int(Int32.max))
    limits.leafCountMax = config.isNull("max_leaf_nodes") ? nil : leaves ?? 31
    limits.depthMax =
      try config.optionalInteger("max_depth", in: 1...Int(Int32.max)) ?? Int.max
    limits.leafSampleCountMin = try config.integer(
      "min_samples_leaf", default: 20, in: 1...Int(Int32.max))
    limits.penalty = try config.number("l2_regularization", default: 0, from: 0)
    self.limits = limits
    featureShare = try config.number("max_features", default: 1, from: 0, above: true, to: 1)
    switch config.value("early_stopping") {
    case nil, .string("auto"): stopsEarly = nil
    case .bool(let stops): stopsEarly = stops
    case let other?: throw config.wrong("early_stopping", "\"auto\", true or false", other)
    }
    try config.only("scoring", .string("loss"))
    patience = BoostingPatience(
      roundCount: try config.integer("n_iter_no_change", default: 10, in: 1...1_000_000),
      tolerance: try config.number("tol", default: 1e-7, from: 0))
    validationShare = try config.number(
      "validation_fraction", default: 0.1, from: 0, above: true, to: 0.9)
    seed = UInt64(try config.integer("random_state", default: 0, in: 0...Int.max))
    try config.only("monotonic_cst", .null)
    try config.only("interaction_cst", .null)
    try config.only("class_weight", .null)
    try config.only("categorical_features", .string("from_dtype"))
    config.ignored("verbose", "warm_start")
    try config.finish()
    columns = try TrainingColumns(specification, request.training)
    fingerprint = specification.fingerprint + Array("\(try columns.digest())".utf8)
  }

  mutating func run(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> TrainedModel {
    let fit = try fit(report: report)
    var notes = columns.categoryNotes
    if fit.model.roundCount < roundCountMax {
      notes.append(
        "stopped early after \(fit.model.roundCount) of \(roundCountMax) rounds: the loss of "
          + "examples held back fell no more")
    }
    return TrainedModel(
      onnx: try fit.model.onnx(ClassicalGraph(columns, name: name), fit.targets, fit.table),
      metrics: fit.metrics, notes: notes)
  }

  /// What was learned, and from what.
  struct Fit {
    var model: BoostedTrees
    var table: TreeTable
    var targets: TreeTargets
    var metrics: [Metric]
  }

  func fit(report: (TrainingProgress) throws(TrainingError) -> Void) throws(TrainingError) -> Fit {
    var keeper = CheckpointKeeper(request.checkpoints)
    var clock = ProgressClock(roundCount: roundCountMax, exampleCount: columns.count)
    try report(clock.report(round: 0, endsRound: false))
    let threads = ThreadPool.shared(threadCount: request.threadCount, isBackground: true)
    let targets = try TreeTargets(columns, isClassifier: isClassifier, model: name)
    let loss = BoostingLoss(targets)
    try ClassicalMemory.claim(
      ClassicalMemory.byteCount(
        name, examples: columns.count, features: columns.features.count, targets: 1,
        scores: loss.outputCount), name, request)
    let table = try TreeTable(columns, binCountMax: binCountMax, threads: threads)
    let (rows, held) = split()
    let resumed = try BoostedTrees.resume(
      keeper.load(), fingerprint, rowCount: columns.count, featureCount: columns.features.count)
    var (model, history) = resumed ?? (BoostedTrees(start: loss.start(rows)), [])
    let (count, outputs) = (columns.count, loss.outputCount)
    guard model.start.count == outputs else { throw CheckpointReader.damaged }
    let scores = Memory<Double>(uninitialized: count * outputs)
    for output in 0..<outputs {
      (scores.base + output * count).update(repeating: model.start[output], count: count)
    }
    model.add(from: 0, to: scores, table, rows, threads)
    if let held { model.add(from: 0, to: scores, table, held, threads) }
    if history.isEmpty, let held {
      history = [loss.mean(scores, stride: count, held, threads: threads)]
    }
    clock.resumedRounds = model.roundCount
    let gradient = Memory<Double>(repeating: 0, count: count * outputs)
    let curvature = Memory<Double>(repeating: 0, count: count * outputs)
    let layout = HistogramLayout(table)
    var limits = limits
    if featureShare < 1 {
      limits.featureCountMax = max(1, Int(featureShare * Double(columns.features.count)))
    }
    var grower = HistogramGrower(layout, rows: rows, limits: limits, threads: threads)
    /// Of the scores that there are; and their derivatives, for the next round.
    func derive() -> Double {
      loss.derivatives(
        scores, stride: count, rows, gradient: gradient, curvature: curvature, threads: threads)
    }
    var metrics = [Metric("loss", derive())]
    try requireFinite(metrics[0].value, "scale the targets")
    while model.roundCount < roundCountMax, held == nil || !patience.isOver(history) {
      for output in 0..<outputs {
        var random = RepeatableRandom(seed, UInt64(bitPattern: Int64(model.trees.count)))
        model.trees.append(
          grower.grow(
            gradient: gradient.base + output * count, curvature: curvature.base + output * count,
            seed: random.next(), addingTo: scores.base + output * count))
      }
      metrics = [Metric("loss", derive())]
      try requireFinite(metrics[0].value, "take a smaller learning_rate")
      if let held {
        model.add(from: model.trees.count - outputs, to: scores, table, held, threads)
        history.append(loss.mean(scores, stride: count, held, threads: threads))
        metrics.append(Metric("val_loss", history[history.count - 1]))
      }
      let state = (model, history)
      try keeper.report(clock.report(round: model.roundCount, metrics: metrics), report) {
        state.0.checkpoint(fingerprint, rowCount: count, history: state.1)
      }
    }
    metrics.append(Metric("n_iter", Double(model.roundCount)))
    return Fit(model: model, table: table, targets: targets, metrics: metrics)
  }

  private func requireFinite(_ loss: Double, _ advice: String) throws(TrainingError) {
    guard loss.isFinite else {
      throw TrainingError(.diverged, "\(name): the loss is \(loss); \(advice)")
    }
  }

  /// The examples to learn from, and those held back to see when to stop.
  private func split() -> (rows: Memory<UInt32>, held: Memory<UInt32>?) {
    let count = columns.count
    let heldCount = Int((validationShare * Double(count)).rounded(.up))
    guard stopsEarly ?? (count > 10_000), heldCount < count else {
      return (Memory((0..<count).map { UInt32($0) }), nil)
    }
    var order = Array(0..<UInt32(count))
    var random = RepeatableRandom(seed, UInt64(bitPattern: Int64(-1)))
    for position in 0..<heldCount {
      order.swapAt(position, position + random.next(below: count - position))
    }
    return (Memory(order[heldCount...].sorted()), Memory(order[..<heldCount].sorted()))
  }
}
