import ClassicalTraining
import JSON
import TestSupport
import Testing

@testable import Training

/// Boosting answers what scikit-learn's answers.
@Suite struct ClassicalBoostingTests {
  private func answers(_ test: ClassicalCase) throws -> ([Float], [Double]) {
    var trainer = try test.trainer()
    let (x, shape) = try test.numbers("x")
    let got = try ClassicalAnswers(
      try trainer.run(report: silent).onnx, x, rowCount: shape[0]
    ).numbers
    let isClassifier = test.className.hasSuffix("Classifier")
    return (got, try test.numbers(isClassifier ? "probabilities" : "prediction").values)
  }

  @Test(arguments: ClassicalCase.named("boosting"))
  func exactTreesAnswerAsScikitLearns(_ test: ClassicalCase) throws {
    let (got, expected) = try answers(test)
    try #require(got.count == expected.count)
    for (got, expected) in zip(got, expected) {
      #expect((Double(got) - expected).magnitude < 1e-5, "\(got) is not \(expected)")
    }
  }

  /// scikit-learn sums gradients in single precision, so that a split may go another way where two are
  /// nearly as good.
  @Test(arguments: ClassicalCase.named("histogram-").filter { $0.name != "histogram-digits" })
  func histogramsAnswerNearlyAsScikitLearns(_ test: ClassicalCase) throws {
    let (got, expected) = try answers(test)
    try #require(got.count == expected.count)
    let differences = zip(got, expected).map { (Double($0) - $1).magnitude }.sorted()
    let spread = (expected.max() ?? 1) - (expected.min() ?? 0)
    #expect(differences[differences.count / 2] < 1e-3 * spread)
    #expect(differences[differences.count * 9 / 10] < 0.03 * spread)
  }

  @Test func heldBackDigitsAreToldAsWell() throws {
    let test = try #require(ClassicalCase.named("histogram-digits").first)
    let expected = try test.numbers("score").values[0]
    #expect(try HeldBack.score(test) >= expected - 0.03)
  }

  @Test(arguments: ClassicalCase.named("histogram-"))
  func theNumberOfThreadsChangesNothing(_ test: ClassicalCase) throws {
    var one = try test.trainer(test.request(threadCount: 1))
    var two = try test.trainer(test.request(threadCount: 2))
    #expect(try one.run(report: silent).onnx == two.run(report: silent).onnx)
  }

  /// Enough rows that each of a round's parts is dealt out: derivatives, words, partition, scores and losses.
  @Test(arguments: [
    ("HistGradientBoostingRegressor", 0), ("HistGradientBoostingClassifier", 2),
    ("HistGradientBoostingClassifier", 3), ("GradientBoostingClassifier", 2),
  ])
  func theNumberOfThreadsChangesNothingOfManyRows(name: String, classCount: Int) throws {
    var random = SplitMix64(state: 47)
    let count = 20_000
    #expect(Tasks.shards(count, bytesEach: 8).count > 1)
    var x = (0..<5).map { _ in (0..<count).map { _ in Double.random(in: 0...1, using: &random) } }
    for row in stride(from: 0, to: count, by: 7) { x[0][row] = .nan }
    let y = (0..<count).map { row in
      let value = x[1][row] + x[2][row] * x[3][row] + Double.random(in: 0...0.2, using: &random)
      return classCount == 0 ? value : (value * Double(classCount) / 2.2).rounded(.down)
    }
    let data = ExampleArrays(x.enumerated().map { ("f\($0)", $1) } + [("y", y)])
    var config: [JSONValue.Member] = [
      .init(name.hasPrefix("H") ? "max_iter" : "n_estimators", .integer(3))
    ]
    if name.hasPrefix("H") { config.append(.init("early_stopping", .bool(true))) }
    var models: [[UInt8]] = []
    for threadCount in [1, 2] {
      var trainer = try #require(
        try ClassicalTrainers.trainer(
          for: TrainingRequest(
            specification: .object([
              .init("class_name", .string(name)), .init("config", .object(config)),
            ]), training: data, threadCount: threadCount)))
      models.append(try trainer.run(report: silent).onnx)
    }
    #expect(models[0] == models[1])
  }

  @Test func rowsAreDealtOutInSharesOf64KiB() {
    #expect(Tasks.shards(1_023, bytesEach: 64) == [0..<1_023])
    #expect(Tasks.shards(2_048, bytesEach: 64) == [0..<1_024, 1_024..<2_048])
    let many = Tasks.shards(1_000_003, bytesEach: 64)
    #expect(many.count == 16 && many.first?.lowerBound == 0 && many.last?.upperBound == 1_000_003)
    #expect(zip(many, many.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    #expect(Tasks.shards(0, bytesEach: 64) == [0..<0])
  }

  @Test(arguments: ClassicalCase.named("boosting") + ClassicalCase.named("histogram-t"))
  func theLossFallsFromRoundToRound(_ test: ClassicalCase) throws {
    var losses: [Double] = []
    var trainer = try test.trainer()
    _ = try trainer.run { progress throws(TrainingError) in
      if progress.endsEpoch, let loss = progress.metrics.first?.value { losses.append(loss) }
    }
    #expect(losses.count == 20)
    for (before, after) in zip(losses, losses.dropFirst()) { #expect(after < before) }
  }

  @Test func noiseIsNotLearnedForLong() throws {
    var random = SplitMix64(state: 41)
    let count = 600
    let x = (0..<3).map { _ in (0..<count).map { _ in Double.random(in: 0...1, using: &random) } }
    let y = (0..<count).map { _ in Double.random(in: 0...1, using: &random) }
    var trainer = try #require(
      try ClassicalTrainers.trainer(
        for: TrainingRequest(
          specification: .object([
            .init("class_name", .string("HistGradientBoostingRegressor")),
            .init(
              "config",
              .object([
                .init("early_stopping", .bool(true)), .init("max_iter", .integer(500)),
              ])),
          ]),
          training: ExampleArrays(x.enumerated().map { ("f\($0)", $1) } + [("y", y)]))))
    let model = try trainer.run(report: silent)
    let rounds = try #require(model.metrics.first { $0.name == "n_iter" }).value
    #expect(rounds < 100)
    #expect(model.notes.contains { $0.hasPrefix("stopped early") })
  }

  @Test func categoriesArePartedByTheirGradients() throws {
    var random = SplitMix64(state: 43)
    let names = ["ape", "bee", "cat", "dog", "eel", "fox"]
    let picks = (0..<500).map { _ in Int.random(in: 0..<6, using: &random) }
    let y = picks.map { $0 % 2 == 0 ? 4.0 : -4.0 }
    var trainer = try #require(
      try ClassicalTrainers.trainer(
        for: TrainingRequest(
          specification: .object([
            .init("class_name", .string("HistGradientBoostingRegressor")),
            .init("config", .object([.init("max_leaf_nodes", .integer(2))])),
            .init("fit", .object([.init("target", .string("y"))])),
          ]),
          training: ExampleArrays([("y", y)], texts: [("animal", picks.map { names[$0] })]))))
    let loss = try trainer.run(report: silent).metrics.first?.value ?? 1
    #expect(loss < 0.01)
  }
}
