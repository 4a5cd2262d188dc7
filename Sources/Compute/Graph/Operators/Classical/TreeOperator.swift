/// TreeEnsembleRegressor and TreeEnsembleClassifier.
struct TreeOperator: Operator {
  private let forest: TreeEnsemble
  private let targetCount: Int
  private let baseValues: [Float]
  private let aggregate: DecisionForest.Aggregate
  /// nil for kinds of decisions that have no kernel; then the nodes are walked one by one.
  private let kernel: DecisionForest?
  private let roundsUp: Bool
  private let transform: PostTransform
  private let labels: ClassLabels?
  /// Two classes, but all votes are for one of them: a single score decides.
  private let isBinary: Bool
  private let votesArePositive: Bool

  var weightByteCount: Int { forest.byteCount }

  init(_ context: OperatorContext, isClassifier: Bool) throws(GraphError) {
    let labels = isClassifier ? try ClassLabels(context) : nil
    let declared = try context.int("n_targets", default: 1)
    self.labels = labels
    targetCount = labels?.count ?? declared
    guard (1...1_000_000).contains(targetCount) else {
      throw GraphError(
        code: .invalidAttribute, message: "expected at least one class or target")
    }
    forest = try TreeEnsemble(
      context, prefix: isClassifier ? "class" : "target", targetCount: targetCount)
    baseValues = try context.floats("base_values") ?? []
    transform = try PostTransform(context)
    let voted = Set(forest.votes.map(\.target))
    isBinary = isClassifier && targetCount == 2 && voted.count <= 1
    votesArePositive = forest.votes.allSatisfy { $0.weight >= 0 }
    switch try context.string("aggregate_function") ?? "SUM" {
    case "SUM": aggregate = .sum
    case "AVERAGE": aggregate = .average
    case "MIN": aggregate = .minimum
    case "MAX": aggregate = .maximum
    case let other:
      throw context.unsupported(
        "aggregate_function", other, expected: "SUM, AVERAGE, MIN or MAX")
    }
    kernel =
      context.packsWeights ? forest.kernel(targetCount: targetCount, aggregate: aggregate) : nil
    roundsUp = forest.comparesLessOrEqualOnly
    guard baseValues.isEmpty || baseValues.count == targetCount || baseValues.count == 1 else {
      throw GraphError(
        code: .invalidAttribute,
        message: "expected \(targetCount) base values, got \(baseValues.count)")
    }
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: FeatureRows.types)
    let (rows, width) = FeatureRows.sizes(type.shape)
    guard width < 0 || forest.featureMax < width else {
      throw GraphError(
        code: .shapeMismatch,
        message: "the trees read feature \(forest.featureMax), but rows have \(width) features")
    }
    let scores = TensorType(.fp32, [rows, targetCount])
    guard let labels else { return [scores] }
    return [TensorType(labels.dataType, [rows]), scores]
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    let (rows, width) = FeatureRows.sizes(inputs.types[0]?.shape)
    return max(rows, 0) * (8 + targetCount * 4) + (max(width, 0) + targetCount) * 4
  }

  func follows(input index: Int, _ inputs: KnownInputs) -> Bool { FeatureRows.follows(inputs) }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let rows = FeatureRows(try operands.input(0))
    let model = self
    let labelOutput = labels == nil ? nil : operands.optionalOutput(0)
    let scoreOutput = operands.optionalOutput(labels == nil ? 0 : 1)?.f32
    let classes = operands.scratch.assumingMemoryBound(to: Int.self)
    let scratch = (operands.scratch + rows.rowCount * 8).assumingMemoryBound(to: Float.self)
    // Behind the scores of all rows: marks of one row, then one row of converted features.
    let seen = scratch + rows.rowCount * targetCount
    let row = seen + targetCount
    let threads = operands.threadPool
    return {
      let answers = scoreOutput ?? scratch
      if let kernel = model.kernel, let direct = rows.direct {
        kernel.run(
          direct, rowStride: rows.width, rowCount: rows.rowCount, into: answers,
          threads: threads)
        for index in 0..<rows.rowCount {
          classes[index] = model.finish(answers + index * model.targetCount)
        }
        if let labelOutput, let labels = model.labels {
          labels.write(rows.rowCount, to: labelOutput) { classes[$0] }
        }
        return
      }
      for index in 0..<rows.rowCount {
        let source: UnsafePointer<Float>
        if let direct = rows.direct {
          source = direct + index * rows.width
        } else {
          rows.load(index, into: row, roundsUp: model.roundsUp)
          source = UnsafePointer(row)
        }
        let scores = answers + index * model.targetCount
        if let kernel = model.kernel {
          kernel.run(source, rowStride: rows.width, rowCount: 1, into: scores)
        } else {
          model.sum(source, scores, seen)
        }
        classes[index] = model.finish(scores)
      }
      if let labelOutput, let labels = model.labels {
        labels.write(rows.rowCount, to: labelOutput) { classes[$0] }
      }
    }
  }

  /// Adds up the votes for one row; `seen` marks the targets that had one.
  private func sum(
    _ row: UnsafePointer<Float>, _ scores: UnsafeMutablePointer<Float>,
    _ seen: UnsafeMutablePointer<Float>
  ) {
    for target in 0..<targetCount { (scores[target], seen[target]) = (0, 0) }
    forest.votes.withUnsafeBufferPointer { votes in
      for root in forest.roots {
        let leaf = forest.leaf(root, row)
        for index in Int(leaf.voteFirst)..<Int(leaf.voteFirst + leaf.voteCount) {
          let (target, weight) = (Int(votes[index].target), votes[index].weight)
          switch aggregate {
          case .sum, .average: scores[target] += weight
          case .minimum:
            scores[target] = seen[target] == 0 ? weight : min(scores[target], weight)
          case .maximum:
            scores[target] = seen[target] == 0 ? weight : max(scores[target], weight)
          }
          seen[target] = 1
        }
      }
    }
    if aggregate == .average {
      for target in 0..<targetCount { scores[target] /= Float(forest.roots.count) }
    }
  }

  /// Adds base values, picks the class and transforms one row of scores.
  private func finish(_ scores: UnsafeMutablePointer<Float>) -> Int {
    if isBinary { return finishBinary(scores) }
    if !baseValues.isEmpty {
      for target in 0..<targetCount {
        scores[target] += baseValues[baseValues.count == 1 ? 0 : target]
      }
    }
    var best = 0
    for index in 1..<max(targetCount, 1) where scores[index] > scores[best] { best = index }
    transform.apply(scores, targetCount)
    return best
  }

  /// One score for two classes. ONNX leaves this open; ONNX Runtime's rules are the ones
  /// exporters rely on: votes that are all positive are a probability, others a margin.
  private func finishBinary(_ scores: UnsafeMutablePointer<Float>) -> Int {
    let target = forest.votes.first.map { Int($0.target) } ?? 0
    var score = scores[target]
    if baseValues.count == 2 {
      score += baseValues[1]
    } else if let base = baseValues.first {
      score += base
    }
    let isPositive = votesArePositive ? score > 0.5 : score > 0
    if transform == .logistic {
      scores[0] = PostTransform.logistic(-score)
      scores[1] = PostTransform.logistic(score)
    } else {
      scores[0] = votesArePositive ? 1 - score : -score
      scores[1] = score
      transform.apply(scores, 2)
    }
    return isPositive ? 1 : 0
  }

  static func register(in registry: inout OperatorRegistry) {
    for (name, isClassifier) in [
      ("TreeEnsembleRegressor", false), ("TreeEnsembleClassifier", true),
    ] {
      registry.register(name, domain: "ai.onnx.ml") { context throws(GraphError) in
        try TreeOperator(context, isClassifier: isClassifier)
      }
    }
  }
}
