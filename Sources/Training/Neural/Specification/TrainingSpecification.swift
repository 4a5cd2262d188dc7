internal import JSON

/// A whole description: model, `compile` and `fit`.
struct TrainingSpecification {
  let network: NetworkDescription
  let loss: Loss
  let metrics: [MetricKind]
  let optimizer: Optimizer
  let fit: FitOptions
  let distribution: Distribution
  let seed: UInt64
  /// The text that a checkpoint is compared by.
  let digest: UInt64

  /// The names that a description of a network has.
  static let modelClasses: Set = ["Sequential", "Functional", "Model"]

  init(_ value: JSONValue) throws(TrainingError) {
    let model = value["model"] ?? value
    network = try NetworkDescription(model)
    let compile = value["compile"] ?? model["compile_config"] ?? .object([])
    let config = try Configuration(compile, place: "compile")
    loss = try Loss(config["loss"])
    var kinds: [MetricKind] = []
    var listed = config["metrics"]?.list ?? []
    if listed.count == 1, let inner = listed[0].list { listed = inner }
    for metric in listed { kinds.append(try MetricKind(metric)) }
    metrics = kinds
    optimizer = try Optimizer(config["optimizer"])
    try config.refuse("loss_weights", "weighted_metrics")
    for key in ["run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss"] {
      _ = config[key]
    }
    try config.finish()
    fit = try FitOptions(value["fit"])
    seed = fit.seed
    if case .object(let members) = value {
      let known: Set = [
        "model", "compile", "fit", "distribute", "class_name", "config", "module",
        "registered_name",
        "compile_config", "build_config", "keras_version", "backend",
      ]
      for member in members where !known.contains(member.name) {
        throw TrainingError(
          .specification,
          "'\(member.name)' is not known in a description; known are model, compile, fit and "
            + "distribute")
      }
    }
    distribution = try Distribution(value["distribute"])
    digest = Self.digest(value, fit.partition == .batch ? 1 : distribution.shardCount)
  }

  /// A training goes on with other processes than it began with; what they compute must stay the same.
  private static func digest(_ value: JSONValue, _ shardCount: Int) -> UInt64 {
    var text = value
    if case .object(let members) = value {
      text = .object(members.filter { $0.name != "distribute" })
    }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.serialized() { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return shardCount == 1 ? hash : RepeatableRandom.mix(hash ^ UInt64(shardCount))
  }
}

/// How often the data are seen, and when to stop.
struct FitOptions {
  var epochs = 1
  var batchSize = 32
  var shuffles = true
  var validationSplit = 0.0
  /// Columns by name; nil: `x` and `y`, or all but the last and the last.
  var features: [String]?
  var target: String?
  var stopping: EarlyStopping?
  /// What first values, the order of examples and dropout follow from.
  var seed: UInt64 = 0
  /// Steps between checkpoints within an epoch; nil: only at its end.
  var checkpointSteps: Int?
  /// How examples are dealt out to shards.
  var partition = DataPartition.batch
  /// The model whose weights it begins with, as its owner calls it.
  var initialModel: String?
  /// Whether layers begin as usual whose shapes are others there.
  var skipsMismatch = false
  /// How much examples count by their classes; nil: all the same.
  var classWeights: ClassWeights?

  init(_ value: JSONValue?) throws(TrainingError) {
    let config = try Configuration(value, place: "fit")
    epochs = try config.int("epochs", in: 1...1_000_000) ?? 1
    batchSize = try config.int("batch_size", in: 1...1_048_576) ?? 32
    shuffles = try config.bool("shuffle", default: true)
    validationSplit = try config.number("validation_split", in: 0...0.99) ?? 0
    if let value = config["seed"] {
      if case .unsigned(let number) = value {
        seed = number
      } else if let number = value.wholeNumber {
        seed = UInt64(bitPattern: Int64(number))
      } else {
        throw config.wrong("seed", expected: "a whole number", value)
      }
    }
    checkpointSteps = try config.int("checkpoint_steps", in: 1...(1 << 40))
    if let one = config["features"]?.text {
      features = [one]
    } else if let list = config["features"]?.list {
      features = list.compactMap(\.text)
      guard features?.count == list.count, !list.isEmpty else {
        throw TrainingError(.specification, "fit: features must be names of columns")
      }
    }
    target = try config.string("target")
    partition = try DataPartition(config)
    initialModel = try config.string("initial_model")
    skipsMismatch = try config.bool("skip_mismatch", default: false)
    guard initialModel != nil || !skipsMismatch else {
      throw TrainingError(
        .specification, "fit: skip_mismatch is about initial_model, and there is none")
    }
    _ = config["verbose"]
    for callback in config["callbacks"]?.list ?? [] {
      let object = try KerasObject(callback, place: "fit: callbacks")
      guard object.className == "EarlyStopping" else {
        throw TrainingError(
          .specification, "fit: callbacks must be EarlyStopping, got '\(object.className)'")
      }
      stopping = try EarlyStopping(try Configuration(object.config, place: "fit: EarlyStopping"))
    }
    classWeights = try ClassWeights(config)
    try config.refuse("sample_weight", "initial_epoch", "steps_per_epoch")
    try config.finish()
  }

  /// How many of the data's examples are learned from; the last ones are kept to judge by.
  func exampleCount(of count: Int) -> Int { Int(Double(count) * (1 - validationSplit)) }
}

/// Ends a training when a measure stops getting better.
struct EarlyStopping {
  let monitor: String
  let patience: Int
  let minimumChange: Double
  let restoresBest: Bool
  /// 1 where more is better.
  let sign: Double

  init(_ config: Configuration) throws(TrainingError) {
    monitor = try config.string("monitor") ?? "val_loss"
    patience = try config.int("patience", in: 0...1_000_000) ?? 0
    minimumChange = (try config.number("min_delta") ?? 0).magnitude
    restoresBest = try config.bool("restore_best_weights", default: false)
    let mode = try config.string("mode", among: ["auto", "min", "max"], default: "auto")
    sign = mode == "max" || mode == "auto" && monitor.hasSuffix("accuracy") ? 1 : -1
    _ = config["verbose"]
    try config.refuse("baseline")
    try config.refuse("start_from_epoch", unless: .integer(0))
    try config.finish()
  }
}
