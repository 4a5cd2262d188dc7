internal import Compute

/// What trees predict: classes, or one number.
enum TreeTargets {
  case classes(ClassTargets)
  case numbers(Memory<Double>)

  init(
    _ columns: TrainingColumns, isClassifier: Bool, model: String
  ) throws(TrainingError) {
    try ClassicalGraph.requireFreeNames(columns, isClassifier: isClassifier)
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
    let place = { (index: Int) in "the target of example \(index)" }
    try DenseTable.requireFinite(numbers, place)
    try DenseTable.requireSingle(numbers, place)
    self = .numbers(numbers)
  }

  /// Numbers that a node answers with.
  var valueCount: Int {
    switch self {
    case .classes(let targets): targets.labels.count
    case .numbers: 1
    }
  }

  /// What numbers are grown less of: of targets that are far from zero, the mean's square would take the digits that
  /// impurities need.
  private var center: Double {
    guard case .numbers(let numbers) = self else { return 0 }
    var sum = 0.0
    for index in 0..<numbers.count { sum += numbers.base[index] / Double(numbers.count) }
    return sum
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
      let center = center
      for index in 0..<rows.count { targets[index] = numbers[Int(rows[index])] - center }
      return TreeSamples(
        rows: rows, weights: weights, classes: nil, targets: targets, count: rows.count)
    }
  }

  /// Grows a tree of `samples`, which `samples(_:weights:isBalanced:)` made.
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
      var tree = try grower.grow(pause: pause)
      let center = center
      for index in tree.values.indices { tree.values[index] += center }
      return tree
    }
  }
}
