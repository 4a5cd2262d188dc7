extension Optimizer {
  /// Shortens gradients that are too long.
  func clip(_ gradients: [UnsafeMutablePointer<Float>], counts: [Int]) {
    switch clip {
    case .none: return
    case .value(let limit):
      let limit = Float(limit)
      for (gradient, count) in zip(gradients, counts) {
        for index in 0..<count { gradient[index] = min(max(gradient[index], -limit), limit) }
      }
    case .norm(let limit):
      for (gradient, count) in zip(gradients, counts) {
        Self.scale(gradient, count, to: limit, norm: Self.squares(gradient, count).squareRoot())
      }
    case .globalNorm(let limit):
      let sum = zip(gradients, counts).reduce(0.0) { $0 + Self.squares($1.0, $1.1) }
      for (gradient, count) in zip(gradients, counts) {
        Self.scale(gradient, count, to: limit, norm: sum.squareRoot())
      }
    }
  }

  private static func squares(_ gradient: UnsafeMutablePointer<Float>, _ count: Int) -> Double {
    var sum = 0.0
    for index in 0..<count { sum += Double(gradient[index]) * Double(gradient[index]) }
    return sum
  }

  private static func scale(
    _ gradient: UnsafeMutablePointer<Float>, _ count: Int, to limit: Double, norm: Double
  ) {
    guard norm > limit else { return }
    let factor = Float(limit / norm)
    for index in 0..<count { gradient[index] *= factor }
  }

  /// Whether a gradient must be whole before it can be clipped.
  var clipsByNorm: Bool {
    switch clip {
    case .norm, .globalNorm: true
    case .none, .value: false
    }
  }

  /// What a parameter's gradient is multiplied with; nil where it is short enough.
  /// - Parameter squares: of the norms of all parameters' gradients.
  func factor(squares: [Double], parameter: Int) -> Float? {
    let (limit, norm): (Double, Double)
    switch clip {
    case .norm(let given): (limit, norm) = (given, squares[parameter].squareRoot())
    case .globalNorm(let given): (limit, norm) = (given, squares.reduce(0, +).squareRoot())
    case .none, .value: return nil
    }
    return norm > limit ? Float(limit / norm) : nil
  }
}
