internal import ModelFormats

/// Rows of real measurements, each with the model's answer and the true value beside it.
struct TableDemo {
  var model: BundledModel

  private static let rowsShown = 8
  private static let featuresShown = 4

  func run(_ connection: Connection) async throws {
    print("\(model.description.name): \(model.description.description)\n")
    let outputs = try await model.ask(connection, model.request(rows: 0..<model.rowCount))
    let answers = outputs.map { TensorData($0.array).numbers }
    let features = model.description.input.features ?? []
    let isRegression = model.description.task == "regression"
    let shown = min(Self.rowsShown, model.rowCount)
    let header = Array(features.prefix(Self.featuresShown)) + ["…", "answer", "true", ""]
    let rows = (0..<shown).map { row in
      let cells = model.sample(row).prefix(Self.featuresShown).map { Self.short($0) }
      return cells + ["…"]
        + (isRegression ? number(answers[0][row], row) : label(answers, row))
    }
    Output.table(header, rows)
    print("\n\(isRegression ? errorText(answers[0]) : accuracyText(answers[0]))\n")
  }

  private func number(_ answer: Double, _ row: Int) -> [String] {
    [Output.fixed(answer, 0), Output.fixed(model.labels[row], 0), ""]
  }

  private func label(_ answers: [[Double]], _ row: Int) -> [String] {
    let names = model.description.labels ?? []
    let name = { (value: Double) in
      names.indices.contains(Int(value)) ? names[Int(value)] : String(Int(value))
    }
    let answer = answers[0][row]
    var text = name(answer)
    // The second output holds a probability per label.
    if answers.count > 1, let count = Optional(answers[1].count / model.rowCount), count > 0 {
      let chance = answers[1][row * count..<(row + 1) * count].max() ?? 0
      text += " (\(Output.fixed(chance * 100, 0)) %)"
    }
    return [text, name(model.labels[row]), answer == model.labels[row] ? "" : "wrong"]
  }

  private func errorText(_ answers: [Double]) -> String {
    let error = zip(answers, model.labels).reduce(0) { $0 + abs($1.0 - $1.1) }
    let mean = Output.fixed(error / Double(model.rowCount), 1)
    return "Mean error over \(model.rowCount) held-back rows: \(mean)."
  }

  private func accuracyText(_ answers: [Double]) -> String {
    let right = zip(answers, model.labels).count { $0 == $1 }
    return "\(right) of \(model.rowCount) held-back rows are answered right."
  }

  private static func short(_ value: Double) -> String {
    value == value.rounded() ? String(Int(value)) : "\(Float(Output.fixed(value, 2)) ?? 0)"
  }
}
