import Compute
import JSON
import ModelFormats
import TestSupport
import Testing

@testable import Training

/// Networks that begin with the weights of a stored model.
@Suite struct InitialModelTests {
  /// Images of two kinds: the upper half is brighter than the lower, or not.
  private static let source: ArraySource = {
    var random = RepeatableRandom(7)
    var (x, y) = ([Float](), [Int64]())
    for index in 0..<60 {
      for pixel in 0..<36 {
        x.append(Float(random.uniform()) + (pixel / 18 == index % 2 ? 0.6 : 0))
      }
      y.append(Int64(index % 2))
    }
    return ArraySource([
      "x": Tensor(fp32: x, shape: [60, 6, 6, 1]), "y": Tensor(int64: y, shape: [60]),
    ])
  }()

  private static func specification(
    filters: Int = 4, isFrozen: Bool = false, head: String = "head", fit: String = ""
  ) throws -> JSONValue {
    try JSONValue(
      parsing: Array(
        """
        {"class_name": "Sequential", "config": {"layers": [
          {"class_name": "Conv2D", "config": {"name": "first", "filters": \(filters), "kernel_size": 3, \
        "activation": "relu", "trainable": \(!isFrozen)}},
          {"class_name": "BatchNormalization", "config": {"name": "norm", "trainable": \(!isFrozen)}},
          {"class_name": "Flatten"},
          {"class_name": "Dense", "config": {"name": "\(head)", "units": 2, "activation": "softmax"}}]},
        "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy"},
        "fit": {"epochs": 3, "batch_size": 10, "seed": 4\(fit)}}
        """.utf8)[...])
  }

  private static let ignore: @Sendable (TrainingProgress) throws(TrainingError) -> Void = { _ in }

  /// A model that was trained, as a file.
  private let folder = ScratchFolder()
  private var file: String { folder.path + "/initial.onnx" }
  private let trained: [UInt8]

  init() throws {
    trained = try NetworkTrainer(
      TrainingRequest(specification: Self.specification(), training: Self.source)
    ).run(report: Self.ignore).onnx
    folder.write(trained, "initial.onnx")
  }

  private func trainer(
    _ specification: JSONValue, file path: String? = nil, _ store: (any CheckpointStore)? = nil
  ) throws -> NetworkTrainer {
    var request = TrainingRequest(
      specification: specification, training: Self.source, checkpoints: store)
    request.initialModel = InitialModel(name: "kinds:1", path: path ?? file)
    return try NetworkTrainer(request)
  }

  private static let initial = #", "initial_model": "kinds:1""#

  private func floats(_ bytes: [UInt8], _ name: String) throws -> [UInt32] {
    try #require(try ONNX.load(bytes: bytes).initializers[name]).elements(as: UInt32.self)
  }

