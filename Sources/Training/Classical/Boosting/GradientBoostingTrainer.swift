internal import Compute
internal import JSON

/// `GradientBoostingClassifier` and `GradientBoostingRegressor`: exact trees fitted to the gradient, whose
/// leaves take a Newton step (Friedman, 2001).
struct GradientBoostingTrainer: Trainer {
  private let request: TrainingRequest
  private let columns: TrainingColumns
  private let name: String
  private let isClassifier: Bool
  private let parameters: TreeParameters
  private let roundCountMax: Int
  private let learningRate: Double
  private let subsample: Double
  private let fingerprint: [UInt8]

  init(
    _ request: TrainingRequest, _ specification: ClassicalSpecification, isClassifier: Bool
  ) throws(TrainingError) {
    self.request = request
    self.isClassifier = isClassifier
    name = specification.className
    var config = try Parameters(
      Self.withDefaults(specification.config), owner: name)
    _ = try config.choice(
      "loss", default: isClassifier ? "log_loss" : "squared_error",
      among: [isClassifier ? "log_loss" : "squared_error"])
    parameters = try TreeParameters(&config, isClassifier: false, featuresDefault: .null)
    roundCountMax = try config.integer("n_estimators", default: 100, in: 1...1_000_000)
    learningRate = try config.number("learning_rate", default: 0.1, from: 0)
    subsample = try config.number("subsample", default: 1, from: 0, above: true, to: 1)
    try config.only("init", .null)
    try config.only("n_iter_no_change", .null)
    config.ignored("validation_fraction", "tol", "verbose", "warm_start", "alpha")
    try config.finish()
    columns = try TrainingColumns(specification, request.training)
    fingerprint = specification.fingerprint + Array("\(try columns.digest())".utf8)
    _ = try parameters.limits(rowCount: columns.count, featureCount: columns.features.count)
  }

  /// scikit-learn's boosted trees have three levels unless told otherwise, and its "friedman_mse" chooses
  /// as "squared_error" does.
  private static func withDefaults(_ config: JSONValue?) -> JSONValue {
    var members: [JSONValue.Member] = []
    if case .object(let given)? = config { members = given }
    if case .object? = config {} else if let config, config != .null { return config }
    if !members.contains(where: { $0.name == "max_depth" }) {
      members.append(.init("max_depth", .integer(3)))
    }
    return .object(
      members.map {
        $0.name == "criterion" && $0.value == .string("friedman_mse")
          ? .init("criterion", .string("squared_error")) : $0
      })
  }

