internal import Compute
internal import JSON

/// `DecisionTreeClassifier` and `DecisionTreeRegressor`.
struct DecisionTreeTrainer: Trainer {
  private let request: TrainingRequest
  private let columns: TrainingColumns
  private let name: String
  private let isClassifier: Bool
  private let parameters: TreeParameters

  init(
    _ request: TrainingRequest, _ specification: ClassicalSpecification, isClassifier: Bool
  ) throws(TrainingError) {
    self.request = request
    self.isClassifier = isClassifier
    name = specification.className
    var config = try Parameters(specification.config, owner: name)
    parameters = try TreeParameters(
      &config, isClassifier: isClassifier, featuresDefault: .null)
    try config.only("splitter", .string("best"))
    try config.finish()
    columns = try TrainingColumns(specification, request.training)
    _ = try parameters.limits(rowCount: columns.count, featureCount: columns.features.count)
  }

  mutating func run(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> TrainedModel {
    let (tree, table, targets, metrics) = try fit(report: report)
    let graph = ClassicalGraph(columns, name: name)
    let votes = TreeVotes.mean(of: [tree], isClassifier: isClassifier)
    let bytes =
      switch targets {
      case .classes(let classes):
        try graph.treeClassifier(votes, classes.labels, postTransform: "NONE", table)
      case .numbers: try graph.treeRegressor(votes, table)
      }
    return TrainedModel(onnx: bytes, metrics: metrics, notes: columns.categoryNotes)
  }

  /// The tree, and what it was learned from.
  func fit(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> (DecisionTree, TreeTable, TreeTargets, [Metric]) {
    var clock = ProgressClock(roundCount: 1, exampleCount: columns.count)
    try report(clock.report(round: 0, endsRound: false))
    let targets = try TreeTargets(columns, isClassifier: isClassifier, model: name)
    let table = try TreeTable(
      columns, binCountMax: parameters.binCountMax,
      threads: ThreadPool.shared(threadCount: request.threadCount, isBackground: true))
    let rows = Memory<UInt32>(uninitialized: columns.count)
    for row in 0..<columns.count { rows[row] = UInt32(row) }
    let samples = targets.samples(
      rows, weights: Memory(repeating: 1, count: columns.count),
      isBalanced: parameters.isBalanced)
    let grown = try targets.grow(
      table, samples, usesEntropy: parameters.criterion == "entropy",
      limits: try parameters.limits(
        rowCount: columns.count, featureCount: columns.features.count), seed: parameters.seed
    ) { count throws(TrainingError) in
      if clock.isDue {
        try report(
          clock.report(round: 0, metrics: [Metric("nodes", Double(count))], endsRound: false))
      }
    }
    let tree = TreePruning.prune(grown, alpha: parameters.alpha)
    let metrics =
      [TreeScore.score([tree], table, targets)] + [
        Metric("leaves", Double(tree.leafCount)), Metric("nodes", Double(tree.nodes.count)),
      ]
    try report(clock.report(round: 1, metrics: metrics))
    return (tree, table, targets, metrics)
  }
}

extension TrainingColumns {
  /// What a person should know about features that were taken as categories.
  var categoryNotes: [String] {
    let names = features.filter(\.isCategory).map(\.name)
    return names.isEmpty ? [] : ["taken as categories: \(names.joined(separator: ", "))"]
  }
}
