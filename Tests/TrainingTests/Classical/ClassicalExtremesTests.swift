import ClassicalTraining
import Compute
import JSON
import ModelFormats
import TestSupport
import Testing

@testable import Training

/// Targets, labels and names at the ends of what there is.
@Suite struct ClassicalExtremesTests {
  private func train(
    _ name: String, _ examples: ExampleArrays, _ config: [JSONValue.Member] = [],
    fit: [JSONValue.Member] = [.init("target", .string("y"))]
  ) throws -> TrainedModel {
    var trainer = try #require(
      try ClassicalTrainers.trainer(
        for: TrainingRequest(
          specification: .object([
            .init("class_name", .string(name)), .init("config", .object(config)),
            .init("fit", .object(fit)),
          ]), training: examples)))
    return try trainer.run(report: silent)
  }

  private func refusal(_ name: String, _ examples: ExampleArrays) -> String {
    do {
      _ = try train(name, examples)
      return "no error"
    } catch let error as TrainingError { return error.message } catch { return "\(error)" }
  }

  private func metric(_ model: TrainedModel, _ name: String) throws -> Double {
    try #require(model.metrics.first { $0.name == name }).value
  }

  private static let regressors = [
    "DecisionTreeRegressor", "RandomForestRegressor", "GradientBoostingRegressor",
    "HistGradientBoostingRegressor", "LinearRegression", "Ridge",
  ]
  private static let line = (0..<100).map { Double($0) }

  /// A sum of numbers so small has no inverse, which once ended the process.
  @Test(arguments: regressors, [1e-300, 1e-310, 1e-30])
  func smallTargetsAreLearned(_ name: String, _ scale: Double) throws {
    let data = ExampleArrays([("x", Self.line), ("y", Self.line.map { $0 * scale })])
    #expect(try !train(name, data).onnx.isEmpty)
  }

  @Test(arguments: regressors)
  func targetsBeyondSinglePrecisionAreRefused(_ name: String) {
    for scale in [1e38, 1e300] {
      let data = ExampleArrays([("x", Self.line), ("y", Self.line.map { $0 * scale })])
      #expect(
        refusal(name, data).hasPrefix(
          "expected numbers in the range of single precision (3.4e38), got "))
    }
  }

  /// The mean's square takes the digits of what is far from zero.
  @Test func targetsFarFromZeroAreToldApart() throws {
    var random = SplitMix64(state: 5)
    let x = (0..<400).map { _ in Double.random(in: 0...1, using: &random) }
    for name in ["DecisionTreeRegressor", "RandomForestRegressor"] {
      let plain = ExampleArrays([("x", x), ("y", x.map { $0 * 100 })])
      let far = ExampleArrays([("x", x), ("y", x.map { $0 * 100 + 1e8 })])
      let config: [JSONValue.Member] = [.init("max_depth", .integer(3))]
      let (near, distant) = (try train(name, plain, config), try train(name, far, config))
      let measure = name.hasPrefix("D") ? "r2" : near.metrics[0].name
      #expect(abs(try metric(near, measure) - metric(distant, measure)) < 1e-6)
    }
    let constant = ExampleArrays([("x", x), ("y", x.map { _ in 100_000.333 })])
    #expect(try metric(train("DecisionTreeRegressor", constant), "nodes") == 1)
  }

  @Test func aConstantGrowsNoTrees() throws {
    let data = ExampleArrays([("x", Self.line), ("y", Self.line.map { _ in 0.1 })])
    let model = try train("HistGradientBoostingRegressor", data)
    #expect(try metric(model, "loss") == 0)
    let graph = try ONNX.load(bytes: model.onnx)
    let node = try #require(graph.nodes.first { $0.opType == "TreeEnsembleRegressor" })
    guard case .strings(let modes)? = node.attributes["nodes_modes"] else {
      Issue.record("expected modes")
      return
    }
    #expect(modes.allSatisfy { $0 == Array("LEAF".utf8) })
  }

  @Test func theLossWithoutAnIterationIsThatOfTheStart() throws {
    let data = ExampleArrays([("x", [1, 1, -1, -1]), ("y", [0, 1, 0, 1])])
    let model = try train("LogisticRegression", data)
    #expect(abs(try metric(model, "loss") - 0.693147) < 1e-5)
  }

  @Test func accuracyIsTheShareOfExamplesWhateverTheyWeigh() throws {
    let data = ExampleArrays([
      ("x", (0..<10).map { $0 < 7 ? 0 : 1 }),
      ("y", [0, 0, 0, 0, 0, 1, 1, 1, 1, 0]),
    ])
    let model = try train(
      "DecisionTreeClassifier", data, [.init("class_weight", .string("balanced"))])
    #expect(abs(try metric(model, "accuracy") - 0.7) < 1e-12)
  }

  @Test func aMissingLabelIsNoClass() {
    let data = ExampleArrays([("x", [1, 2, 3])], texts: [("y", ["a", "", "b"])])
    #expect(
      refusal("DecisionTreeClassifier", data)
        == "expected a label in column 'y', got none in example 1; fill in or leave out such examples"
    )
  }

  /// Numbers that stand for categories are in the input of numbers, whatever their column is called.
  @Test func categoriesThatAreNumbersMayHaveAnyName() throws {
    let data = ExampleArrays([
      ("label", [1, 2, 1, 2, 3, 1]), ("n", [1, 2, 3, 4, 5, 6]), ("y", [0, 1, 0, 1, 1, 0]),
    ])
    let model = try train(
      "DecisionTreeClassifier", data,
      fit: [
        .init("target", .string("y")),
        .init("categorical", .array([.string("label")])),
      ])
    #expect(try metric(model, "accuracy") == 1)
  }

  /// Columns of texts are inputs by their names, which the graph has for values of its own.
  @Test func columnsMayBeCalledAsTheGraphsValues() throws {
    let texts = ["red", "blue", "red", "blue", "green", "red"]
    let y: [Double] = [0, 1, 0, 1, 2, 0]
    for (name, isClassifier) in [
      ("DecisionTreeClassifier", true), ("RandomForestClassifier", true),
      ("HistGradientBoostingClassifier", true), ("DecisionTreeRegressor", false),
      ("HistGradientBoostingRegressor", false),
    ] {
      for column in [
        "features", "scores", "class", "labels", "first", "second", "one", "base_values",
        "scores/trees", "one_",
      ] {
        // Both a value of the graph and what it would be called instead.
        let columns = [column, "\(column)_"]
        let data = ExampleArrays(
          [("n", [1, 2, 3, 4, 5, 6]), ("y", y)], texts: columns.map { ($0, texts) })
        let model = try train(
          name, data,
          name.hasPrefix("Hist") ? [.init("min_samples_leaf", .integer(1))] : [])
        let inputs = try Model(ONNX.load(bytes: model.onnx)).inputs.map(\.name)
        #expect(columns.allSatisfy(inputs.contains), "\(name) \(column)")
      }
      for column in isClassifier ? ["x", "label", "probabilities"] : ["x", "prediction"] {
        let data = ExampleArrays([("n", [1, 2, 3, 4, 5, 6]), ("y", y)], texts: [(column, texts)])
        #expect(
          refusal(name, data).hasPrefix(
            "a column of texts cannot be called '\(column)'"))
      }
    }
  }
}
