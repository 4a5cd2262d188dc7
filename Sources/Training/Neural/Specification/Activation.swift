internal import Compute
internal import JSON

/// A function of each element, by Keras's name.
enum Activation: Equatable {
  case linear, relu, sigmoid, tanh, softmax, logSoftmax, gelu, geluTanh, silu, elu, selu, softplus
  case softsign, relu6, hardSigmoid, hardSilu, exponential, mish
  case leakyRelu(Float)

  private static let named: [String: Activation] = [
    "linear": .linear, "relu": .relu, "sigmoid": .sigmoid, "tanh": .tanh, "softmax": .softmax,
    "log_softmax": .logSoftmax, "gelu": .gelu, "silu": .silu, "swish": .silu, "elu": .elu,
    "selu": .selu, "softplus": .softplus, "softsign": .softsign, "relu6": .relu6,
    "hard_sigmoid": .hardSigmoid, "hard_silu": .hardSilu, "hard_swish": .hardSilu,
    "exponential": .exponential, "mish": .mish, "leaky_relu": .leakyRelu(0.2),
    "gelu_tanh": .geluTanh,
  ]

  /// The activation that a layer's config names; linear where it names none.
  init(
    _ configuration: Configuration, _ key: String = "activation",
    default standard: Activation = .linear
  ) throws(TrainingError) {
    guard let value = configuration[key] else {
      self = standard
      return
    }
    // Keras 3 writes a function as an object whose config is its name.
    let name = value.text ?? value["config"]?.text ?? value["class_name"]?.text
    guard let name, let found = Self.named[name.lowercased()] else {
      let known = Self.named.keys.sorted().joined(separator: ", ")
      throw configuration.wrong(key, expected: "one of \(known)", value)
    }
    self = found
  }

  /// Applies it to a value.
  func apply(_ x: Value, in builder: inout NetworkBuilder) -> Value {
    func unary(_ opType: String, _ attributes: [String: Attribute] = [:]) -> Value {
      Value(builder.node(opType, [x.name], attributes), x.shape, x.dataType)
    }
    switch self {
    case .linear: return x
    case .relu: return unary("Relu")
    case .sigmoid:
      let y = unary("Sigmoid")
      builder.logits[y.name] = x.name
      return y
    case .tanh: return unary("Tanh")
    case .softmax:
      let y = unary("Softmax", ["axis": .int(-1)])
      builder.logits[y.name] = x.name
      return y
    case .logSoftmax: return unary("LogSoftmax", ["axis": .int(-1)])
    case .gelu: return unary("Gelu")
    case .geluTanh: return unary("Gelu", ["approximate": .string(Array("tanh".utf8))])
    case .silu:
      let gate = unary("Sigmoid")
      return Value(builder.node("Mul", [x.name, gate.name]), x.shape, x.dataType)
    case .elu: return unary("Elu")
    case .selu: return unary("Selu")
    case .softplus: return unary("Softplus")
    case .softsign: return unary("Softsign")
    case .relu6:
      let name = builder.node("Clip", [x.name, builder.number(0), builder.number(6)])
      return Value(name, x.shape, x.dataType)
    case .hardSigmoid: return unary("HardSigmoid", ["alpha": .float(1 / 6), "beta": .float(0.5)])
    case .hardSilu: return unary("HardSwish")
    case .exponential: return unary("Exp")
    case .mish: return unary("Mish")
    case .leakyRelu(let slope): return unary("LeakyRelu", ["alpha": .float(slope)])
    }
  }
}
