import Compute
import JSON
import ModelFormats
import Synchronization
import Testing

@testable import Training

@Suite struct NetworkTrainerTests {
  /// Two classes that a line separates, and the same as numbers.
  private static let source: ArraySource = {
    var random = RepeatableRandom(7)
    var (x, y) = ([Float](), [Int64]())
    for _ in 0..<70 {
      let point = (Float(random.uniform()) - 0.5, Float(random.uniform()) - 0.5)
      x += [point.0, point.1, point.0 * point.1]
      y.append(point.0 + point.1 > 0 ? 1 : 0)
    }
    return ArraySource([
      "x": Tensor(fp32: x, shape: [70, 3]), "y": Tensor(int64: y, shape: [70]),
    ])
  }()

  private static func specification(
    layers: String = #"{"class_name": "Dense", "config": {"units": 8, "activation": "tanh"}},"#
      + #"{"class_name": "Dropout", "config": {"rate": 0.1}},"#
      + #"{"class_name": "BatchNormalization"},"#
      + #"{"class_name": "Dense", "config": {"units": 2, "activation": "softmax"}}"#,
    compile: String =
      #"{"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.05}}, "#
      + #""loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}"#,
    fit: String
  ) throws -> JSONValue {
    try JSONValue(
      parsing: Array(
        """
        {"class_name": "Sequential", "config": {"layers": [\(layers)]}, "compile": \(compile), \
        "fit": \(fit)}
        """.utf8)[...])
  }

  private func request(
    _ fit: String, checkpoints: (any CheckpointStore)? = nil, threads: Int = 1
  ) throws -> TrainingRequest {
    TrainingRequest(
      specification: try Self.specification(fit: fit), training: Self.source,
      checkpoints: checkpoints, threadCount: threads)
  }

  private static let ignore: @Sendable (TrainingProgress) throws(TrainingError) -> Void = { _ in }

