internal import Glibc

/// The gradient of a function of one number: what arrives times the derivative at the input, or said by
/// the output where that is less work.
struct UnaryGradient: Operator {
  static let opType = "UnaryGradient"

  /// The derivative from the function's argument and value; one of the two is 0 where it is not needed.
  typealias Derivative = @Sendable (_ x: Double, _ y: Double) -> Double

  /// What a derivative is said by.
  enum Argument: Sendable { case input, output, both }

  let derivative: Derivative
  let argument: Argument
  /// The kernel for FP32; nil for the general loop.
  var kernel: GradientKernels.Function?
  /// Whether it is Gelu's, by erf or by tanh, whose FP32 form is made of kernels too.
  var gelu: Elementwise.Unary?

  var inPlaceInputs: [Int] { [0] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64])
    for index in 1..<inputs.count where inputs.optional(index) != nil {
      guard try inputs.type(index, among: [type.dataType]).shape == type.shape else {
        throw GraphError(code: .shapeMismatch, message: "a gradient must have its value's shape")
      }
    }
    return [type]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (given, target) = (try operands.input(0), try operands.output())
    if let gelu, given.dataType == .fp32 {
      let (dy, x, out) = (
        UnsafePointer(given.f32), UnsafePointer(try operands.input(1).f32), target.f32
      )
      let (count, threads) = (target.count, operands.threadPool)
      let cost = Parallel.Cost.elements(count, nanosecondsEach: 1.5)
      return {
        Parallel.rows(count, multipleOf: 64, cost: cost, on: threads) { part in
          let at = part.lowerBound
          GradientKernels.gelu(gelu, into: out + at, dy + at, x + at, count: part.count)
        }
      }
    }
    if let kernel, given.dataType == .fp32 {
      let (dy, value, out) = (
        UnsafePointer(given.f32), UnsafePointer(try operands.input(1).f32), target.f32
      )
      let (count, threads) = (target.count, operands.threadPool)
      let cost = Parallel.Cost.elements(count, nanosecondsEach: 0.4)
      return {
        Parallel.rows(count, multipleOf: 64, cost: cost, on: threads) { part in
          let at = part.lowerBound
          GradientKernels.gradient(
            of: kernel, into: out + at, dy + at, value: value + at, count: part.count)
        }
      }
    }
    return try given.dataType.gradientStep { type throws(GraphError) in
      try step(type, operands)
    }
  }

  private func step<T: GradientElement>(_ type: T.Type, _ operands: Operands) throws(GraphError)
    -> Step
  {
    let (dy, target) = (try operands.input(0).pointer(T.self), try operands.output())
    let first = try operands.input(1).pointer(T.self)
    let second = argument == .both ? try operands.input(2).pointer(T.self) : first
    let (out, count, derivative, argument) = (
      target.pointer(T.self), target.count, derivative, argument
    )
    return {
      for index in 0..<count {
        let x = argument == .output ? 0 : first[index].asDouble
        let y = argument == .input ? 0 : second[index].asDouble
        out[index] = T(dy[index].asDouble * derivative(x, y))
      }
    }
  }

  /// The function whose derivative is meant.
  static let function = "of"

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      let name = try context.string(function) ?? ""
      guard let found = try UnaryOperator.derivative(name, context) else {
        throw context.unsupported(function, name, expected: "a function with a derivative")
      }
      return found
    }
  }
}

extension UnaryOperator {
  /// Functions whose derivative is known.
  private static let differentiable = [
    "Sqrt", "Exp", "Log", "Abs", "Reciprocal", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan",
    "Sinh", "Cosh", "Asinh", "Acosh", "Atanh", "Erf", "Relu", "Sigmoid", "Tanh", "Softplus",
    "Softsign",
    "HardSwish", "Mish", "LeakyRelu", "Elu", "Celu", "Selu", "ThresholdedRelu", "Shrink",
    "HardSigmoid", "Gelu",
  ]