  @Test func layersOfTheSameNameTakeItsWeights() throws {
    let trainer = try trainer(
      Self.specification(isFrozen: true, head: "new", fit: Self.initial))
    #expect(
      trainer.openingNotes == ["6 of 8 weights from kinds:1; new: new/kernel, new/bias"])
    let result = try trainer.run(report: Self.ignore)
    for name in ["first/kernel", "first/bias", "norm/gamma", "norm/moving_mean"] {
      #expect(try floats(result.onnx, name) == floats(trained, name), "\(name) is frozen")
    }
  }

  @Test func itBeginsWhereTheOtherEnded() throws {
    let (scratch, _) = try NetworkTrainer(
      TrainingRequest(specification: Self.specification(), training: Self.source)
    ).gradientsOfFirstBatch()
    let trainer = try trainer(Self.specification(fit: Self.initial))
    #expect(trainer.openingNotes == ["8 of 8 weights from kinds:1"])
    #expect(try ONNX.write(try trainer.exported()) == trained, "nothing is changed yet")
    #expect(try trainer.gradientsOfFirstBatch().0 < scratch)
  }

  /// Killed before and after its first checkpoints: from then on the initial model is not read again.
  @Test(arguments: [1, 2, 7, 17]) func aResumedOneGoesOnFromItsCheckpoint(_ count: Int) throws {
    let specification = try Self.specification(fit: Self.initial + #", "checkpoint_steps": 1"#)
    let whole = try trainer(specification).run(report: Self.ignore).onnx
    let store = MemoryCheckpoints(killedAfter: count)
    #expect(throws: TrainingError(.resources, "killed")) {
      try trainer(specification, store).run(report: Self.ignore)
    }
    store.revive()
    let resumed = try trainer(specification, file: "/nowhere.onnx", store)
    #expect(resumed.openingNotes == [])
    #expect(try resumed.run(report: Self.ignore).onnx == whole)
    // Another initial model, or none, is another training.
    let plain = try Self.specification(fit: #", "checkpoint_steps": 1"#)
    #expect {
      try trainer(plain, store)
    } throws: {
      "\($0)".hasPrefix("the checkpoint is of another description")
    }
  }

  @Test func anotherShapeIsSaidOrSkipped() throws {
    #expect(
      throws: TrainingError(
        .data,
        "layer 'first': expected first/kernel of shape [3, 3, 1, 5], the initial model kinds:1 has FP32 of "
          + "shape [3, 3, 1, 4]; give a new layer a new name, or say fit.skip_mismatch to begin it anew"
      )
    ) { try trainer(Self.specification(filters: 5, fit: Self.initial)) }
    // All of a layer or nothing of it: the head's bias would fit.
    #expect {
      try trainer(
        Self.specification(filters: 5, fit: Self.initial + #", "skip_mismatch": true"#))
    } throws: { error in
      "\(error)".hasPrefix(
        "the initial model kinds:1 has no weight that fits this network: expected ")
        && "\(error)".contains("(first/kernel, first/bias, …), got first/bias, ")
    }
  }

  @Test func mistakesAreSaid() throws {
    #expect {
      try trainer(Self.specification(fit: Self.initial), file: "/nowhere.onnx")
    } throws: {
      "\($0)".hasPrefix("the initial model kinds:1 cannot be read: ")
    }
    #expect {
      try NetworkTrainer(
        TrainingRequest(
          specification: Self.specification(fit: Self.initial), training: Self.source))
    } throws: { "\($0)" == "fit: there is no initial_model 'kinds:1' here" }
    #expect {
      try trainer(Self.specification(fit: #", "skip_mismatch": true"#))
    } throws: {
      "\($0)" == "fit: skip_mismatch is about initial_model, and there is none"
    }
  }

  /// What Keras (by tf2onnx) and PyTorch wrote, by their own names and layouts.
  @Test(arguments: ["keras", "torch"]) func othersFilesAreReadByNamesOfLayers(
    _ name: String
  ) throws {
    let folder = "Tests/TrainingTests/Fixtures/initial/"
    let archive = try NumpyArchive(npz: try Files.read(folder + name + ".npz")[...])
    let stored = StoredWeights(try ONNX.load(bytes: try Files.read(folder + name + ".onnx")))
    let known = Set(archive.entries.map { InitialWeights.layer($0.name) })
    for (name, array) in archive.entries.map({ ($0.name, $0.array) }) {
      let weight = try #require(stored.weight(for: name, known: known), "\(name)")
      #expect(weight.fits(array.shape), "\(name)")
      let expected = array.bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      #expect(weight.values() == expected, "\(name)")
    }
    #expect(stored.weight(for: "other/kernel", known: known) == nil)
  }

  /// Half, bfloat and double weights are numbers; whole numbers are none.
  @Test func typesAreConverted() throws {
    func weight(_ tensor: Tensor) throws -> StoredWeights.Weight {
      try #require(
        StoredWeights(Graph(initializers: ["d/bias": tensor])).weight(for: "d/bias", known: ["d"]))
    }
    let half = Tensor([0x3C00, 0xC100] as [UInt16], shape: [2], dataType: .fp16)
    #expect(try weight(half).values() == [1, -2.5])
    let bfloat = Tensor([0x3F80, 0xC020] as [UInt16], shape: [2], dataType: .bf16)
    #expect(try weight(bfloat).values() == [1, -2.5])
    let double = Tensor([1, -2.5] as [Double], shape: [2], dataType: .fp64)
    #expect(try weight(double).values() == [1, -2.5])
    #expect(try !weight(Tensor(int64: [1, 2], shape: [2])).fits([2]))
    #expect(try !weight(half).fits([1, 2]), "ours has exactly this shape")
  }
}
