/// LinearRegressor and LinearClassifier: scores are rows · coefficients + intercepts.
struct LinearModel: Operator {
  private let product: LinearScores
  private let transform: PostTransform
  /// nil for a regressor.
  private let labels: ClassLabels?
  /// One score stands for two classes, and the other's is added.
  private let addsSecondClass: Bool

  private var columnCount: Int { addsSecondClass ? 2 : scoreCount }
  private var scoreCount: Int { product.scoreCount }
  private var featureCount: Int { product.featureCount }

  var weightByteCount: Int { product.byteCount }

  init(_ context: OperatorContext, isClassifier: Bool) throws(GraphError) {
    let values = try context.floats("coefficients") ?? []
    let given = try context.floats("intercepts") ?? []
    transform = try PostTransform(context)
    labels = isClassifier ? try ClassLabels(context) : nil
    let scoreCount =
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
    addsSecondClass = scoreCount == 1 && labels?.count == 2
    if let labels, scoreCount > 1, labels.count < scoreCount {
      throw GraphError(
        code: .invalidAttribute,
        message: "\(scoreCount) scores need as many class labels, got \(labels.count)")
    }
    product = LinearScores(
      values, intercepts: given.isEmpty ? [Float](repeating: 0, count: scoreCount) : given)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let rows = try FeatureRows.count(inputs, width: featureCount)
    let scores = TensorType(.fp32, [rows, columnCount])
    guard let labels else { return [scores] }
    return [TensorType(labels.dataType, [rows]), scores]
  }

  /// Rows of another type than FP32 are converted so many at a time.
  private static let convertedRowCount = 16

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    let (rows, _) = FeatureRows.sizes(inputs.types[0]?.shape)
    return (featureCount * Self.convertedRowCount + max(rows, 0) * scoreCount) * 4 + rows * 8
  }

  func follows(input index: Int, _ inputs: KnownInputs) -> Bool { FeatureRows.follows(inputs) }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let rows = FeatureRows(try operands.input(0))
    let model = self
    let labelOutput = labels == nil ? nil : operands.optionalOutput(0)
    let scoreOutput = operands.optionalOutput(labels == nil ? 0 : 1)?.f32
    let classes = operands.scratch.assumingMemoryBound(to: Int.self)
    let scores = (operands.scratch + rows.rowCount * 8).assumingMemoryBound(to: Float.self)
    let converted = scores + rows.rowCount * scoreCount
    let names = scoreCount == 1 ? labels?.binary : labels
    return {
      model.score(rows, scores, converted)
      if let labelOutput, let names {
        for index in 0..<rows.rowCount {
          classes[index] = model.winner(scores + index * model.scoreCount)
        }
        names.write(rows.rowCount, to: labelOutput) { classes[$0] }
      }
      if let scoreOutput { model.finish(scores, rows.rowCount, scoreOutput) }
    }
  }

  private func score(
    _ rows: FeatureRows, _ scores: UnsafeMutablePointer<Float>,
    _ converted: UnsafeMutablePointer<Float>
  ) {
    if let direct = rows.direct { return product.compute(direct, rows.rowCount, into: scores) }
    var first = 0
    while first < rows.rowCount {
      let count = min(Self.convertedRowCount, rows.rowCount - first)
      for index in 0..<count { rows.load(first + index, into: converted + index * rows.width) }
      product.compute(converted, count, into: scores + first * scoreCount)
      first += count
    }
  }

  private func winner(_ scores: UnsafePointer<Float>) -> Int {
    if scoreCount == 1 { return scores[0] > 0 ? 1 : 0 }
    var best = 0
    for index in 1..<scoreCount where scores[index] > scores[best] { best = index }
    return best
  }

  /// Writes the final scores.
  private func finish(
    _ scores: UnsafePointer<Float>, _ rowCount: Int, _ output: UnsafeMutablePointer<Float>
  ) {
    if transform == .softmax, scoreCount > 1 {
      return Softmax.run(scores, into: output, outer: rowCount, axis: scoreCount)
    }
    for row in 0..<rowCount { finish(scores + row * scoreCount, output + row * columnCount) }
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
