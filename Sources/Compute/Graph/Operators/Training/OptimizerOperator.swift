internal import Glibc

/// One step of Adagrad, Adam or Momentum (ai.onnx.preview.training) on any number of tensors.
struct OptimizerOperator: Operator {
  enum Method: Sendable {
    case adagrad(decay: Double, epsilon: Double)
    case adam(alpha: Double, beta: Double, epsilon: Double, after: Double)
    case momentum(alpha: Double, beta: Double, isNesterov: Bool)

    /// Tensors per optimised one: itself, its gradient, and states.
    var stateCount: Int { if case .adam = self { 2 } else { 1 } }
  }

  let method: Method
  /// The weight of the tensor itself in its gradient.
  let norm: Double

  /// Optimised tensors.
  private func count(_ inputs: Int) throws(GraphError) -> Int {
    let group = 2 + method.stateCount
    guard inputs > 2, (inputs - 2) % group == 0 else {
      throw GraphError(
        code: .invalidGraph, message: "needs a rate, a step and groups of \(group) tensors")
    }
    return (inputs - 2) / group
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let count = try count(inputs.count)
    _ = try inputs.type(0, among: [.fp32, .fp64])
    _ = try inputs.type(1, among: [.int64])
    for index in 0...1 { try inputs.checkScalar(index) }
    var outputs: [TensorType] = []
    for index in 0..<count {
      let type = try inputs.type(2 + index, among: [.fp32, .fp64])
      for group in 1...1 + method.stateCount {
        let other = try inputs.type(2 + group * count + index, among: [type.dataType])
        guard
          other.shape == type.shape || other.shape?.contains(-1) ?? true
            || type.shape?.contains(-1) ?? true
        else {
          throw GraphError(
            code: .shapeMismatch,
            message: "gradient and states must be \(Shape.describe(type.shape)), got "
              + Shape.describe(other.shape))
        }
      }
      outputs.append(type)
    }
    return Array(repeating: outputs, count: 1 + method.stateCount).flatMap { $0 }
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let count = try count(operands.inputs.count)
    var steps: [Step] = []
    for index in 0..<count {
      let tensor = try operands.input(2 + index)
      steps.append(try step(try tensor.dataType.numeric(), index, count, operands))
    }
    return inOrder(steps)
  }

  private func step<T: Element>(
    _ type: T.Type, _ index: Int, _ count: Int, _ operands: Operands
  ) throws(GraphError) -> Step {
    let rate = try NumberReader(try operands.input(0))
    let time = try operands.input(1).pointer(Int64.self)
    func input(_ group: Int) throws(GraphError) -> UnsafeMutablePointer<T> {
      try operands.input(2 + group * count + index).pointer(T.self)
    }
    func output(_ group: Int) -> UnsafeMutablePointer<T>? {
      operands.optionalOutput(group * count + index)?.pointer(T.self)
    }
    let (x, g, v) = (try input(0), try input(1), try input(2))
    let h = method.stateCount == 2 ? try input(3) : v
    let (newX, newV, newH) = (output(0), output(1), method.stateCount == 2 ? output(2) : nil)
    let (size, method, norm) = (try operands.input(2 + index).count, method, norm)
    return {
      let (rate, time) = (rate[0], Double(time[0]))
      for place in 0..<size {
        let value = x[place].asDouble
        let gradient = norm * value + g[place].asDouble
        switch method {
        case .adagrad(let decay, let epsilon):
          let sum = v[place].asDouble + gradient * gradient
          let step = rate / (1 + time * decay) * gradient / (sum.squareRoot() + epsilon)
          newX?[place] = T(converting: value - step)
          newV?[place] = T(converting: sum)
        case .adam(let alpha, let beta, let epsilon, let after):
          let first = alpha * v[place].asDouble + (1 - alpha) * gradient
          let second = beta * h[place].asDouble + (1 - beta) * gradient * gradient
          let correction =
            time > 0 ? (1 - pow(beta, time)).squareRoot() / (1 - pow(alpha, time)) : 1
          let step = rate * correction * first / (second.squareRoot() + epsilon)
          newX?[place] = T(converting: (1 - after) * (value - step))
          newV?[place] = T(converting: first)
          newH?[place] = T(converting: second)
        case .momentum(let alpha, let beta, let isNesterov):
          let momentum = alpha * v[place].asDouble + (time > 0 ? beta : 1) * gradient
          let step = isNesterov ? gradient + alpha * momentum : momentum
          newX?[place] = T(converting: value - rate * step)
          newV?[place] = T(converting: momentum)
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    let domain = "ai.onnx.preview.training"
    @Sendable func number(
      _ context: OperatorContext, _ name: String, _ value: Float
    ) throws(GraphError) -> Double {
      Double(try context.float(name, default: value))
    }
    registry.register("Adagrad", domain: domain) { context throws(GraphError) in
      OptimizerOperator(
        method: .adagrad(
          decay: try number(context, "decay_factor", 0),
          epsilon: try number(context, "epsilon", 1e-6)),
        norm: try number(context, "norm_coefficient", 0))
    }
    registry.register("Adam", domain: domain) { context throws(GraphError) in
      OptimizerOperator(
        method: .adam(
          alpha: try number(context, "alpha", 0.9), beta: try number(context, "beta", 0.999),
          epsilon: try number(context, "epsilon", 1e-6),
          after: try number(context, "norm_coefficient_post", 0)),
        norm: try number(context, "norm_coefficient", 0))
    }
    registry.register("Momentum", domain: domain) { context throws(GraphError) in
      let mode = try context.string("mode") ?? "standard"
      guard mode == "standard" || mode == "nesterov" else {
        throw context.unsupported("mode", mode, expected: "standard or nesterov")
      }
      return OptimizerOperator(
        method: .momentum(
          alpha: try number(context, "alpha", 0), beta: try number(context, "beta", 0),
          isNesterov: mode == "nesterov"), norm: try number(context, "norm_coefficient", 0))
    }
  }
}
