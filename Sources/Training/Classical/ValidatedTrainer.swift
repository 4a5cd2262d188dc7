internal import Compute
internal import ModelFormats

/// A trainer whose model is then asked about examples that it has not seen, as it will be served: from its
/// file.
struct ValidatedTrainer: Trainer {
  private static let blockRowCount = 1024

  private var trainer: any Trainer
  private let columns: TrainingColumns

  /// The validation's columns must be the training's.
  init(
    _ trainer: any Trainer, _ specification: ClassicalSpecification,
    _ training: any ExampleSource, _ validation: any ExampleSource
  ) throws(TrainingError) {
    self.trainer = trainer
    let known = try TrainingColumns(specification, training)
    columns = try TrainingColumns(specification, validation)
    func kinds(_ columns: TrainingColumns) -> [String] {
      columns.features.map { feature in
        let isText = columns.source.columns[feature.column].dataType == .string
        return isText ? "\(feature.name) (texts)" : feature.name
      }
    }
    guard kinds(known) == kinds(columns), known.targetCount == columns.targetCount else {
      throw TrainingError(
        .data,
        "the validation's examples must have the training's columns: expected "
          + "\(kinds(known).joined(separator: ", ")), got \(kinds(columns).joined(separator: ", "))"
      )
    }
  }

  mutating func run(
    report: (TrainingProgress) throws(TrainingError) -> Void
  ) throws(TrainingError) -> TrainedModel {
    var model = try trainer.run(report: report)
    do {
      model.metrics += try judge(Model(ONNX.load(bytes: model.onnx)))
    } catch let error as TrainingError {
      throw error
    } catch {
      throw TrainingError(.resources, "the model could not be asked about the validation: \(error)")
    }
    return model
  }

  private func judge(_ model: Model) throws -> [Metric] {
    var score = Score()
    for start in stride(from: 0, to: columns.count, by: Self.blockRowCount) {
      let rows = Array(start..<min(columns.count, start + Self.blockRowCount))
      let outputs = try model.evaluate(try inputs(rows)).compactMap(\.tensor)
      guard let answer = outputs.first else { continue }
      try score.add(answer, columns, rows)
    }
    return score.metrics(targetCount: columns.targetCount)
  }

  /// The model's inputs: numbers together, texts each by itself.
  private func inputs(_ rows: [Int]) throws -> [ModelValue] {
    var numbers: [Int] = []
    var texts: [ModelValue] = []
    for column in columns.featureColumns {
      guard columns.source.columns[column].dataType == .string else {
        numbers.append(column)
        continue
      }
      let values = try Categories.texts(columns.source, column, rows).map { Array($0.utf8) }
      texts.append(.tensor(Tensor(strings: values, shape: [rows.count, 1])))
    }
    let width = numbers.reduce(0) { $0 + columns.source.columns[$1].elementCount }
    guard width > 0 else { return texts }
    let values = Memory<Double>(uninitialized: rows.count * width)
    try NumberReading.rows(numbers, of: columns.source, rows, into: values.base)
    return [.tensor(Tensor(fp32: values.elements.map { Float($0) }, shape: [rows.count, width]))]
      + texts
  }

  /// What is counted and added up.
  private struct Score {
    var (count, right) = (0, 0)
    var isClassifier = false
    var (error, sums, squares) = ([Double](), [Double](), [Double]())

    mutating func add(_ answer: Tensor, _ columns: TrainingColumns, _ rows: [Int]) throws {
      count += rows.count
      let target = columns.targetColumns[0]
      switch answer.dataType {
      case .string:
        isClassifier = true
        let labels = answer.storage.withBytes { StringFraming.elements($0) ?? [] }
        let expected = try Categories.texts(columns.source, target, rows)
        right += zip(labels, expected).count { $0 == Array($1.utf8) }
      case .int64:
        isClassifier = true
        let expected = Memory<Double>(uninitialized: rows.count)
        try NumberReading.rows([target], of: columns.source, rows, into: expected.base)
        right += zip(answer.elements(as: Int64.self), expected.elements).count { Double($0) == $1 }
      default:
        let width = columns.targetCount
        let expected = Memory<Double>(uninitialized: rows.count * width)
        try NumberReading.rows(columns.targetColumns, of: columns.source, rows, into: expected.base)
        if error.isEmpty {
          error = [Double](repeating: 0, count: width)
          (sums, squares) = (error, error)
        }
        for (place, got) in answer.elements(as: Float.self).enumerated() {
          let y = expected[place]
          error[place % width] += (Double(got) - y) * (Double(got) - y)
          sums[place % width] += y
          squares[place % width] += y * y
        }
      }
    }

    func metrics(targetCount: Int) -> [Metric] {
      if isClassifier { return [Metric("val_accuracy", Double(right) / Double(count))] }
      let scores = error.indices.map { index in
        let spread = squares[index] - sums[index] * sums[index] / Double(count)
        return spread > 0 ? 1 - error[index] / spread : 0
      }
      return [
        Metric("val_r2", scores.reduce(0, +) / Double(max(1, scores.count))),
        Metric("val_mse", error.reduce(0, +) / Double(max(1, count * targetCount))),
      ]
    }
  }
}
