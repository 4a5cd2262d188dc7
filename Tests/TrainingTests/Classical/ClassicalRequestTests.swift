import ClassicalTraining
import JSON
import TestSupport
import Testing

@testable import Training

/// What is wrong with a specification or with data is said in a sentence, before or while training.
@Suite struct ClassicalRequestTests {
  private static let numbers = ExampleArrays([
    ("a", [1, 2, 3, 4, 5, 6]), ("b", [2, 1, 2, 1, 2, 1]), ("y", [0, 1, 0, 1, 1, 0]),
  ])

  /// The error of a training that must fail.
  private func message(
    _ name: String, _ config: [(String, JSONValue)] = [], fit: [(String, JSONValue)] = [],
    on examples: ExampleArrays = numbers
  ) throws -> String {
    let specification = JSONValue.object([
      .init("class_name", .string(name)),
      .init("config", .object(config.map { .init($0.0, $0.1) })),
      .init("fit", .object(fit.map { .init($0.0, $0.1) })),
    ])
    do {
      var trainer = try #require(
        try ClassicalTrainers.trainer(
          for: TrainingRequest(specification: specification, training: examples)))
      _ = try trainer.run(report: silent)
    } catch let error as TrainingError {
      return error.message
    }
    return "no error"
  }

  @Test func strangersAreLeftToOthers() throws {
    for name in ["Sequential", "ridge", ""] {
      let request = TrainingRequest(
        specification: .object([.init("class_name", .string(name))]), training: Self.numbers)
      #expect(try ClassicalTrainers.trainer(for: request) == nil)
    }
  }

  @Test func unknownParametersAreNamedWithTheKnownOnes() throws {
    for name in ClassicalTrainers.names {
      let message = try message(name, [("max_depht", .integer(3))])
      #expect(message.hasPrefix("\(name): unknown parameter 'max_depht'; it has "), "\(message)")
    }
    #expect(try message("Ridge", [("beta", .integer(3))]).contains("alpha"))
  }

  @Test func wrongValuesAreSaidWithWhatIsExpected() throws {
    #expect(
      try message("Ridge", [("alpha", .integer(-1))])
        == "Ridge: 'alpha': expected a number of at least 0.0, got -1")
    #expect(
      try message("DecisionTreeClassifier", [("criterion", .string("mse"))])
        == "DecisionTreeClassifier: 'criterion': expected \"gini\", \"entropy\" or \"log_loss\", "
        + "got \"mse\"")
    #expect(
      try message("RandomForestClassifier", [("n_estimators", .real(2.5))])
        == "RandomForestClassifier: 'n_estimators': expected a whole number from 1 to 1000000, "
        + "got 2.5")
    #expect(
      try message("LogisticRegression", [("solver", .string("saga"))]).contains("\"lbfgs\""))
    #expect(
      try message("DecisionTreeClassifier", [("splitter", .string("random"))])
        .contains("the only value that is supported"))
    #expect(try message("LinearRegression", [("fit_intercept", .integer(1))]).contains("true"))
    #expect(try message("DecisionTreeRegressor", [("max_features", .integer(9))]).contains("2"))
  }

  @Test func columnsThatAreNotThereAreNamed() throws {
    #expect(
      try message("Ridge", fit: [("target", .string("z"))])
        == "expected a column 'z', got a, b, y")
    #expect(
      try message("Ridge", fit: [("target", .string("y")), ("features", .string("y"))])
        .contains("cannot be a feature too"))
    #expect(try message("Ridge", fit: [("targets", .string("y"))]).contains("unknown parameter"))
  }

  @Test func numbersThatAreNoneAreFound() throws {
    for name in ["LinearRegression", "Ridge", "LogisticRegression", "SGDRegressor"] {
      for bad in [Double.nan, .infinity, -.infinity] {
        let examples = ExampleArrays([("x", [1, 2, bad, 3]), ("y", [0, 1, 0, 1])])
        let message = try message(name, on: examples)
        #expect(message.contains("got \(bad)") && message.contains("example 2"), "\(message)")
      }
    }
    let infinite = ExampleArrays([("x", [1, 2, .infinity, 3]), ("y", [0, 1, 0, 1])])
    #expect(try message("DecisionTreeClassifier", on: infinite).contains("got inf"))
    let targets = ExampleArrays([("x", [1, 2, 3]), ("y", [0, .nan, 1])])
    #expect(try message("DecisionTreeRegressor", on: targets).contains("the target of example 1"))
  }

  @Test func dataThatCannotBeLearnedFromAreRefused() throws {
    let empty = ExampleArrays([("x", []), ("y", [])])
    for name in ClassicalTrainers.names {
      #expect(try message(name, on: empty).contains("expected examples"))
    }
    let single = ExampleArrays([("x", [1, 2]), ("y", [5, 5])])
    for name in ClassicalTrainers.names where name.contains("Class") || name.contains("Logistic") {
      #expect(try message(name, on: single).contains("at least two classes, got only 5"))
      let fractions = ExampleArrays([("x", [1, 2]), ("y", [0.5, 1])])
      #expect(try message(name, on: fractions).contains("is it a regression?"))
    }
    let alone = ExampleArrays([("y", [1, 2])])
    #expect(try message("Ridge", on: alone).contains("got only 'y'"))
    let texts = ExampleArrays([("y", [1, 2])], texts: [("word", ["a", "b"])])
    #expect(
      try message("Ridge", fit: [("target", .string("y"))], on: texts)
        .contains("got texts in column 'word'"))
    let words = ExampleArrays([("x", [1, 2])], texts: [("y", ["a", "b"])])
    for name in ["Ridge", "DecisionTreeRegressor", "RandomForestRegressor"] {
      #expect(try message(name, on: words).contains("to predict classes, use a classifier"))
    }
  }

  @Test func aTrainingEndsWhenItIsAskedTo() throws {
    for name in ClassicalTrainers.names {
      var trainer = try #require(
        try ClassicalTrainers.trainer(
          for: TrainingRequest(
            specification: .object([.init("class_name", .string(name))]),
            training: Self.numbers)))
      #expect(throws: TrainingError(.cancelled, "enough")) {
        _ = try trainer.run { _ throws(TrainingError) in throw TrainingError(.cancelled, "enough") }
      }
    }
  }

  @Test func stepsThatAreTooLongAreSaidToBe() throws {
    let examples = ExampleArrays([
      ("x", (0..<200).map { Double($0) * 1e6 }), ("y", (0..<200).map { Double($0) }),
    ])
    #expect(try message("SGDRegressor", on: examples).contains("scale the features"))
  }
}