  mutating func run(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> TrainedModel {
    let (model, table, targets, metrics) = try fit(report: report)
    return TrainedModel(
      onnx: try model.onnx(ClassicalGraph(columns, name: name), targets, table),
      metrics: metrics, notes: columns.categoryNotes)
  }

  func fit(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> (BoostedTrees, TreeTable, TreeTargets, [Metric]) {
    var keeper = CheckpointKeeper(request.checkpoints)
    var clock = ProgressClock(roundCount: roundCountMax, exampleCount: columns.count)
    try report(clock.report(round: 0, endsRound: false))
    let targets = try TreeTargets(columns, isClassifier: isClassifier, model: name)
    let threads = ThreadPool.shared(threadCount: request.threadCount, isBackground: true)
    let table = try TreeTable(columns, binCountMax: parameters.binCountMax, threads: threads)
    let loss = BoostingLoss(targets)
    let (count, outputs) = (columns.count, loss.outputCount)
    let all = Memory((0..<count).map { UInt32($0) })
    let resumed = try BoostedTrees.resume(
      keeper.load(), fingerprint, rowCount: count, featureCount: columns.features.count)
    var model = resumed?.0 ?? BoostedTrees(start: loss.start(all))
    guard model.start.count == outputs else { throw CheckpointReader.damaged }
    let scores = Memory<Double>(uninitialized: count * outputs)
    for output in 0..<outputs {
      (scores.base + output * count).update(repeating: model.start[output], count: count)
    }
    model.add(from: 0, to: scores, table, all, threads)
    clock.resumedRounds = model.roundCount
    let gradient = Memory<Double>(repeating: 0, count: count * outputs)
    let curvature = Memory<Double>(repeating: 0, count: count * outputs)
    let limits = try parameters.limits(
      rowCount: max(1, Int(subsample * Double(count))), featureCount: columns.features.count)
    /// Of the scores that there are; and their derivatives, for the next round.
    func derive() -> Double {
      loss.derivatives(
        scores, stride: count, all, gradient: gradient, curvature: curvature, threads: threads)
    }
    var metrics = [Metric("loss", derive())]
    while model.roundCount < roundCountMax {
      for output in 0..<outputs {
        let (tree, leaves) = try tree(
          model.trees.count, table, loss, limits, gradient.base + output * count,
          curvature.base + output * count)
        model.trees.append(tree)
        for row in 0..<count {
          scores.base[output * count + row] += tree.values[Int(leaves.base[row])]
        }
      }
      metrics = [Metric("loss", derive())]
      guard metrics[0].value.isFinite else {
        throw TrainingError(
          .diverged, "\(name): the loss is \(metrics[0].value); take a smaller learning_rate")
      }
      let state = model
      try keeper.report(clock.report(round: model.roundCount, metrics: metrics), report) {
        state.checkpoint(fingerprint, rowCount: count, history: [])
      }
    }
    return (model, table, targets, metrics)
  }

  /// A tree of the negative gradient, and the leaf of every example. Its values are the steps to take.
  private func tree(
    _ number: Int, _ table: TreeTable, _ loss: BoostingLoss, _ limits: TreeLimits,
    _ gradient: UnsafePointer<Double>, _ curvature: UnsafePointer<Double>
  ) throws(TrainingError) -> (DecisionTree, Memory<UInt32>) {
    var random = RepeatableRandom(parameters.seed, UInt64(bitPattern: Int64(number)))
    let rows = sample(&random)
    let residuals = Memory<Double>(uninitialized: rows.count)
    for index in 0..<rows.count { residuals.base[index] = -gradient[Int(rows.base[index])] }
    // The grower moves rows about; who was drawn is asked for again below.
    let drawn = Memory<UInt32>(uninitialized: rows.count)
    drawn.base.update(from: rows.base, count: rows.count)
    let samples = TreeSamples(
      rows: rows, weights: Memory(repeating: 1, count: rows.count), classes: nil,
      targets: residuals, count: rows.count)
    var grower = TreeGrower(
      table, samples, SquaredErrorCriterion(samples), valueCount: 1, limits: limits,
      seed: random.next())
    var tree = TreePruning.prune(try grower.grow(), alpha: parameters.alpha)
    let leaves = Memory<UInt32>(uninitialized: columns.count)
    for row in 0..<columns.count { leaves.base[row] = UInt32(tree.leaf(table, row: row)) }
    var sums = [(gradient: Double, curvature: Double)](repeating: (0, 0), count: tree.nodes.count)
    for index in 0..<drawn.count {
      let row = Int(drawn.base[index])
      sums[Int(leaves.base[row])].gradient += gradient[row]
      sums[Int(leaves.base[row])].curvature += curvature[row]
    }
    var factor = learningRate
    if case .classes(let count) = loss.kind { factor *= Double(count - 1) / Double(count) }
    for index in tree.nodes.indices where tree.nodes[index].isLeaf {
      let (sum, weight) = sums[index]
      tree.values[index] = weight.magnitude < 1e-150 ? 0 : -factor * sum / weight
    }
    return (tree, leaves)
  }

  /// Rows drawn without replacement, in order.
  private func sample(_ random: inout RepeatableRandom) -> Memory<UInt32> {
    let count = columns.count
    guard subsample < 1 else { return Memory((0..<count).map { UInt32($0) }) }
    var order = Array(0..<UInt32(count))
    let wanted = max(1, Int(subsample * Double(count)))
    for position in 0..<wanted {
      order.swapAt(position, position + random.next(below: count - position))
    }
    return Memory(order[..<wanted].sorted())
  }
}
