internal import Compute

/// How large a network may be. Whoever asks for more could take the memory of everybody on the machine.
enum NetworkLimits {
  /// Weights of all layers: half a GiB, which optimizers and checkpoints hold some six times.
  static let parameterCountMax = 1 << 27
  /// Elements of one example's value.
  static let valueCountMax = 1 << 28
  /// Scores of a head: pairs of steps of one example.
  static let scoreCountMax = 1 << 26
  /// Applications of layers.
  static let callCountMax = 16_384
  /// Bytes that the values of a step take.
  static let stepByteCountMax = 8 << 30
  /// Multiplications of a step, so that it ends: an end is only asked for between steps.
  static let stepWorkMax = 1e12

  /// Elements of a shape; the largest number where there are more than can be counted.
  static func count(_ shape: [Int]) -> Int {
    var product = 1
    for index in shape.indices {
      let (next, overflow) = product.multipliedReportingOverflow(by: shape[index])
      product = overflow ? .max : next
    }
    return product
  }
}

/// A value of a network: its name in the graph, its shape without the batch, and its type.
struct Value {
  var name: String
  var shape: [Int]
  var dataType: DataType

  init(_ name: String, _ shape: [Int], _ dataType: DataType = .fp32) {
    self.name = name
    self.shape = shape
    self.dataType = dataType
  }

  /// Elements of one example.
  var count: Int { NetworkLimits.count(shape) }
}

/// One tensor that is learned, or followed (running statistics).
struct Parameter {
  var name: String
  var shape: [Int]
  var initializer: Initializer
  /// Inputs and outputs of the layer, which scale what is drawn.
  var fans: (Int, Int)
  /// Whether gradients change it.
  var isTrainable = true
  /// Whether weight decay may: not biases and scales, as is the custom.
  var l1 = 0.0
  var l2 = 0.0

  var count: Int { NetworkLimits.count(shape) }
}

/// Writes a network's graph, layer by layer, for one purpose.
struct NetworkBuilder {
  enum Purpose: Equatable {
    /// A step on a batch of this size: parameters are inputs, dropout drops.
    case training(batch: Int)
    /// The same without what only training does.
    case evaluation(batch: Int)
    /// The standard's operators only, parameters as constants, a batch of any size.
    case inference
  }

  let purpose: Purpose
  let seed: UInt64
  private(set) var nodes: [Node] = []
  private(set) var constants: [String: Tensor] = [:]
  private(set) var parameters: [Parameter] = []
  /// What a probability was made of: losses are computed from that.
  var logits: [String: String] = [:]
  /// New values of followed parameters, by their names.
  var followed: [String: String] = [:]
  /// Names of layers that are not trained.
  let frozen: Set<String>
  private var valueCount = 0
  private var parameterCount = 0
  /// Why the network cannot be built; told once the layer that asked for too much is written.
  private(set) var failure: TrainingError?

  /// The input for what is drawn anew in each step: the step's number, and which example of the global
  /// batch is this one's first.
  static let stepName = "martlet.step"

  init(_ purpose: Purpose, seed: UInt64, frozen: Set<String> = []) {
    self.purpose = purpose
    self.seed = seed
    self.frozen = frozen
  }

  /// Examples of a batch; -1 where it may be any number.
  var batch: Int {
    switch purpose {
    case .training(let batch), .evaluation(let batch): batch
    case .inference: -1
    }
  }

  var isTraining: Bool { if case .training = purpose { true } else { false } }

  private mutating func name() -> String {
    valueCount += 1
    return "v\(valueCount)"
  }

  /// Writes a node with several outputs.
  mutating func nodes(
    _ count: Int, _ opType: String, _ inputs: [String], _ attributes: [String: Attribute] = [:],
    domain: String = ""
  ) -> [String] {
    let outputs = (0..<count).map { _ in name() }
    nodes.append(
      Node(
        name: "\(opType)_\(nodes.count)", opType: opType, domain: domain, inputs: inputs,
        outputs: outputs, attributes: attributes))
    return outputs
  }

  /// Writes a node and gives the name of its output.
  mutating func node(
    _ opType: String, _ inputs: [String], _ attributes: [String: Attribute] = [:],
    domain: String = ""
  ) -> String {
    nodes(1, opType, inputs, attributes, domain: domain)[0]
  }

  mutating func constant(_ tensor: Tensor) -> String {
    let name = name()
    constants[name] = tensor
    return name
  }

  mutating func integers(_ values: [Int]) -> String {
    constant(Tensor(int64: values.map { Int64($0) }, shape: [values.count]))
  }

  mutating func number(_ value: Float) -> String { constant(Tensor(fp32: [value], shape: [])) }

  /// A value in another shape, the batch left alone.
  mutating func reshaped(_ x: Value, _ shape: [Int]) -> Value {
    if x.shape == shape { return x }
    return Value(node("Reshape", [x.name, integers([batch] + shape)]), shape, x.dataType)
  }

  /// Declares a parameter and gives the name of its value.
  mutating func parameter(
    _ name: String, _ shape: [Int], _ initializer: Initializer, fans: (Int, Int)? = nil,
    l1: Double = 0, l2: Double = 0, isTrainable: Bool = true
  ) -> String {
    // What is used twice is one parameter.
    if parameters.contains(where: { $0.name == name }) { return name }
    let layer = String(name.prefix { $0 != "/" })
    let (total, overflow) = parameterCount.addingReportingOverflow(NetworkLimits.count(shape))
    guard !overflow, total <= NetworkLimits.parameterCountMax else {
      failure =
        failure
        ?? TrainingError(
          .specification,
          "layer '\(layer)': with its weights of shape \(shape) the network has more than "
            + "\(NetworkLimits.parameterCountMax) weights, which is the most that is trained here")
      return name
    }
    parameterCount = total
    parameters.append(
      Parameter(
        name: name, shape: shape, initializer: initializer,
        fans: fans ?? (NetworkLimits.count(shape.dropLast()), shape.last ?? 1),
        isTrainable: isTrainable && !frozen.contains(layer), l1: l1, l2: l2))
    return name
  }

  /// Drops elements while training.
  mutating func dropout(_ x: Value, rate: Double, layer: String) -> Value {
    guard isTraining, rate > 0 else { return x }
    var random = RepeatableRandom(seed: seed, for: "dropout of \(layer)", valueCount)
    let name = node(
      "Dropout", [x.name, Self.stepName],
      ["rate": .float(Float(rate)), "seed": .int(Int64(bitPattern: random.next()))],
      domain: "martlet.training")
    return Value(name, x.shape, x.dataType)
  }
}