  @Test func itLearns() throws {
    let trainer = try NetworkTrainer(
      request(#"{"epochs": 30, "batch_size": 16, "validation_split": 0.2, "seed": 5}"#))
    var reports: [TrainingProgress] = []
    let result = try trainer.run { progress throws(TrainingError) in reports.append(progress) }
    let metrics = Dictionary(uniqueKeysWithValues: result.metrics.map { ($0.name, $0.value) })
    #expect(metrics.keys.sorted() == ["accuracy", "loss", "val_accuracy", "val_loss"])
    #expect(metrics["val_accuracy"] ?? 0 >= 0.85)
    let ends = reports.filter(\.endsEpoch)
    #expect(ends.map(\.epoch) == Array(1...30))
    #expect(ends.allSatisfy { $0.step == 4 && $0.stepCount == 4 })
    let model = try Model(try ONNX.load(bytes: result.onnx))
    #expect(model.inputs.map(\.shape) == [[-1, 3]])
    #expect(model.outputs.map(\.shape) == [[-1, 2]])
  }

  @Test func aSeedRepeatsAndAnotherDoesNot() throws {
    func train(_ seed: Int) throws -> [UInt8] {
      try NetworkTrainer(request(#"{"epochs": 3, "batch_size": 16, "seed": \#(seed)}"#))
        .run(report: Self.ignore).onnx
    }
    #expect(try train(1) == train(1))
    #expect(try train(1) != train(2))
  }

  /// Killed at any step: what was saved last goes on bit for bit.
  @Test(arguments: 1...12)
  func itGoesOnBitForBit(_ killedAfter: Int) throws {
    let fit = #"{"epochs": 3, "batch_size": 16, "validation_split": 0.1, "checkpoint_steps": 1}"#
    let whole = try NetworkTrainer(request(fit)).run(report: Self.ignore)
    let store = MemoryCheckpoints(killedAfter: killedAfter)
    #expect(throws: TrainingError.self) {
      try NetworkTrainer(request(fit, checkpoints: store)).run(report: Self.ignore)
    }
    store.revive()
    let resumed = try NetworkTrainer(request(fit, checkpoints: store)).run(report: Self.ignore)
    #expect(resumed.onnx == whole.onnx)
    #expect(resumed.metrics == whole.metrics)
  }

  @Test func itStopsEarlyAndRestoresTheBest() throws {
    let fit = #"""
      {"epochs": 200, "batch_size": 8, "validation_split": 0.3, "callbacks": [{"class_name": \#
      "EarlyStopping", "config": {"monitor": "val_loss", "patience": 3, "restore_best_weights": true}}]}
      """#
    var best = Double.infinity
    var epochs = 0
    let trainer = try NetworkTrainer(request(fit))
    let result = try trainer.run { progress throws(TrainingError) in
      guard progress.endsEpoch else { return }
      epochs += 1
      best = min(best, progress.metrics.first { $0.name == "val_loss" }?.value ?? .infinity)
    }
    #expect(epochs < 200)
    #expect(result.notes == ["stopped after epoch \(epochs) of 200: val_loss got no better"])
  }

  @Test func cancellationEndsItAndKeepsTheCheckpoint() throws {
    let store = MemoryCheckpoints(killedAfter: .max)
    let trainer = try NetworkTrainer(request(#"{"epochs": 5}"#, checkpoints: store))
    #expect(throws: TrainingError(.cancelled, "enough")) {
      try trainer.run { progress throws(TrainingError) in
        if progress.epoch == 2, progress.endsEpoch { throw TrainingError(.cancelled, "enough") }
      }
    }
    let saved = try NetworkCheckpoint(try #require(try store.load()))
    #expect(saved.epoch == 2)
  }

  @Test func damagedCheckpointsAreRefused() throws {
    let store = MemoryCheckpoints(killedAfter: .max)
    _ = try NetworkTrainer(request(#"{"epochs": 1}"#, checkpoints: store)).run(report: Self.ignore)
    let bytes = try #require(try store.load())
    var random = RepeatableRandom(3)
    for _ in 0..<200 {
      let cut = Array(bytes.prefix(random.next(below: bytes.count)))
      #expect(throws: TrainingError.self) { try NetworkCheckpoint(cut) }
      var spoiled = bytes
      spoiled[random.next(below: 200)] ^= UInt8(1 + random.next(below: 255))
      _ = try? NetworkCheckpoint(spoiled)
    }
  }

  /// What people get wrong, and the sentence that they get.
  static let mistakes: [(String, String)] = [
    (
      #"{"layers": [{"class_name": "Dens", "config": {"units": 2}}]}"#,
      "layer 'dens_0': Dens is not known; known are "
    ),
    (
      #"{"layers": [{"class_name": "Dense", "config": {"units": 0}}]}"#,
      "layer 'dense_0' (Dense): units must be a whole number in 1...16777216, got 0"
    ),
    (
      #"{"layers": [{"class_name": "Dense", "config": {"units": 2, "unit": 3}}]}"#,
      "layer 'dense_0' (Dense): 'unit' is not known here; known are "
    ),
    (
      #"{"layers": [{"class_name": "Dense", "config": {"units": 2, "activation": "rely"}}]}"#,
      "layer 'dense_0' (Dense): activation must be one of "
    ),
    (#"{"layers": []}"#, "a model has 1...4096 layers, got 0"),
    // What would take the memory of the machine, or numbers that do not fit an integer.
    (
      #"{"layers": [{"class_name": "Dense", "config": {"units": 16777216}}, "#
        + #"{"class_name": "Dense", "config": {"units": 16777216}}]}"#,
      "layer 'dense_1': with its weights of shape [16777216, 16777216] the network has more than 134217728"
    ),
    (
      #"{"layers": [{"class_name": "Reshape", "config": {"target_shape": [3, 1, 1]}}, "#
        + #"{"class_name": "Conv2D", "config": {"filters": 16777216, "kernel_size": 4096, "#
        + #""padding": "same"}}]}"#,
      "layer 'conv2d_1': with its weights of shape [4096, 4096, 1, 16777216] the network has more"
    ),
    (
      #"{"layers": [{"class_name": "Reshape", "config": {"target_shape": [16777216, 16777216, "#
        + #"16777216, 16777216]}}]}"#,
      "layer 'reshape_0': expected "
    ),
    (
      #"{"layers": [{"class_name": "Reshape", "config": {"target_shape": [1e15, -1]}}]}"#,
      "layer 'reshape_0' (Reshape): target_shape must be "
    ),
    (
      #"{"layers": [{"class_name": "LSTM", "config": {"units": 65536}}]}"#,
      "layer 'lstm_0': expected [steps, channels], got values of shape [batch, 3]"
    ),
    (
      #"{"layers": [{"class_name": "Dense", "config": {"units": 1000000}}, "#
        + #"{"class_name": "Reshape", "config": {"target_shape": [1000000, 1]}}, "#
        + #"{"class_name": "TransformerDecoder", "config": {"num_heads": 1, "intermediate_dim": 4}}]}"#,
      "layer 'transformerdecoder_2/self_attention': expected at most 67108864 pairs of steps"
    ),
    (
      #"{"layers": [{"class_name": "Flatten"}]}"#,
      "the network has nothing to learn: no layer has weights"
    ),
    (
      #"{"layers": [{"class_name": "Conv2D", "config": {"filters": 2, "kernel_size": 3}}]}"#,
      "layer 'conv2d_0': expected [height, width, channels], got values of shape [batch, 3]"
    ),
    (
      #"{"layers": [{"class_name": "InputLayer", "config": {"batch_shape": [null, 4]}}, "#
        + #"{"class_name": "Dense", "config": {"units": 2}}]}"#,
      "input 'inputlayer_0' takes examples of shape [4], the data have [3]"
    ),
    (
      #"{"layers": [{"class_name": "Dense", "config": {"units": 1, "activation": "softmax"}}]}"#,
      "labels must be in 0...0, as the network's output has 1 classes; got 1"
    ),
  ]

  @Test(arguments: mistakes.indices)
  func mistakesAreSentences(_ index: Int) throws {
    let (config, expected) = Self.mistakes[index]
    let text = """
      {"class_name": "Sequential", "config": \(config), "compile": {"optimizer": "sgd", \
      "loss": "sparse_categorical_crossentropy"}}
      """
    #expect {
      let trainer = try NetworkTrainer(
        TrainingRequest(
          specification: try JSONValue(parsing: Array(text.utf8)[...]), training: Self.source))
      _ = try trainer.run(report: Self.ignore)
    } throws: { error in
      "\(error)".hasPrefix(expected)
    }
  }

  /// What would be without effect is refused.
  @Test func contradictionsAreSentences() throws {
    let cases = [
      (
        #"{"optimizer": {"class_name": "SGD", "config": {"clipnorm": 0.001, "clipvalue": 100}}, "#
          + #""loss": "sparse_categorical_crossentropy"}"#, "{}",
        "compile: expected one of clipnorm, global_clipnorm and clipvalue, got clipnorm and clipvalue"
      ),
      (
        #"{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}"#,
        #"{"callbacks": [{"class_name": "EarlyStopping", "config": {"monitor": "nope", "patience": 0}}]}"#,
        "EarlyStopping: monitor must be one of loss, accuracy, or one of these behind val_, got 'nope'"
      ),
    ]
    for (compile, fit, expected) in cases {
      #expect {
        _ = try NetworkTrainer(
          TrainingRequest(
            specification: try Self.specification(compile: compile, fit: fit),
            training: Self.source))
      } throws: {
        "\($0)".contains(expected)
      }
    }
  }

  @Test func targetsOfCrossEntropiesAreProbabilities() throws {
    for loss in ["binary_crossentropy", "categorical_crossentropy"] {
      for (target, isRefused) in [(5, true), (-1, true), (1, false)] {
        let specification = try Self.specification(
          layers: #"{"class_name": "Dense", "config": {"units": 1, "activation": "sigmoid"}}"#,
          compile: #"{"optimizer": "sgd", "loss": "\#(loss)"}"#, fit: #"{"epochs": 1}"#)
        let data = ArraySource([
          "x": Tensor(fp32: [1, 2, 3, 4], shape: [4, 1]),
          "y": Tensor(fp32: [0, 1, 0, Float(target)], shape: [4, 1]),
        ])
        var refusal: TrainingError?
        do throws(TrainingError) {
          let trainer = try NetworkTrainer(
            TrainingRequest(specification: specification, training: data))
          _ = try trainer.run(report: Self.ignore)
        } catch { refusal = error }
        #expect((refusal != nil) == isRefused)
        if isRefused {
          #expect(
            refusal?.message.hasPrefix(
              "targets of a cross-entropy must be in 0...1, got \(target).0;")
              == true, "\(refusal?.message ?? "")")
        }
      }
    }
  }

  @Test func lossesThatAreNoNumbersEndIt() throws {
    let layers = try Self.specification(
      layers: #"{"class_name": "Dense", "config": {"units": 3}}"#,
      compile: #"{"optimizer": {"class_name": "SGD", "config": {"learning_rate": 1e6}}, "#
        + #""loss": "mse"}"#, fit: #"{"epochs": 50, "target": "x", "features": ["x"]}"#)
    let trainer = try NetworkTrainer(
      TrainingRequest(specification: layers, training: Self.source))
    #expect {
      try trainer.run(report: Self.ignore)
    } throws: { error in
      (error as? TrainingError)?.code == .diverged
        && "\(error)".hasPrefix("the loss became no number in step ")
    }
  }

  @Test func noExamplesAreSaid() throws {
    let empty = ArraySource([
      "x": Tensor(fp32: [], shape: [0, 3]), "y": Tensor(int64: [], shape: [0]),
    ])
    #expect(throws: TrainingError(.data, "the data hold no examples; expected at least one")) {
      try NetworkTrainer(
        TrainingRequest(specification: try Self.specification(fit: "{}"), training: empty))
    }
  }
}

/// Checkpoints in memory, and a process that dies after so many of them.
final class MemoryCheckpoints: CheckpointStore {
  private let state: Mutex<(saved: [UInt8]?, left: Int)>

  init(killedAfter count: Int) { state = Mutex((nil, count)) }

  func save(_ bytes: [UInt8]) throws(TrainingError) {
    let isAlive = state.withLock { state in
      state.saved = bytes
      state.left -= 1
      return state.left > 0
    }
    if !isAlive { throw TrainingError(.resources, "killed") }
  }

  func load() throws(TrainingError) -> [UInt8]? { state.withLock { $0.saved } }

  func revive() { state.withLock { $0.left = .max } }
}
