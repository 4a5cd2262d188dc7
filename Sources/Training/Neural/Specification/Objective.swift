internal import Compute
internal import JSON

/// What is minimised, and what is told beside it.
enum Loss: Equatable {
  case sparseCategoricalCrossentropy(fromLogits: Bool)
  case categoricalCrossentropy(fromLogits: Bool)
  case binaryCrossentropy(fromLogits: Bool)
  case meanSquaredError
  case meanAbsoluteError
  case huber(delta: Double)

  private static let known =
    "sparse_categorical_crossentropy, categorical_crossentropy, binary_crossentropy, "
    + "mean_squared_error, mean_absolute_error or huber"

  init(_ value: JSONValue?) throws(TrainingError) {
    guard let value, value != .null else {
      throw TrainingError(.specification, "compile has no loss; expected \(Self.known)")
    }
    let object = try KerasObject(value, place: "compile: loss")
    let config = try Configuration(object.config, place: "compile: loss")
    try config.refuse("axis", unless: .integer(-1))
    for key in ["reduction"] {
      _ = try config.string(key, among: ["sum_over_batch_size", "auto"], default: "auto")
    }
    try config.refuse("ignore_class")
    if let smoothing = try config.number("label_smoothing"), smoothing != 0 {
      throw TrainingError(.specification, "compile: label_smoothing must be 0, got \(smoothing)")
    }
    let fromLogits = try config.bool("from_logits", default: false)
    switch object.className.lowercased().filter({ $0 != "_" }) {
    case "sparsecategoricalcrossentropy":
      self = .sparseCategoricalCrossentropy(fromLogits: fromLogits)
    case "categoricalcrossentropy": self = .categoricalCrossentropy(fromLogits: fromLogits)
    case "binarycrossentropy": self = .binaryCrossentropy(fromLogits: fromLogits)
    case "meansquarederror", "mse": self = .meanSquaredError
    case "meanabsoluteerror", "mae": self = .meanAbsoluteError
    case "huber", "huberloss": self = .huber(delta: try config.number("delta", in: 1e-9...1e9) ?? 1)
    default:
      throw TrainingError(
        .specification, "compile: loss must be \(Self.known), got '\(object.className)'")
    }
    try config.finish()
  }

  /// Whether targets are numbers of classes.
  var hasClassTargets: Bool {
    if case .sparseCategoricalCrossentropy = self { true } else { false }
  }

  /// Whether targets are probabilities.
  var hasProbabilityTargets: Bool {
    switch self {
    case .categoricalCrossentropy, .binaryCrossentropy: true
    default: false
    }
  }

  /// Writes the mean loss of a batch.
  func apply(_ output: Value, target: String, in builder: inout NetworkBuilder) -> String {
    switch self {
    case .sparseCategoricalCrossentropy:
      let classes = output.shape.last ?? 1
      let rows = builder.batch * (output.count / classes)
      func flat(_ name: String, _ builder: inout NetworkBuilder) -> String {
        output.shape.count == 1
          ? name : builder.node("Reshape", [name, builder.integers([rows, classes])])
      }
      let labels =
        output.shape.count == 1
        ? target : builder.node("Reshape", [target, builder.integers([rows])])
      let (opType, values) = scores(output, in: &builder)
      return builder.node(opType, [flat(values, &builder), labels])
    case .categoricalCrossentropy, .binaryCrossentropy:
      return Self.mean(losses(output, target, in: &builder), &builder)
    case .meanSquaredError:
      let distance = builder.node("Sub", [output.name, target])
      return Self.mean(builder.node("Mul", [distance, distance]), &builder)
    case .meanAbsoluteError:
      return Self.mean(
        builder.node("Abs", [builder.node("Sub", [output.name, target])]), &builder)
    case .huber(let delta):
      let distance = builder.node("Abs", [builder.node("Sub", [output.name, target])])
      let limit = builder.number(Float(delta))
      let near = builder.node("Min", [distance, limit])
      let half = builder.node(
        "Mul", [builder.node("Mul", [near, near]), builder.number(0.5)])
      let far = builder.node("Mul", [builder.node("Sub", [distance, near]), limit])
      return Self.mean(builder.node("Add", [half, far]), &builder)
    }
  }

  /// Writes what a loss of numbered classes is computed of, and by which operator.
  func scores(_ output: Value, in builder: inout NetworkBuilder) -> (opType: String, name: String) {
    if case .sparseCategoricalCrossentropy(let fromLogits) = self,
      let logits = fromLogits ? output.name : builder.logits[output.name]
    {
      return ("SoftmaxCrossEntropyLoss", logits)
    }
    return (
      "NegativeLogLikelihoodLoss", builder.node("Log", [Self.clipped(output.name, &builder)])
    )
  }

