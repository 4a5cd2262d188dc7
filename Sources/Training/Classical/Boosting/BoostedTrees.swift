internal import Compute

/// What boosting learned: rounds of one tree for each output, and the scores that they start from.
struct BoostedTrees: Equatable {
  var start: [Double]
  /// Round by round, output by output.
  var trees: [DecisionTree] = []

  var roundCount: Int { trees.count / start.count }

  /// The trees of a model's file.
  var votes: TreeVotes {
    let (count, trees) = (start.count, trees)
    return TreeVotes(trees: trees, targetCount: count, baseValues: start) { tree, node in
      [(tree % count, trees[tree].values[node])]
    }
  }

  /// Two classes: one score, whose logistic function is the second's probability.
  var twoClassVotes: TreeVotes {
    var trees = trees
    // Votes that are all positive would be taken as probabilities: one that is not, and changes nothing.
    if !trees.contains(where: { $0.values.contains { $0 < 0 } }) {
      trees.append(Self.leaf(-1e-30))
    }
    return TreeVotes(trees: trees, targetCount: 2, baseValues: start, isOneScore: true) {
      [trees] tree, node in [(0, trees[tree].values[node])]
    }
  }

  private static func leaf(_ value: Double) -> DecisionTree {
    var tree = DecisionTree(valueCount: 1)
    tree.nodes = [DecisionTree.Node()]
    tree.values = [value]
    return tree
  }

  /// The model's file.
  func onnx(
    _ graph: ClassicalGraph, _ targets: TreeTargets, _ table: TreeTable
  ) throws(TrainingError) -> [UInt8] {
    // Without a single tree there is still a score: a leaf that adds nothing.
    var model = self
    if model.trees.isEmpty { model.trees = start.map { _ in Self.leaf(0) } }
    switch targets {
    case .numbers: return try graph.treeRegressor(model.votes, table)
    case .classes(let classes):
      return try graph.treeClassifier(
        classes.labels.count == 2 ? model.twoClassVotes : model.votes, classes.labels,
        postTransform: classes.labels.count == 2 ? "LOGISTIC" : "SOFTMAX", table)
    }
  }

  /// Adds the values of the trees from a round on to the scores of some rows, as training did.
  func add(
    from tree: Int, to scores: Memory<Double>, _ table: TreeTable, _ rows: Memory<UInt32>,
    _ threads: ThreadPool?
  ) {
    let shards = Tasks.shards(rows.count, bytesEach: 64)
    Tasks.run(shards.count, on: threads) { task in
      for number in tree..<trees.count {
        let base = scores.base + number % start.count * table.rowCount
        for index in shards[task] {
          let row = Int(rows.base[index])
          base[row] += trees[number].values[trees[number].leaf(table, row: row)]
        }
      }
    }
  }

  func checkpoint(_ fingerprint: [UInt8], rowCount: Int, history: [Double]) -> [UInt8] {
    var writer = CheckpointWriter(fingerprint: fingerprint)
    writer.append(rowCount)
    writer.append(start)
    writer.append(history)
    writer.append(trees.count)
    for tree in trees { writer.append(tree) }
    return writer.bytes
  }

  /// What a checkpoint holds, with the history of losses; nil if it is of another training.
  static func resume(
    _ bytes: [UInt8]?, _ fingerprint: [UInt8], rowCount: Int, featureCount: Int
  ) throws(TrainingError) -> (BoostedTrees, [Double])? {
    guard let bytes, var reader = try CheckpointReader(bytes, fingerprint: fingerprint),
      try reader.word() == UInt64(rowCount)
    else { return nil }
    var model = BoostedTrees(start: try reader.numbers())
    let history = try reader.numbers()
    for _ in 0..<(try reader.count(bytesEach: 8)) {
      model.trees.append(try reader.tree(featureCount: featureCount))
    }
    guard !model.start.isEmpty, model.trees.count % model.start.count == 0,
      model.trees.allSatisfy({ $0.valueCount == 1 })
    else { throw CheckpointReader.damaged }
    return (model, history)
  }
}

/// When boosting stops by itself: as scikit-learn, when none of the last rounds beat the one before them.
struct BoostingPatience {
  var roundCount: Int
  var tolerance: Double

  /// `losses` are those of examples held back, the start's first.
  func isOver(_ losses: [Double]) -> Bool {
    guard losses.count > roundCount else { return false }
    let reference = losses[losses.count - 1 - roundCount] - tolerance
    return !losses.suffix(roundCount).contains { $0 < reference }
  }
}
