/// LinearRegressor and LinearClassifier: scores are rows · coefficients + intercepts.
struct LinearModel: Operator {
  private let coefficients: Tensor
  private let intercepts: [Float]
  private let scoreCount: Int
  private let transform: PostTransform
  /// nil for a regressor.
  private let labels: ClassLabels?
  /// One score stands for two classes, and the other's is added.
  private let addsSecondClass: Bool

  private var columnCount: Int { addsSecondClass ? 2 : scoreCount }
  private var featureCount: Int { coefficients.elementCount / scoreCount }

  var weightByteCount: Int { coefficients.storage.byteCount }

  init(_ context: OperatorContext, isClassifier: Bool) throws(GraphError) {
    let values = try context.floats("coefficients") ?? []
    let given = try context.floats("intercepts") ?? []
    transform = try PostTransform(context)
    labels = isClassifier ? try ClassLabels(context) : nil
    scoreCount =
      isClassifier
      ? (given.isEmpty ? max(labels?.count ?? 1, 1) : given.count)
      : try context.int("targets", default: 1)
    guard scoreCount >= 1, !values.isEmpty, values.count % scoreCount == 0,
      given.isEmpty || given.count == scoreCount
    else {
      throw GraphError(
        code: .invalidAttribute,
        message: "\(scoreCount) scores need a multiple of coefficients and as many "
          + "intercepts, got \(values.count) and \(given.count)")
    }
    intercepts = given.isEmpty ? [Float](repeating: 0, count: scoreCount) : given
    addsSecondClass = scoreCount == 1 && labels?.count == 2
    if let labels, scoreCount > 1, labels.count < scoreCount {
      throw GraphError(
        code: .invalidAttribute,
        message: "\(scoreCount) scores need as many class labels, got \(labels.count)")
    }
    // Transposed: one feature's coefficients for all scores lie together.
    let width = values.count / scoreCount
    var transposed = [Float](repeating: 0, count: values.count)
    for score in 0..<scoreCount {
      for feature in 0..<width {
        transposed[feature * scoreCount + score] = values[score * width + feature]
      }
    }
    coefficients = Tensor(fp32: transposed, shape: [width, scoreCount])
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let rows = try FeatureRows.count(inputs, width: featureCount)
    let scores = TensorType(.fp32, [rows, columnCount])
    guard let labels else { return [scores] }
    return [TensorType(labels.dataType, [rows]), scores]
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    let (rows, _) = FeatureRows.sizes(inputs.types[0]?.shape)
    return (featureCount + max(rows, 0) * (scoreCount + 1)) * 4 + rows * 8
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let rows = FeatureRows(try operands.input(0))
    let model = self
    let labelOutput = labels == nil ? nil : operands.optionalOutput(0)
    let scoreOutput = operands.optionalOutput(labels == nil ? 0 : 1)?.f32
    let classes = operands.scratch.assumingMemoryBound(to: Int.self)
    let scores = (operands.scratch + rows.rowCount * 8).assumingMemoryBound(to: Float.self)
    let row = scores + rows.rowCount * scoreCount
    let names = scoreCount == 1 ? labels?.binary : labels
    return {
      for index in 0..<rows.rowCount {
        let source: UnsafePointer<Float>
        if let direct = rows.direct {
          source = direct + index * rows.width
        } else {
          rows.load(index, into: row)
          source = UnsafePointer(row)
        }
        let target = scores + index * model.scoreCount
        model.score(source, target)
        classes[index] = model.winner(target)
        if let scoreOutput {
          model.finish(target, scoreOutput + index * model.columnCount)
        }
      }
      if let labelOutput, let names {
        names.write(rows.rowCount, to: labelOutput) { classes[$0] }
      }
    }
  }

  private func score(
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    let count = scoreCount
    for score in 0..<count { target[score] = intercepts[score] }
    let weights = coefficients.storage.base.assumingMemoryBound(to: Float.self)
    for feature in 0..<featureCount {
      let value = source[feature]
      for score in 0..<count { target[score] += value * weights[feature * count + score] }
    }
  }

  private func winner(_ scores: UnsafePointer<Float>) -> Int {
    if scoreCount == 1 { return scores[0] > 0 ? 1 : 0 }
    var best = 0
    for index in 1..<scoreCount where scores[index] > scores[best] { best = index }
    return best
  }

  /// Writes one row of final scores.
  private func finish(
    _ scores: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>
  ) {
    if addsSecondClass {
      output[1] = scores[0]
      switch transform {
      case .logistic:
        output[1] = PostTransform.logistic(scores[0])
        output[0] = PostTransform.logistic(-scores[0])
      case .none: output[0] = 1 - scores[0]
      default:
        output[0] = -scores[0]
        transform.apply(output, 2)
      }
      return
    }
    for index in 0..<scoreCount { output[index] = scores[index] }
    // A single score has nothing to be normalised against.
    if scoreCount == 1 && (transform == .softmax || transform == .softmaxZero) {
      output[0] = 1
    } else {
      transform.apply(output, scoreCount)
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    for (name, isClassifier) in [("LinearRegressor", false), ("LinearClassifier", true)] {
      registry.register(name, domain: "ai.onnx.ml") { context throws(GraphError) in
        try LinearModel(context, isClassifier: isClassifier)
      }
    }
  }
}