  /// Writes the losses of which a cross-entropy of probabilities is the mean.
  func losses(_ output: Value, _ target: String, in builder: inout NetworkBuilder) -> String {
    switch self {
    case .categoricalCrossentropy(let fromLogits):
      let logarithms: String
      if let logits = fromLogits ? output.name : builder.logits[output.name] {
        logarithms = builder.node("LogSoftmax", [logits], ["axis": .int(-1)])
      } else {
        logarithms = builder.node("Log", [Self.clipped(output.name, &builder)])
      }
      let products = builder.node("Mul", [logarithms, target])
      let sums = builder.node(
        "ReduceSum", [products, builder.integers([-1])], ["keepdims": .int(0)])
      return builder.node("Neg", [sums])
    case .binaryCrossentropy(let fromLogits):
      if let logits = fromLogits ? output.name : builder.logits[output.name] {
        let wrong = builder.node("Softplus", [logits])
        let right = builder.node("Mul", [target, logits])
        return builder.node("Sub", [wrong, right])
      }
      let p = Self.clipped(output.name, &builder)
      let one = builder.number(1)
      let positive = builder.node("Mul", [target, builder.node("Log", [p])])
      let rest = builder.node("Log", [builder.node("Sub", [one, p])])
      let negative = builder.node("Mul", [builder.node("Sub", [one, target]), rest])
      return builder.node("Neg", [builder.node("Add", [positive, negative])])
    default: preconditionFailure("not a mean of cross-entropies")
    }
  }

  static func mean(_ x: String, _ builder: inout NetworkBuilder) -> String {
    builder.node("ReduceMean", [x], ["keepdims": .int(0)])
  }

  /// Probabilities away from 0 and 1, as Keras has them.
  private static func clipped(_ x: String, _ builder: inout NetworkBuilder) -> String {
    builder.node("Clip", [x, builder.number(1e-7), builder.number(1 - 1e-7)])
  }
}

/// A measure that is told but not minimised.
enum MetricKind: Equatable {
  case accuracy, meanSquaredError, meanAbsoluteError

  init(_ value: JSONValue) throws(TrainingError) {
    let name = try KerasObject(value, place: "compile: metrics").className
    switch name.lowercased().filter({ $0 != "_" }) {
    case "accuracy", "acc", "sparsecategoricalaccuracy", "categoricalaccuracy", "binaryaccuracy":
      self = .accuracy
    case "mse", "meansquarederror": self = .meanSquaredError
    case "mae", "meanabsoluteerror": self = .meanAbsoluteError
    default:
      throw TrainingError(
        .specification, "compile: metrics must be accuracy, mse or mae, got '\(name)'")
    }
  }

  var name: String {
    switch self {
    case .accuracy: "accuracy"
    case .meanSquaredError: "mse"
    case .meanAbsoluteError: "mae"
    }
  }

  /// Writes the mean of a batch.
  func apply(
    _ output: Value, target: String, _ loss: Loss, in builder: inout NetworkBuilder
  ) -> String {
    switch self {
    case .meanSquaredError: return Loss.meanSquaredError.apply(output, target: target, in: &builder)
    case .meanAbsoluteError:
      return Loss.meanAbsoluteError.apply(output, target: target, in: &builder)
    case .accuracy: break
    }
    let isRight: String
    switch loss {
    case .sparseCategoricalCrossentropy:
      let best = builder.node("ArgMax", [output.name], ["axis": .int(-1), "keepdims": .int(0)])
      isRight = builder.node("Equal", [best, target])
    case .categoricalCrossentropy:
      let best = builder.node("ArgMax", [output.name], ["axis": .int(-1), "keepdims": .int(0)])
      let wanted = builder.node("ArgMax", [target], ["axis": .int(-1), "keepdims": .int(0)])
      isRight = builder.node("Equal", [best, wanted])
    default:
      let isLogit: Bool = if case .binaryCrossentropy(true) = loss { true } else { false }
      let limit = builder.number(isLogit ? 0 : 0.5)
      let answer = builder.node("Greater", [output.name, limit])
      let wanted = builder.node("Greater", [target, builder.number(0.5)])
      isRight = builder.node("Equal", [answer, wanted])
    }
    return Loss.mean(builder.node("Cast", [isRight], ["to": .int(1)]), &builder)
  }
}
