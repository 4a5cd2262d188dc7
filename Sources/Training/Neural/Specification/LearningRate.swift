internal import Glibc
internal import JSON

/// How large steps are, by the number of steps done.
enum LearningRate {
  case constant(Double)
  case cosine(initial: Double, steps: Int, alpha: Double, warmup: (Double, Int)?)
  case exponential(initial: Double, steps: Int, rate: Double, isStaircase: Bool)
  case piecewise(boundaries: [Int], values: [Double])
  case polynomial(initial: Double, steps: Int, end: Double, power: Double)
  case inverseTime(initial: Double, steps: Int, rate: Double, isStaircase: Bool)

  init(_ configuration: Configuration, default standard: Double) throws(TrainingError) {
    guard let value = configuration["learning_rate"] else {
      self = .constant(standard)
      return
    }
    if let number = value.number {
      guard number >= 0, number <= 1e6 else {
        throw configuration.wrong("learning_rate", expected: "a number in 0...1e6", value)
      }
      self = .constant(number)
      return
    }
    let place = "\(configuration.place): learning_rate"
    let object = try KerasObject(value, place: place)
    let config = try Configuration(object.config, place: place)
    func first() throws(TrainingError) -> Double {
      guard let value = try config.number("initial_learning_rate", in: 0...1e6) else {
        throw config.missing("initial_learning_rate", expected: "a number")
      }
      return value
    }
    let name = object.className.lowercased().filter { $0 != "_" }
    switch name {
    case "cosinedecay":
      var warmup: (Double, Int)?
      if let target = try config.number("warmup_target", in: 0...1e6) {
        warmup = (target, try config.int("warmup_steps", in: 0...(1 << 40)) ?? 0)
      } else {
        _ = config["warmup_steps"]
      }
      self = .cosine(
        initial: try first(), steps: try config.size("decay_steps", in: 1...(1 << 40)),
        alpha: try config.number("alpha", in: 0...1) ?? 0, warmup: warmup)
    case "exponentialdecay", "inversetimedecay":
      let (initial, steps) = (try first(), try config.size("decay_steps", in: 1...(1 << 40)))
      guard let rate = try config.number("decay_rate", in: 0...1e6) else {
        throw config.missing("decay_rate", expected: "a number")
      }
      let isStaircase = try config.bool("staircase", default: false)
      self =
        name == "exponentialdecay"
        ? .exponential(initial: initial, steps: steps, rate: rate, isStaircase: isStaircase)
        : .inverseTime(initial: initial, steps: steps, rate: rate, isStaircase: isStaircase)
    case "polynomialdecay":
      try config.refuse("cycle", unless: .bool(false))
      self = .polynomial(
        initial: try first(), steps: try config.size("decay_steps", in: 1...(1 << 40)),
        end: try config.number("end_learning_rate", in: 0...1e6) ?? 0.0001,
        power: try config.number("power", in: 0...100) ?? 1)
    case "piecewiseconstantdecay":
      let boundaries = config["boundaries"]?.list?.compactMap(\.wholeNumber) ?? []
      let values = config["values"]?.list?.compactMap(\.number) ?? []
      guard values.count == boundaries.count + 1, boundaries == boundaries.sorted() else {
        throw TrainingError(
          .specification,
          "\(place): expected rising boundaries and one value more, got \(boundaries.count) and "
            + "\(values.count)")
      }
      self = .piecewise(boundaries: boundaries, values: values)
    default:
      throw configuration.wrong(
        "learning_rate",
        expected: "a number, CosineDecay, ExponentialDecay, InverseTimeDecay, PolynomialDecay or "
          + "PiecewiseConstantDecay", value)
    }
    try config.finish()
  }

  /// The rate of the step that follows `step` steps.
  func rate(_ step: Int) -> Double {
    switch self {
    case .constant(let value): return value
    case .cosine(let initial, let steps, let alpha, let warmup):
      var (start, done) = (initial, step)
      if let (target, count) = warmup {
        if step < count { return initial + (target - initial) * Double(step) / Double(count) }
        start = target
        done = step - count
      }
      let part = Double(min(done, steps)) / Double(steps)
      return start * ((1 - alpha) * 0.5 * (1 + cos(.pi * part)) + alpha)
    case .exponential(let initial, let steps, let rate, let isStaircase):
      let part = Double(step) / Double(steps)
      return initial * pow(rate, isStaircase ? part.rounded(.down) : part)
    case .inverseTime(let initial, let steps, let rate, let isStaircase):
      let part = Double(step) / Double(steps)
      return initial / (1 + rate * (isStaircase ? part.rounded(.down) : part))
    case .piecewise(let boundaries, let values):
      return values[boundaries.firstIndex { step <= $0 } ?? boundaries.count]
    case .polynomial(let initial, let steps, let end, let power):
      let part = Double(min(step, steps)) / Double(steps)
      return (initial - end) * pow(1 - part, power) + end
    }
  }
}