  static func differentiate(in registry: inout OperatorRegistry) {
    for name in differentiable {
      registry.differentiate(name) { nodes throws(GraphError) in
        guard let dy = nodes.gradient(), nodes.wants(0) else { return }
        var attributes = nodes.node.attributes
        attributes[UnaryGradient.function] = .string(Array(name.utf8))
        let (x, y) = (try nodes.input(0), nodes.output())
        let operands: [String]
        switch Self.argument(name) {
        case .input: operands = [dy, x]
        case .output: operands = [dy, y]
        case .both: operands = [dy, x, y]
        }
        nodes.give(nodes.special(UnaryGradient.opType, operands, attributes), to: 0)
      }
    }
    registry.differentiate("Neg") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      nodes.give(nodes.value("Neg", [dy]), to: 0)
    }
    registry.doNotDifferentiate("Sign", "Floor", "Ceil", "Round", "IsNaN", "IsInf")
  }

  private static func argument(_ name: String) -> UnaryGradient.Argument {
    switch name {
    case "Sqrt", "Exp", "Reciprocal", "Relu", "Sigmoid", "Tanh": .output
    case "Tan": .output
    default: .input
    }
  }

  /// The derivative of a function; its attributes are the function's.
  static func derivative(
    _ name: String, _ context: OperatorContext
  ) throws(GraphError) -> UnaryGradient? {
    let alpha = try context.float("alpha").map(Double.init)
    let argument = argument(name)
    func of(_ derivative: @escaping UnaryGradient.Derivative) -> UnaryGradient {
      UnaryGradient(derivative: derivative, argument: argument)
    }
    switch name {
    case "Sqrt": return of { 0.5 / $1 }
    case "Exp": return of { $1 }
    case "Log": return of { x, _ in 1 / x }
    case "Abs": return of { x, _ in x > 0 ? 1 : x < 0 ? -1 : 0 }
    case "Reciprocal": return of { -$1 * $1 }
    case "Sin": return of { x, _ in cos(x) }
    case "Cos": return of { x, _ in -sin(x) }
    case "Tan": return of { 1 + $1 * $1 }
    case "Asin": return of { x, _ in 1 / (1 - x * x).squareRoot() }
    case "Acos": return of { x, _ in -1 / (1 - x * x).squareRoot() }
    case "Atan": return of { x, _ in 1 / (1 + x * x) }
    case "Sinh": return of { x, _ in cosh(x) }
    case "Cosh": return of { x, _ in sinh(x) }
    case "Asinh": return of { x, _ in 1 / (1 + x * x).squareRoot() }
    case "Acosh": return of { x, _ in 1 / (x * x - 1).squareRoot() }
    case "Atanh": return of { x, _ in 1 / (1 - x * x) }
    case "Erf": return of { x, _ in 2 / Double.pi.squareRoot() * exp(-x * x) }
    default: return try activation(name, alpha, of, context)
    }
  }

  private static func activation(
    _ name: String, _ alpha: Double?, _ of: (@escaping UnaryGradient.Derivative) -> UnaryGradient,
    _ context: OperatorContext
  ) throws(GraphError) -> UnaryGradient? {
    switch name {
    case "Relu":
      var found = of { $1 > 0 ? 1 : 0 }
      found.kernel = .relu
      return found
    case "Sigmoid":
      var found = of { $1 * (1 - $1) }
      found.kernel = .sigmoid
      return found
    case "Tanh":
      var found = of { 1 - $1 * $1 }
      found.kernel = .tanh
      return found
    case "Softplus": return of { x, _ in 1 / (1 + exp(-x)) }
    case "Softsign": return of { x, _ in 1 / ((1 + x.magnitude) * (1 + x.magnitude)) }
    case "HardSwish": return of { x, _ in x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5 }
    case "Mish":
      return of { x, _ in
        let (t, s) = (tanh(log1p(exp(-x.magnitude)) + max(x, 0)), 1 / (1 + exp(-x)))
        return t + x * s * (1 - t * t)
      }
    case "LeakyRelu":
      let slope = alpha ?? 0.01
      return of { x, _ in x < 0 ? slope : 1 }
    case "Elu":
      let scale = alpha ?? 1
      return of { x, _ in x < 0 ? scale * exp(x) : 1 }
    case "Celu":
      let scale = alpha ?? 1
      return of { x, _ in x < 0 ? exp(x / scale) : 1 }
    case "Selu":
      let scale = alpha ?? 1.67326319217681884765625
      let gamma = Double(try context.float("gamma", default: 1.05070102214813232421875))
      return of { x, _ in gamma * (x <= 0 ? scale * exp(x) : 1) }
    case "ThresholdedRelu":
      let limit = alpha ?? 1
      return of { x, _ in x > limit ? 1 : 0 }
    case "Shrink":
      let limit = Double(try context.float("lambd", default: 0.5))
      return of { x, _ in x < -limit || x > limit ? 1 : 0 }
    case "HardSigmoid":
      let slope = alpha ?? Double(Float(0.2))
      let shift = Double(try context.float("beta", default: 0.5))
      return of { x, _ in
        let value = slope * x + shift
        return value > 0 && value < 1 ? slope : 0
      }
    case "Gelu":
      if try context.string("approximate") == "tanh" {
        var found = of { x, _ in
          let scale = (2 / Double.pi).squareRoot()
          let t = tanh(scale * (x + 0.044715 * x * x * x))
          return 0.5 * (1 + t)
            + 0.5 * x * (1 - t * t) * scale * (1 + 3 * 0.044715 * x * x)
        }
        found.gelu = .geluTanh
        return found
      }
      var found = of { x, _ in
        0.5 * (1 + erf(x / 2.0.squareRoot()))
          + x * exp(-0.5 * x * x) / (2 * Double.pi).squareRoot()
      }
      found.gelu = .gelu
      return found
    default: return nil
    }
  }
}
