internal import Compute
internal import Glibc
internal import JSON

/// How gradients change parameters, by Keras's names and formulas.
struct Optimizer {
  enum Method: Equatable {
    case sgd(momentum: Double, isNesterov: Bool)
    case adam(beta1: Double, beta2: Double, epsilon: Double)
    case rmsprop(rho: Double, momentum: Double, epsilon: Double, isCentered: Bool)
    case adagrad(initial: Double, epsilon: Double)
  }

  /// What keeps steps short.
  enum Clip: Equatable {
    case none
    /// Each parameter's gradient to at most this norm.
    case norm(Double)
    /// All together.
    case globalNorm(Double)
    /// Each number.
    case value(Double)
  }

  let method: Method
  let rate: LearningRate
  let clip: Clip
  /// The share of a weight that is taken off at each step, times the rate.
  let weightDecay: Double

  init(_ value: JSONValue?) throws(TrainingError) {
    let object = try KerasObject(value ?? .string("rmsprop"), place: "compile: optimizer")
    let config = try Configuration(object.config, place: "compile: optimizer (\(object.className))")
    let unit = 0.0...1.0
    let name = object.className.lowercased()
    switch name {
    case "sgd":
      method = .sgd(
        momentum: try config.number("momentum", in: unit) ?? 0,
        isNesterov: try config.bool("nesterov", default: false))
      rate = try LearningRate(config, default: 0.01)
    case "adam", "adamw":
      method = .adam(
        beta1: try config.number("beta_1", in: unit) ?? 0.9,
        beta2: try config.number("beta_2", in: unit) ?? 0.999,
        epsilon: try config.number("epsilon", in: unit) ?? 1e-7)
      rate = try LearningRate(config, default: 0.001)
      try config.refuse("amsgrad", unless: .bool(false))
    case "rmsprop":
      method = .rmsprop(
        rho: try config.number("rho", in: unit) ?? 0.9,
        momentum: try config.number("momentum", in: unit) ?? 0,
        epsilon: try config.number("epsilon", in: unit) ?? 1e-7,
        isCentered: try config.bool("centered", default: false))
      rate = try LearningRate(config, default: 0.001)
    case "adagrad":
      method = .adagrad(
        initial: try config.number("initial_accumulator_value", in: 0...1e6) ?? 0.1,
        epsilon: try config.number("epsilon", in: unit) ?? 1e-7)
      rate = try LearningRate(config, default: 0.001)
    default:
      throw TrainingError(
        .specification,
        "compile: optimizer must be SGD, Adam, AdamW, RMSprop or Adagrad, got '\(object.className)'"
      )
    }
    let decay = try config.number("weight_decay", in: 0...1)
    weightDecay = decay ?? (name == "adamw" ? 0.004 : 0)
    let positive = 1e-12...1e12
    let given = ["clipnorm", "global_clipnorm", "clipvalue"].filter { config[$0] != nil }
    guard given.count <= 1 else {
      throw TrainingError(
        .specification,
        "compile: expected one of clipnorm, global_clipnorm and clipvalue, got \(given.joined(separator: " and "))"
      )
    }
    if let norm = try config.number("clipnorm", in: positive) {
      clip = .norm(norm)
    } else if let norm = try config.number("global_clipnorm", in: positive) {
      clip = .globalNorm(norm)
    } else if let limit = try config.number("clipvalue", in: positive) {
      clip = .value(limit)
    } else {
      clip = .none
    }
    try config.refuse("use_ema", unless: .bool(false))
    try config.refuse("loss_scale_factor", "gradient_accumulation_steps")
    try config.finish()
  }

  /// Numbers that are kept for each parameter.
  var slotCount: Int {
    switch method {
    case .sgd(let momentum, _): momentum > 0 ? 1 : 0
    case .adam: 2
    case .rmsprop(_, let momentum, _, let isCentered):
      1 + (momentum > 0 ? 1 : 0) + (isCentered ? 1 : 0)
    case .adagrad: 1
    }
  }

  /// What these numbers are at first.
  var slotStart: Float { if case .adagrad(let initial, _) = method { Float(initial) } else { 0 } }

  /// One step on a run of parameters that belong to one tensor.
  /// - Parameters:
  ///   - step: steps done before, which the rate follows.
  ///   - updates: updates done before, if they are not one for each step.
  ///   - gradients: changed by clipping before this is called.
  ///   - slots: `slotCount` arrays of `count` numbers.
  func update(
    _ parameters: UnsafeMutablePointer<Float>, _ gradients: UnsafePointer<Float>, count: Int,
    slots: [UnsafeMutablePointer<Float>], step: Int, updates: Int? = nil
  ) {
    let rate = rate.rate(step)
    if weightDecay > 0 {
      let factor = Float(1 - rate * weightDecay)
      for index in 0..<count { parameters[index] *= factor }
    }
    switch method {
    case .sgd(let momentum, let isNesterov):
      let (rate, momentum) = (Float(rate), Float(momentum))
      guard let velocity = slots.first else {
        for index in 0..<count { parameters[index] -= rate * gradients[index] }
        return
      }
      for index in 0..<count {
        let next = momentum * velocity[index] - rate * gradients[index]
        velocity[index] = next
        parameters[index] += isNesterov ? momentum * next - rate * gradients[index] : next
      }
    case .adam(let beta1, let beta2, let epsilon):
      let time = Double((updates ?? step) + 1)
      let scale = Float(rate * (1 - pow(beta2, time)).squareRoot() / (1 - pow(beta1, time)))
      GradientKernels.adam(
        parameters, gradients, slots[0], slots[1], count: count, scale: scale,
        keep1: Float(1 - beta1), keep2: Float(1 - beta2), epsilon: Float(epsilon))
    case .rmsprop(let rho, let momentum, let epsilon, let isCentered):
      rmsprop(
        parameters, gradients, count, slots, Float(rate), Float(rho), Float(momentum),
        Float(epsilon), isCentered)
    case .adagrad(_, let epsilon):
      let (rate, epsilon, sums) = (Float(rate), Float(epsilon), slots[0])
      for index in 0..<count {
        let g = gradients[index]
        sums[index] += g * g
        parameters[index] -= rate * g / (sums[index] + epsilon).squareRoot()
      }
    }
  }

  private func rmsprop(
    _ parameters: UnsafeMutablePointer<Float>, _ gradients: UnsafePointer<Float>, _ count: Int,
    _ slots: [UnsafeMutablePointer<Float>], _ rate: Float, _ rho: Float, _ momentum: Float,
    _ epsilon: Float, _ isCentered: Bool
  ) {
    let squares = slots[0]
    let velocity = momentum > 0 ? slots[1] : nil
    let means = isCentered ? slots[momentum > 0 ? 2 : 1] : nil
    for index in 0..<count {
      let g = gradients[index]
      squares[index] = rho * squares[index] + (1 - rho) * g * g
      var spread = squares[index] + epsilon
      if let means {
        means[index] = rho * means[index] + (1 - rho) * g
        spread -= means[index] * means[index]
      }
      var change = rate * g / spread.squareRoot()
      if let velocity {
        change += momentum * velocity[index]
        velocity[index] = change
      }
      parameters[index] -= change
    }
  }
}
