/// SVMClassifier: every two classes are told apart by the support vectors of both, and the class
/// that wins most often is the answer; or, without support vectors, each class has a linear score.
struct SupportVectorClassifier: Operator {
  private let kernel: SupportVectorKernel
  private let labels: ClassLabels
  private let transform: PostTransform
  /// Support vectors row by row; without any, the classes' coefficients.
  private let vectors: [Float]
  /// [classes - 1, vectors]: a vector's weight against each other class.
  private let coefficients: [Float]
  /// Where each class's vectors begin, and where the last one's end. Empty without support vectors.
  private let starts: [Int]
  private let offsets: [Float]
  /// Slope and offset of the sigmoid that makes each pair's score a probability; empty without.
  private let sigmoids: [(slope: Float, offset: Float)]
  private let width: Int

  private var classCount: Int { labels.count }
  private var pairCount: Int { classCount * (classCount - 1) / 2 }
  private var vectorCount: Int { vectors.count / width }
  private var votes: Bool { !starts.isEmpty }
  /// Two classes have one score, of which both columns are made.
  private var addsSecondClass: Bool { votes && sigmoids.isEmpty && classCount == 2 }
  private var columnCount: Int {
    if addsSecondClass { return 2 }
    return votes && sigmoids.isEmpty ? pairCount : classCount
  }

  var weightByteCount: Int { (coefficients.count + vectors.count) * MemoryLayout<Float>.stride }

  init(_ context: OperatorContext) throws(GraphError) {
    labels = try ClassLabels(context)
    transform = try PostTransform(context)
    offsets = try context.floats("rho") ?? []
    let (slopes, shifts) = (
      try context.floats("prob_a") ?? [], try context.floats("prob_b") ?? []
    )
    let perClass = try context.ints("vectors_per_class") ?? []
    let given = try context.floats("coefficients") ?? []
    let classes = labels.count
    // Counts far beyond any list would overflow below.
    let isSmall = perClass.allSatisfy { (0...1 << 32).contains($0) } && perClass.count < 1 << 16
    let count = isSmall ? perClass.reduce(0, +) : 0
    let pairs = classes < 1 << 16 ? classes * (classes - 1) / 2 : 0
    if count > 0 {
      vectors = try context.floats("support_vectors") ?? []
      (coefficients, kernel) = (given, try SupportVectorKernel(context))
      starts = perClass.reduce(into: [0]) { $0.append($0.last! + $1) }
      width = vectors.count / count
    } else {
      (vectors, coefficients, starts) = (given, [], [])
      kernel = .linear
      width = vectors.count / max(classes, 1)
    }
    let isVoting = !starts.isEmpty
    guard isSmall, classes >= 1, width > 0, slopes.count == shifts.count,
      vectors.count == width * (isVoting ? count : classes),
      isVoting
        ? classes >= 2 && pairs > 0 && perClass.count == classes && offsets.count >= pairs
          && coefficients.count / (classes - 1) == count
          && coefficients.count % (classes - 1) == 0
          && (slopes.isEmpty || slopes.count >= pairs)
        : !offsets.isEmpty
    else {
      throw GraphError(
        code: .invalidAttribute,
        message: "\(classes) classes with \(count) support vectors need a vector of each class, "
          + "a coefficient a vector and other class, and an offset a pair of classes; got "
          + "\(vectors.count), \(coefficients.count) and \(offsets.count) numbers")
    }
    sigmoids = isVoting ? zip(slopes, shifts).map { ($0, $1) } : []
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let rows = try FeatureRows.count(inputs, width: width)
    return [TensorType(labels.dataType, [rows]), TensorType(.fp32, [rows, columnCount])]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    let (rows, _) = FeatureRows.sizes(inputs.types[0]?.shape)
    let each =
      Double(vectors.count) + Double(vectorCount) * Double(classCount) + Double(pairCount)
    // Probabilities are found in at most 100 steps.
    let settling = sigmoids.isEmpty ? 0 : 100 * Double(classCount) * Double(classCount)
    return Double(rows) * (each + settling)
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    let (rows, _) = FeatureRows.sizes(inputs.types[0]?.shape)
    return max(rows, 0) * MemoryLayout<Int>.stride + width * MemoryLayout<Float>.stride
  }

  func follows(input index: Int, _ inputs: KnownInputs) -> Bool { FeatureRows.follows(inputs) }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let rows = FeatureRows(try operands.input(0))
    let (labelOutput, scoreOutput) = (operands.optionalOutput(0), operands.optionalOutput(1)?.f32)
    let classes = operands.scratch.assumingMemoryBound(to: Int.self)
    let row = (operands.scratch + rows.rowCount * MemoryLayout<Int>.stride)
      .assumingMemoryBound(to: Float.self)
    let model = self
    return {
      for index in 0..<rows.rowCount {
        rows.load(index, into: row)
        let (winner, scores) = model.classify(UnsafePointer(row))
        classes[index] = winner
        if let scoreOutput {
          for column in 0..<model.columnCount {
            scoreOutput[index * model.columnCount + column] = scores[column]
          }
        }
      }
      if let labelOutput {
        model.labels.write(rows.rowCount, to: labelOutput) { classes[$0] }
      }
    }
  }

  /// The class of a row, and its final scores.
  private func classify(_ row: UnsafePointer<Float>) -> (Int, [Float]) {
    let products = vectors.withUnsafeBufferPointer { vectors in
      (0..<vectorCount).map { kernel(row, vectors.baseAddress! + $0 * width, width) }
    }
    guard votes else {
      var scores = products.map { Float($0) + offsets[0] }
      let winner = linearWinner(scores)
      scores.withUnsafeMutableBufferPointer { transform.apply($0.baseAddress!, $0.count) }
      return (winner, scores)
    }
    var wins = [Int](repeating: 0, count: classCount)
    var scores: [Float] = []
    for first in 0..<classCount - 1 {
      for second in first + 1..<classCount {
        var sum = Double(offsets[scores.count])
        for index in starts[first]..<starts[first + 1] {
          sum += Double(coefficients[(second - 1) * vectorCount + index]) * products[index]
        }
        for index in starts[second]..<starts[second + 1] {
          sum += Double(coefficients[first * vectorCount + index]) * products[index]
        }
        scores.append(Float(sum))
        wins[sum > 0 ? first : second] += 1
      }
    }
    if !sigmoids.isEmpty { scores = PairwiseProbability.probabilities(scores, sigmoids) }
    let winner = wins.indices.reduce(0) { wins[$1] > wins[$0] ? $1 : $0 }
    return (winner, finished(scores))
  }

  private func finished(_ scores: [Float]) -> [Float] {
    if addsSecondClass {
      let score = scores[0]
      switch transform {
      case .none: return [-score, score]
      case .logistic: return [PostTransform.logistic(-score), PostTransform.logistic(score)]
      default: return [1 - score, score]
      }
    }
    var scores = scores
    scores.withUnsafeMutableBufferPointer { transform.apply($0.baseAddress!, $0.count) }
    return scores
  }

  /// Of two classes the second wins as soon as any score speaks for something, as ONNX Runtime has
  /// it; of more, the one with the largest score.
  private func linearWinner(_ scores: [Float]) -> Int {
    let best = scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
    guard classCount == 2 else { return best }
    let arePositive = vectors.allSatisfy { $0 >= 0 }
    return scores[best] >= 0.5 || (scores[best] > 0 && !arePositive) ? 1 : best
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("SVMClassifier", domain: "ai.onnx.ml") { context throws(GraphError) in
      try SupportVectorClassifier(context)
    }
  }
}
