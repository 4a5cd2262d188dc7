import Compute
import JSON
import ModelFormats
import Testing

@testable import Training

/// What networks answer beside Keras: outputs, losses, and gradients by every weight, of models as
/// `to_json` writes them. `oracles/keras_layers.py` makes the fixtures.
@Suite struct KerasTests {
  static let layers = [
    "dense", "regression", "mae", "huber", "binary", "categorical", "activations", "regularized",
    "conv", "conv_forms", "conv1d", "transposed", "transposed_forms", "upsampling", "group_norm",
    "prelu", "batch_norm", "norms", "simple_rnn", "gru", "gru_before",
    "lstm", "bidirectional", "tokens", "block", "grouped_attention", "shared", "merging",
    "reshaping",
  ]
  static let optimizers = [
    "sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop", "rmsprop_centered", "adagrad",
    "clipnorm", "global_clipnorm", "clipvalue", "cosine", "exponential", "piecewise",
    "polynomial", "inverse_time",
  ]

  @Test(arguments: layers)
  func lossAndGradientsAreKerass(_ name: String) throws {
    let fixture = try KerasFixture(name)
    let trainer = try NetworkTrainer(fixture.request(fit: ["batch_size": .integer(64)]))
    try fixture.load(into: trainer.memory)
    let (loss, gradients) = try trainer.gradientsOfFirstBatch()
    let expected = try fixture.floats("loss")[0]
    #expect((Float(loss) - expected).magnitude <= 1e-4 * max(1, expected.magnitude))
    for (parameter, gradient) in gradients {
      try expectSame(gradient, try fixture.floats("g:" + parameter), "\(name): \(parameter)")
    }
    #expect(gradients.count == fixture.names("g:").count)
  }

  @Test(arguments: layers)
  func exportedModelsAnswerAsKeras(_ name: String) throws {
    let fixture = try KerasFixture(name)
    let trainer = try NetworkTrainer(fixture.request(fit: [:]))
    try fixture.load(into: trainer.memory)
    // Written and read again, as it is served.
    let model = try Model(try ONNX.load(bytes: try ONNX.write(try trainer.exported())))
    let answers = try model.evaluate([.tensor(try fixture.tensor("x"))])
    let found = try #require(answers[0].tensor).elements(as: Float.self)
    try expectSame(found, try fixture.floats("output"), name)
  }

  @Test(arguments: optimizers)
  func stepsAreKerass(_ name: String) throws {
    let fixture = try KerasFixture("optimizer_" + name)
    let trainer = try NetworkTrainer(
      fixture.request(fit: [
        "batch_size": .integer(8), "epochs": .integer(2), "shuffle": .bool(false),
      ]))
    try fixture.load(into: trainer.memory)
    _ = try trainer.run { (_: TrainingProgress) throws(TrainingError) in }
    for (index, parameter) in trainer.memory.parameters.enumerated() {
      let found = trainer.memory.tensor(index).elements(as: Float.self)
      try expectSame(
        found, try fixture.floats("after:" + parameter.name), "\(name): \(parameter.name)",
        within: 2e-5)
    }
  }

  /// The weights of classes are those that `oracles/keras_layers.py` gave.
  @Test(arguments: [
    ("sparse", #"{"0": 2, "2": 0.25}"#), ("categorical", #"{"0": 0.5, "1": 3.0}"#),
    ("binary", #"{"0": 1, "1": 4}"#),
  ]) func classesCountAsInKeras(_ name: String, _ weights: String) throws {
    let fixture = try KerasFixture("weighted_" + name)
    let trainer = try NetworkTrainer(
      fixture.request(fit: [
        "batch_size": .integer(8), "epochs": .integer(2), "shuffle": .bool(false),
        "class_weight": try JSONValue(parsing: Array(weights.utf8)[...]),
      ]))
    try fixture.load(into: trainer.memory)
    let result = try trainer.run { (_: TrainingProgress) throws(TrainingError) in }
    let loss = Float(try #require(result.metrics.first { $0.name == "loss" }).value)
    #expect((loss - (try fixture.floats("loss")[0])).magnitude < 1e-5)
    for (index, parameter) in trainer.memory.parameters.enumerated() {
      let found = trainer.memory.tensor(index).elements(as: Float.self)
      try expectSame(
        found, try fixture.floats("after:" + parameter.name), "\(name): \(parameter.name)",
        within: 2e-5)
    }
  }

  @Test(arguments: [
    (#"{"3": 1}"#, "fit: class_weight has a class 3, but the output has the classes 0...2"),
    (#"{"a": 1}"#, "fit: class_weight must be an object of classes and numbers of at least 0"),
    (#"{"0": -1}"#, "fit: class_weight must be an object of classes and numbers of at least 0"),
    ("[1, 2]", "fit: class_weight must be an object of classes and numbers of at least 0"),
  ]) func wrongWeightsOfClassesAreSaid(_ weights: String, _ expected: String) throws {
    let fixture = try KerasFixture("weighted_sparse")
    #expect {
      try NetworkTrainer(
        fixture.request(fit: ["class_weight": try JSONValue(parsing: Array(weights.utf8)[...])]))
    } throws: { "\($0)".hasPrefix(expected) }
  }

  private func expectSame(
    _ found: [Float], _ expected: [Float], _ what: String, within tolerance: Float = 1e-4
  ) throws {
    try #require(found.count == expected.count, "\(what)")
    let size = expected.reduce(0.1) { max($0, $1.magnitude) }
    for (index, pair) in zip(expected, found).enumerated()
    where !((pair.0 - pair.1).magnitude <= tolerance * size) {
      Issue.record("\(what)[\(index)] is \(pair.1), Keras has \(pair.0)")
      return
    }
  }
}
