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