/// Examples that training does not see judge the model that is served.
@Suite struct ClassicalValidationTests {
  @Test(arguments: [
    ("LogisticRegression", "val_accuracy"), ("DecisionTreeClassifier", "val_accuracy"),
    ("RandomForestRegressor", "val_r2"), ("LinearRegression", "val_r2"),
  ])
  func validationIsJudgedByTheFile(_ name: String, _ metric: String) throws {
    var random = SplitMix64(state: 51)
    func examples(_ count: Int) -> ExampleArrays {
      let x = (0..<count).map { _ in Double.random(in: -1...1, using: &random) }
      let z = (0..<count).map { _ in Double.random(in: -1...1, using: &random) }
      return ExampleArrays([("x1", x), ("x2", z), ("y", zip(x, z).map { $0 + $1 > 0 ? 1 : 0 })])
    }
    let request = TrainingRequest(
      specification: .object([.init("class_name", .string(name))]), training: examples(400),
      validation: examples(3_000))
    var trainer = try #require(try ClassicalTrainers.trainer(for: request))
    let metrics = try trainer.run(report: silent).metrics
    let value = try #require(metrics.first { $0.name == metric }).value
    #expect(value > 0.5 && value <= 1, "\(metrics)")
  }

  @Test func otherColumnsAreRefused() throws {
    let request = TrainingRequest(
      specification: .object([.init("class_name", .string("Ridge"))]),
      training: ExampleArrays([("a", [1, 2]), ("y", [1, 2])]),
      validation: ExampleArrays([("b", [1, 2]), ("y", [1, 2])]))
    #expect(throws: TrainingError.self) { _ = try ClassicalTrainers.trainer(for: request) }
  }
}
