internal import Compute

/// What trees predict: classes, or one number.
enum TreeTargets {
  case classes(ClassTargets)
  case numbers(Memory<Double>)

  init(
    _ columns: TrainingColumns, isClassifier: Bool, model: String
  ) throws(TrainingError) {
    if isClassifier {
      self = .classes(try ClassTargets(columns, model: model))
      return
    }
    guard columns.targetCount == 1, let column = columns.targetColumns.first else {
      throw TrainingError(
        .data, "\(model) predicts one number, so it needs one target, got \(columns.targetCount)")
    }
    guard columns.source.columns[column].dataType != .string else {
      throw TrainingError(
        .data,
        "\(model) predicts numbers, got texts in column '\(columns.source.columns[column].name)'; to "
          + "predict classes, use a classifier")
    }
    let numbers = Memory<Double>(uninitialized: columns.count)
    try NumberReading.rows([column], of: columns.source, 0..<columns.count, into: numbers.base)
    try DenseTable.requireFinite(numbers) { "the target of example \($0)" }
    self = .numbers(numbers)
  }

  /// Numbers that a node answers with.
  var valueCount: Int {
    switch self {
    case .classes(let targets): targets.labels.count
    case .numbers: 1
    }
  }

  /// The examples `rows` with their weights, for a tree to grow from.
  func samples(_ rows: Memory<UInt32>, weights: Memory<Double>, isBalanced: Bool) -> TreeSamples {
    switch self {
    case .classes(let targets):
      let classes = Memory<Int32>(uninitialized: rows.count)
      for index in 0..<rows.count { classes[index] = targets.classes[Int(rows[index])] }
      if isBalanced {
        let factors = targets.balancedWeights
        for index in 0..<rows.count { weights[index] *= factors[Int(classes[index])] }
      }
      return TreeSamples(
        rows: rows, weights: weights, classes: classes, targets: nil, count: rows.count)
    case .numbers(let numbers):
      let targets = Memory<Double>(uninitialized: rows.count)
      for index in 0..<rows.count { targets[index] = numbers[Int(rows[index])] }
      return TreeSamples(
        rows: rows, weights: weights, classes: nil, targets: targets, count: rows.count)
    }
  }

  /// Grows a tree of `samples`.
  func grow(
    _ table: TreeTable, _ samples: TreeSamples, usesEntropy: Bool, limits: TreeLimits,
    seed: UInt64, pause: (Int) throws(TrainingError) -> Void = { _ in }
  ) throws(TrainingError) -> DecisionTree {
    switch self {
    case .classes(let targets):
      var grower = TreeGrower(
        table, samples,
        ClassCriterion(samples, classCount: targets.labels.count, usesEntropy: usesEntropy),
        valueCount: targets.labels.count, limits: limits, seed: seed)
      return try grower.grow(pause: pause)
    case .numbers:
      var grower = TreeGrower(
        table, samples, SquaredErrorCriterion(samples), valueCount: 1, limits: limits, seed: seed)
      return try grower.grow(pause: pause)
    }
  }
}
