internal import Compute
internal import JSON

/// One layer of a network as its description has it, checked.
protocol Layer {
  /// The layer's name in the description, unique in the network.
  var name: String { get }
  /// Writes the layer's nodes and gives its value.
  /// - Throws: `TrainingError(.specification, …)` if it cannot take such values.
  func apply(_ inputs: [Value], in builder: inout NetworkBuilder) throws(TrainingError) -> Value
}

/// What a layer is made from.
struct LayerDescription {
  let className: String
  let name: String
  let config: Configuration
  /// The arguments of its call that are no values: `use_causal_mask`.
  var arguments: Configuration
}

extension Layer {
  func wrong(_ expected: String, _ got: [Int]) -> TrainingError {
    let shape = "[" + (["batch"] + got.map(String.init)).joined(separator: ", ") + "]"
    return TrainingError(
      .specification, "layer '\(name)': expected \(expected), got values of shape \(shape)")
  }

  func one(_ inputs: [Value]) throws(TrainingError) -> Value {
    guard inputs.count == 1 else {
      throw TrainingError(
        .specification, "layer '\(name)': expected one input, got \(inputs.count)")
    }
    return inputs[0]
  }
}

/// What makes each layer, by its name.
struct LayerMakers: Sendable {
  typealias Maker = @Sendable (LayerDescription) throws(TrainingError) -> any Layer

  private(set) var all: [String: Maker] = [:]

  mutating func add(_ name: String, _ maker: @escaping Maker) { all[name] = maker }
}

/// Every layer that can be trained, by Keras's (and KerasHub's) name.
enum LayerCatalog {
  static let makers: LayerMakers = {
    var makers = LayerMakers()
    CoreLayers.register(in: &makers)
    ImageLayers.register(in: &makers)
    UpsamplingLayers.register(in: &makers)
    NormalizationLayers.register(in: &makers)
    MergingLayers.register(in: &makers)
    RecurrentLayers.register(in: &makers)
    SequenceLayers.register(in: &makers)
    AttentionLayers.register(in: &makers)
    return makers
  }()

  static func make(_ description: LayerDescription) throws(TrainingError) -> any Layer {
    guard let maker = makers.all[description.className] else {
      let known = makers.all.keys.sorted().joined(separator: ", ")
      throw TrainingError(
        .specification,
        "layer '\(description.name)': \(description.className) is not known; known are \(known)")
    }
    let layer = try maker(description)
    try description.config.finish()
    try description.arguments.finish()
    return layer
  }
}

/// How strongly large weights are punished.
struct Regularizer {
  var l1 = 0.0
  var l2 = 0.0

  init(_ configuration: Configuration, _ key: String) throws(TrainingError) {
    guard let value = configuration[key] else { return }
    let place = "\(configuration.place): \(key)"
    let object = try KerasObject(value, place: place)
    let config = try Configuration(object.config, place: place)
    let range = 0.0...1e6
    switch object.className.lowercased() {
    case "l1": l1 = try config.number("l1", in: range) ?? 0.01
    case "l2": l2 = try config.number("l2", in: range) ?? 0.01
    case "l1l2", "l1_l2":
      l1 = try config.number("l1", in: range) ?? 0
      l2 = try config.number("l2", in: range) ?? 0
    default: throw configuration.wrong(key, expected: "L1, L2 or L1L2", value)
    }
    try config.finish()
  }
}

/// The weights of a linear map with its bias.
struct LinearWeights {
  let units: Int
  let usesBias: Bool
  let kernel: Initializer
  let bias: Initializer
  let kernelRegularizer: Regularizer
  let biasRegularizer: Regularizer

  /// - Parameter part: what the weights are called in the config: "kernel".
  init(
    _ config: Configuration, units: Int, kernel part: String = "kernel"
  ) throws(TrainingError) {
    self.units = units
    usesBias = try config.bool("use_bias", default: true)
    kernel = try Initializer(config, "\(part)_initializer", default: .glorotUniform)
    bias = try Initializer(config, "bias_initializer", default: .zeros)
    kernelRegularizer = try Regularizer(config, "\(part)_regularizer")
    biasRegularizer = try Regularizer(config, "bias_regularizer")
    try config.refuse("activity_regularizer", "\(part)_constraint", "bias_constraint", "lora_rank")
    try config.refuse("quantization_config")
  }

  func kernel(
    _ layer: String, _ shape: [Int], fans: (Int, Int), in builder: inout NetworkBuilder
  ) -> String {
    builder.parameter(
      "\(layer)/kernel", shape, kernel, fans: fans, l1: kernelRegularizer.l1,
      l2: kernelRegularizer.l2)
  }

  func bias(_ layer: String, in builder: inout NetworkBuilder) -> String? {
    guard usesBias else { return nil }
    return builder.parameter(
      "\(layer)/bias", [units], bias, l1: biasRegularizer.l1, l2: biasRegularizer.l2)
  }

  /// x · kernel + bias over the last dimension.
  func apply(_ x: Value, _ layer: String, in builder: inout NetworkBuilder) -> Value {
    let inputs = x.shape.last ?? 1
    let kernel = kernel(layer, [inputs, units], fans: (inputs, units), in: &builder)
    let bias = bias(layer, in: &builder)
    if x.shape.count == 1 {
      return Value(builder.node("Gemm", [x.name, kernel] + (bias.map { [$0] } ?? [])), [units])
    }
    var name = builder.node("MatMul", [x.name, kernel])
    if let bias { name = builder.node("Add", [name, bias]) }
    return Value(name, x.shape.dropLast() + [units])
  }
}
