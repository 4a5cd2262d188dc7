import Compute
import JSON
import Synchronization
import Testing

@testable import Training

/// Ranks that train one network give what one process gives.
@Suite struct RankTrainingTests {
  /// Images of two classes, 70 of them: the last batch of 16 has 6 rows.
  private static let source: ArraySource = {
    var random = RepeatableRandom(7)
    var (x, y) = ([Float](), [Int64]())
    for _ in 0..<70 {
      let label = Int64(random.next(below: 2))
      for index in 0..<36 {
        x.append(Float(random.uniform()) + (index % 6 < 3 ? 0.3 * Float(label) : 0))
      }
      y.append(label)
    }
    return ArraySource([
      "x": Tensor(fp32: x, shape: [70, 6, 6, 1]), "y": Tensor(int64: y, shape: [70]),
    ])
  }()

  private static let layers = #"""
    {"class_name": "Conv2D", "config": {"filters": 4, "kernel_size": 3, "activation": "relu",
      "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.01}}}},
    {"class_name": "MaxPooling2D"}, {"class_name": "Flatten"},
    {"class_name": "Dropout", "config": {"rate": 0.25}},
    {"class_name": "Dense", "config": {"units": 9, "activation": "tanh"}},
    {"class_name": "Dense", "config": {"units": 2, "activation": "softmax"}}
    """#

  private static func specification(
    _ fit: String, layers: String = layers,
    optimizer: String = #"{"class_name": "Adam", "config": {"learning_rate": 0.01}}"#
  ) throws -> JSONValue {
    try JSONValue(
      parsing: Array(
        """
        {"class_name": "Sequential", "config": {"layers": [\(layers)]}, "compile": {"optimizer": \
        \(optimizer), "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}, \
        "fit": \(fit)}
        """.utf8)[...])
  }

  /// How a training of a rank ended.
  private struct Ending {
    var curve: [[Metric]] = []
    var weights: [Float] = []
    var notes: [String] = []
    var error: TrainingError?
    var earlyBucketCount = 0
  }

  private static func train(
    _ specification: JSONValue, _ source: ArraySource, _ collective: (any Collective)?,
    checkpoints: (any CheckpointStore)? = nil,
    report: (TrainingProgress) throws(TrainingError) -> Void = { _ in }
  ) -> Ending {
    var ending = Ending()
    do throws(TrainingError) {
      var request = TrainingRequest(specification: specification, training: source)
      request.collective = collective
      if let collective {
        request.checkpoints = try RankCheckpoints(collective, checkpoints)
      } else {
        request.checkpoints = checkpoints
      }
      let trainer = try NetworkTrainer(request)
      let result = try trainer.run { progress throws(TrainingError) in
        if progress.endsEpoch { ending.curve.append(progress.metrics) }
        try report(progress)
      }
      ending.notes = result.notes
      ending.weights = Array(
        UnsafeBufferPointer(start: trainer.memory.base, count: trainer.memory.count))
    } catch { ending.error = error }
    return ending
  }

  private func expectSame(
    _ first: Ending, _ second: Ending, tolerance: Double = 2e-4, _ comment: Comment
  ) {
    #expect(first.error == nil && second.error == nil, comment)
    #expect(first.curve.count == second.curve.count && !first.curve.isEmpty, comment)
    for (a, b) in zip(first.curve, second.curve) {
      #expect(a.map(\.name) == b.map(\.name))
      for (left, right) in zip(a, b) {
        #expect(abs(left.value - right.value) <= tolerance, "\(comment): \(left) \(right)")
      }
    }
    // Steps of Adam are about as long whatever the gradient is, so rounding shows in what is hardly used.
    let distance = zip(first.weights, second.weights).map { abs($0 - $1) }.max() ?? 1
    #expect(distance < 2e-3, comment)
  }

  static let fits = [
    #"{"epochs": 4, "batch_size": 16, "validation_split": 0.2, "seed": 5}"#,
    #"{"epochs": 3, "batch_size": 23, "seed": 8}"#,
    #"{"epochs": 2, "batch_size": 3, "shuffle": false}"#,
  ]

  @Test(arguments: [1, 2, 3, 4], fits) func theCurveIsThatOfOneProcess(
    _ size: Int, _ fit: String
  ) throws {
    let specification = try Self.specification(fit)
    let alone = Self.train(specification, Self.source, nil)
    let endings = ThreadCollective.run(size) { Self.train(specification, Self.source, $0) }
    for ending in endings { expectSame(alone, ending, "\(size) ranks, \(fit)") }
    // All ranks have the same bits.
    #expect(endings.allSatisfy { $0.weights == endings[0].weights })
    #expect(endings.allSatisfy { $0.curve == endings[0].curve })
    #expect((endings[0].notes.last?.hasPrefix("\(size) ranks: ") ?? false) == (size > 1))
  }

  static let optimizers = [
    #"{"class_name": "SGD", "config": {"momentum": 0.9, "global_clipnorm": 0.05}}"#,
    #"{"class_name": "RMSprop", "config": {"clipvalue": 0.001}}"#,
    #"{"class_name": "AdamW", "config": {"clipnorm": 0.01, "weight_decay": 0.01}}"#,
  ]

  @Test(arguments: optimizers) func clippingSeesTheWholeGradient(_ optimizer: String) throws {
    let specification = try Self.specification(
      #"{"epochs": 3, "batch_size": 16}"#, optimizer: optimizer)
    let alone = Self.train(specification, Self.source, nil)
    for ending in ThreadCollective.run(3, { Self.train(specification, Self.source, $0) }) {
      expectSame(alone, ending, "\(optimizer)")
    }
  }

  /// Statistics are of a rank's own rows, so the curve is another; moving averages and weights are everybody's.
  @Test func batchNormalisationStaysTheSameAtAllRanks() throws {
    let specification = try Self.specification(
      #"{"epochs": 3, "batch_size": 16, "validation_split": 0.2}"#,
      layers: #"{"class_name": "Flatten"}, {"class_name": "Dense", "config": {"units": 6}},"#
        + #"{"class_name": "BatchNormalization"},"#
        + #"{"class_name": "Dense", "config": {"units": 2, "activation": "softmax"}}"#)
    let endings = ThreadCollective.run(3) { Self.train(specification, Self.source, $0) }
    for ending in endings {
      #expect(ending.error == nil && ending.weights == endings[0].weights)
      #expect(!ending.weights.contains { !$0.isFinite })
    }
  }

  @Test func gradientsLeaveBeforeTheLastOneIsThere() throws {
    let specification = try Self.specification(#"{"epochs": 2, "batch_size": 16}"#)
    let early = ThreadCollective.run(2) { collective -> Int in
      var request = TrainingRequest(specification: specification, training: Self.source)
      request.collective = collective
      guard let trainer = try? NetworkTrainer(request), (try? trainer.run { _ in }) != nil else {
        return -1
      }
      return trainer.rankSummary?.earlyBucketCount ?? -1
    }
    // From the second step on at least one of each step's.
    #expect(early.allSatisfy { $0 >= 2 * 5 - 1 })
  }

  @Test(arguments: [0, 1, 2]) func aLabelThatOneRankReadsEndsAll(_ place: Int) throws {
    var labels = [Int64](repeating: 0, count: 48)
    labels[16 * 2 + place * 6] = 9
    let source = ArraySource([
      "x": Tensor(fp32: [Float](repeating: 0.1, count: 48 * 36), shape: [48, 6, 6, 1]),
      "y": Tensor(int64: labels, shape: [48]),
    ])
    let specification = try Self.specification(
      #"{"epochs": 2, "batch_size": 16, "shuffle": false}"#)
    let endings = ThreadCollective.run(3) { Self.train(specification, source, $0) }
    let expected = TrainingError(
      .data,
      "rank \(place) of 3 (here): labels must be in 0...1, as the network's output has 2 classes; got 9"
    )
    #expect(endings.map(\.error) == [expected, expected, expected])
  }

  @Test func lossesThatAreNoNumbersEndAll() throws {
    var values = [Float](repeating: 0.1, count: 48 * 36)
    values[20 * 36] = .nan
    let source = ArraySource([
      "x": Tensor(fp32: values, shape: [48, 6, 6, 1]),
      "y": Tensor(int64: [Int64](repeating: 0, count: 48), shape: [48]),
    ])
    let specification = try Self.specification(
      #"{"epochs": 2, "batch_size": 16, "shuffle": false}"#)
    let endings = ThreadCollective.run(3) { Self.train(specification, source, $0) }
    #expect(endings.allSatisfy { $0.error?.code == .diverged && $0.error == endings[0].error })
    #expect(endings[0].error?.message.contains("in step 2 of epoch 1") ?? false)
  }

  /// Whoever asks for the end, and wherever: all end, with one sentence.
  @Test(arguments: [0, 2]) func cancellationEndsAll(_ rank: Int) throws {
    let specification = try Self.specification(
      #"{"epochs": 5, "batch_size": 16, "validation_split": 0.2}"#)
    let endings = ThreadCollective.run(3) { collective in
      Self.train(specification, Self.source, collective) { progress throws(TrainingError) in
        if collective.rank == rank, progress.epoch == 2, progress.endsEpoch {
          throw TrainingError(.cancelled, "enough")
        }
      }
    }
    #expect(
      endings.allSatisfy {
        $0.error == TrainingError(.cancelled, "rank \(rank) of 3 (here): enough")
          && $0.curve.count == 2
      })
  }

  /// What three ranks began, two end, and the other way round.
  @Test(arguments: [3, 7, 9]) func aCheckpointGoesOnWithAnotherNumberOfRanks(
    _ killedAfter: Int
  ) throws {
    let specification = try Self.specification(
      #"{"epochs": 3, "batch_size": 16, "validation_split": 0.1, "checkpoint_steps": 1}"#)
    let whole = Self.train(specification, Self.source, nil)
    let store = MemoryCheckpoints(killedAfter: killedAfter)
    let killed = ThreadCollective.run(3) {
      Self.train(specification, Self.source, $0, checkpoints: $0.rank == 0 ? store : nil)
    }
    #expect(killed.allSatisfy { $0.error != nil && $0.error == killed[0].error })
    store.revive()
    let resumed = ThreadCollective.run(2) {
      Self.train(specification, Self.source, $0, checkpoints: $0.rank == 0 ? store : nil)
    }
    #expect(resumed.allSatisfy { $0.error == nil && $0.weights == resumed[0].weights })
    let last = try #require(resumed[0].curve.last)
    for (metric, expected) in zip(last, try #require(whole.curve.last)) {
      #expect(abs(metric.value - expected.value) < 2e-4)
    }
  }

  @Test func earlyStoppingIsDecidedTogether() throws {
    let specification = try Self.specification(
      #"""
      {"epochs": 60, "batch_size": 8, "validation_split": 0.3, "callbacks": [{"class_name": \#
      "EarlyStopping", "config": {"monitor": "val_loss", "patience": 2, "restore_best_weights": true}}]}
      """#)
    let endings = ThreadCollective.run(2) { Self.train(specification, Self.source, $0) }
    #expect(endings[0].curve.count < 60)
    #expect(endings[0].curve.count == endings[1].curve.count)
    #expect(endings[0].weights == endings[1].weights)
  }
}
