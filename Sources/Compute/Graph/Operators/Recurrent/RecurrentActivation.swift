internal import Glibc

/// The functions that recurrent cells may use at their gates.
enum RecurrentActivation: Sendable, Equatable {
  case relu, tanh, sigmoid, softsign, softplus
  case affine(alpha: Double, beta: Double)
  case leakyRelu(alpha: Double)
  case thresholdedRelu(alpha: Double)
  case scaledTanh(alpha: Double, beta: Double)
  case hardSigmoid(alpha: Double, beta: Double)
  case elu(alpha: Double)

  func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .relu: max(x, 0)
    case .tanh: Glibc.tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .softsign: x / (1 + x.magnitude)
    case .softplus: log1p(exp(-x.magnitude)) + max(x, 0)
    case .affine(let alpha, let beta): alpha * x + beta
    case .leakyRelu(let alpha): x < 0 ? alpha * x : x
    case .thresholdedRelu(let alpha): x >= alpha ? x : 0
    case .scaledTanh(let alpha, let beta): alpha * Glibc.tanh(beta * x)
    case .hardSigmoid(let alpha, let beta): min(max(alpha * x + beta, 0), 1)
    case .elu(let alpha): x < 0 ? alpha * expm1(x) : x
    }
  }

  /// The functions of all directions, in order; the lists of alphas and betas are used up by the
  /// functions that have some.
  static func list(
    _ context: OperatorContext, defaults: [RecurrentActivation], directions: Int
  ) throws(GraphError) -> [RecurrentActivation] {
    guard let names = try context.strings("activations") else {
      return Array(repeating: defaults, count: directions).flatMap { $0 }
    }
    var alphas = (try context.floats("activation_alpha") ?? [])[...]
    var betas = (try context.floats("activation_beta") ?? [])[...]
    guard names.count == defaults.count * directions else {
      throw GraphError(
        code: .invalidAttribute,
        message: "needs \(defaults.count * directions) activations, got \(names.count)")
    }
    var result: [RecurrentActivation] = []
    for name in names {
      func alpha(_ value: Double) -> Double { alphas.popFirst().map(Double.init) ?? value }
      func beta(_ value: Double) -> Double { betas.popFirst().map(Double.init) ?? value }
      switch String(decoding: name, as: UTF8.self).lowercased() {
      case "relu": result.append(.relu)
      case "tanh": result.append(.tanh)
      case "sigmoid": result.append(.sigmoid)
      case "softsign": result.append(.softsign)
      case "softplus": result.append(.softplus)
      case "affine": result.append(.affine(alpha: alpha(1), beta: beta(0)))
      case "leakyrelu": result.append(.leakyRelu(alpha: alpha(0.01)))
      case "thresholdedrelu": result.append(.thresholdedRelu(alpha: alpha(1)))
      case "scaledtanh": result.append(.scaledTanh(alpha: alpha(1), beta: beta(1)))
      case "hardsigmoid": result.append(.hardSigmoid(alpha: alpha(0.2), beta: beta(0.5)))
      case "elu": result.append(.elu(alpha: alpha(1)))
      case let other:
        throw context.unsupported("activations", other, expected: "those of the standard")
      }
    }
    return result
  }
}
