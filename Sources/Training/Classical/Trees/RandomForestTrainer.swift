internal import Compute
internal import JSON

/// `RandomForestClassifier` and `RandomForestRegressor`: trees of bootstrap samples (Breiman, 2001).
/// Threads grow trees of their own; every tree depends on the seed and its number alone.
struct RandomForestTrainer: Trainer {
  private let request: TrainingRequest
  private let columns: TrainingColumns
  private let name: String
  private let isClassifier: Bool
  private let parameters: TreeParameters
  private let treeCount: Int
  private let isBootstrapped: Bool
  private let sampleCount: Int
  private let fingerprint: [UInt8]

  init(
    _ request: TrainingRequest, _ specification: ClassicalSpecification, isClassifier: Bool
  ) throws(TrainingError) {
    self.request = request
    self.isClassifier = isClassifier
    name = specification.className
    var config = try Parameters(specification.config, owner: name)
    parameters = try TreeParameters(
      &config, isClassifier: isClassifier, featuresDefault: isClassifier ? .string("sqrt") : .null)
    treeCount = try config.integer("n_estimators", default: 100, in: 1...1_000_000)
    isBootstrapped = try config.bool("bootstrap", default: true)
    try config.only("oob_score", .bool(false))
    let samples = config.value("max_samples")
    config.ignored("n_jobs", "verbose", "warm_start")
    try config.finish()
    columns = try TrainingColumns(specification, request.training)
    fingerprint = specification.fingerprint + Array("\(try columns.digest())".utf8)
    _ = try parameters.limits(rowCount: columns.count, featureCount: columns.features.count)
    switch samples {
    case nil: sampleCount = columns.count
    case .integer(let count)? where count >= 1 && Int(count) <= columns.count:
      sampleCount = Int(count)
    case .real(let share)? where share > 0 && share <= 1:
      sampleCount = max(1, Int((share * Double(columns.count)).rounded()))
    case let other?:
      throw config.wrong(
        "max_samples", "a whole number up to the \(columns.count) examples, or a share of them",
        other)
    }
  }

  mutating func run(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> TrainedModel {
    let (trees, table, targets) = try fit(report: report)
    let graph = ClassicalGraph(columns, name: name)
    let votes = TreeVotes.mean(of: trees, isClassifier: isClassifier)
    let bytes =
      switch targets {
      case .classes(let classes):
        try graph.treeClassifier(votes, classes.labels, postTransform: "NONE", table)
      case .numbers: try graph.treeRegressor(votes, table)
      }
    return TrainedModel(
      onnx: bytes,
      metrics: [TreeScore.score(trees, table, targets, rowCountMax: TreeScore.forestRowCountMax)]
        + Self.sizes(trees),
      notes: columns.categoryNotes)
  }

  private static func sizes(_ trees: [DecisionTree]) -> [Metric] {
    [
      Metric("trees", Double(trees.count)),
      Metric("nodes", Double(trees.reduce(0) { $0 + $1.nodes.count })),
    ]
  }

  /// The trees, and what they were learned from.
  func fit(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> ([DecisionTree], TreeTable, TreeTargets) {
    var keeper = CheckpointKeeper(request.checkpoints)
    var trees = try resume(keeper)
    var clock = ProgressClock(roundCount: treeCount, exampleCount: columns.count)
    clock.resumedRounds = trees.count
    try report(clock.report(round: trees.count, endsRound: false))
    let threads = ThreadPool.shared(threadCount: request.threadCount, isBackground: true)
    let targets = try TreeTargets(columns, isClassifier: isClassifier, model: name)
    let table = try TreeTable(columns, binCountMax: parameters.binCountMax, threads: threads)
    let limits = try parameters.limits(
      rowCount: columns.count, featureCount: columns.features.count)
    let participants = threads?.participantCount ?? 1
    var batch = participants
    while trees.count < treeCount {
      let began = ProgressClock.now()
      let count = min(batch, treeCount - trees.count)
      let first = trees.count
      var grown = [DecisionTree?](repeating: nil, count: count)
      grown.withUnsafeMutableBufferPointer { grown in
        // Each task writes its own element.
        nonisolated(unsafe) let grown = grown
        Tasks.run(count, on: threads) { task in
          grown[task] = tree(first + task, table, targets, limits)
        }
      }
      trees += grown.compactMap { $0 }
      guard trees.count == first + count else {
        throw TrainingError(.resources, "\(name): tree \(trees.count + 1) could not be grown")
      }
      // Two reports a second, and whole rounds of all threads.
      let each = max(1e-6, (ProgressClock.now() - began) / Double(count))
      batch = max(participants, min(4096, Int(0.4 / each) / participants * participants))
      let done = trees
      try keeper.report(
        clock.report(round: trees.count, metrics: Self.sizes(trees)), report
      ) { state(done) }
    }
    return (trees, table, targets)
  }

  /// One tree; nil never, because nothing ends its growth.
  private func tree(
    _ number: Int, _ table: TreeTable, _ targets: TreeTargets, _ limits: TreeLimits
  ) -> DecisionTree? {
    var random = RepeatableRandom(parameters.seed, UInt64(bitPattern: Int64(number)))
    let samples = sample(&random, targets)
    let tree = try? targets.grow(
      table, samples, usesEntropy: parameters.criterion == "entropy", limits: limits,
      seed: random.next())
    return tree.map { TreePruning.prune($0, alpha: parameters.alpha) }
  }

  /// Rows drawn with replacement: each once, with how often it was drawn as its weight.
  private func sample(_ random: inout RepeatableRandom, _ targets: TreeTargets) -> TreeSamples {
    let count = columns.count
    guard isBootstrapped else {
      let rows = Memory<UInt32>(uninitialized: count)
      for row in 0..<count { rows[row] = UInt32(row) }
      return targets.samples(
        rows, weights: Memory(repeating: 1, count: count), isBalanced: parameters.isBalanced)
    }
    let draws = Memory<UInt32>(repeating: 0, count: count)
    for _ in 0..<sampleCount { draws.base[random.next(below: count)] += 1 }
    var different = 0
    for row in 0..<count where draws.base[row] > 0 { different += 1 }
    let rows = Memory<UInt32>(uninitialized: different)
    let weights = Memory<Double>(uninitialized: different)
    var place = 0
    for row in 0..<count where draws.base[row] > 0 {
      rows.base[place] = UInt32(row)
      weights.base[place] = Double(draws.base[row])
      place += 1
    }
    return targets.samples(rows, weights: weights, isBalanced: parameters.isBalanced)
  }

  private func state(_ trees: [DecisionTree]) -> [UInt8] {
    var writer = CheckpointWriter(fingerprint: fingerprint)
    writer.append(columns.count)
    writer.append(trees.count)
    for tree in trees { writer.append(tree) }
    return writer.bytes
  }

  /// The trees of the last checkpoint, if it is of this training.
  private func resume(_ keeper: CheckpointKeeper) throws(TrainingError) -> [DecisionTree] {
    guard let bytes = try keeper.load(),
      var reader = try CheckpointReader(bytes, fingerprint: fingerprint)
    else { return [] }
    guard try reader.word() == UInt64(columns.count) else { return [] }
    var trees: [DecisionTree] = []
    for _ in 0..<(try reader.count(bytesEach: 8)) {
      trees.append(try reader.tree(featureCount: columns.features.count))
    }
    return trees
  }
}
