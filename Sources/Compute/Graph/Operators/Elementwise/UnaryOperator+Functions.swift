internal import Glibc

extension UnaryOperator {
  static func register(in registry: inout OperatorRegistry) {
    registerPlain(in: &registry)
    registerActivations(in: &registry)
  }

  private static func registerPlain(in registry: inout OperatorRegistry) {
    let operators: [(String, UnaryOperator)] = [
      ("Sqrt", .init(kernel: .squareRoot, { $0.squareRoot() })),
      ("Exp", .init(kernel: .exp, { exp($0) })),
      ("Log", .init(kernel: .log, { log($0) })),
      ("Neg", .init(kernel: .negate, { -$0 }, integers: .negate)),
      ("Abs", .init(kernel: .absolute, { $0.magnitude }, integers: .absolute)),
      (
        "Sign",
        .init(loop: { map($0, $1, $2) { Self.sign($0) } }, { Self.sign($0) }, integers: .sign)
      ),
      ("Reciprocal", .init(kernel: .reciprocal, { 1 / $0 })),
      ("Floor", .init(kernel: .floor, { $0.rounded(.down) })),
      ("Ceil", .init(kernel: .ceil, { $0.rounded(.up) })),
      ("Round", .init(kernel: .round, { $0.rounded(.toNearestOrEven) })),
      ("Sin", .init(kernel: .sin, { sin($0) })), ("Cos", .init(kernel: .cos, { cos($0) })),
      ("Tan", .init(kernel: .tan, { tan($0) })), ("Asin", .init(kernel: .asin, { asin($0) })),
      ("Acos", .init(kernel: .acos, { acos($0) })), ("Atan", .init(kernel: .atan, { atan($0) })),
      ("Sinh", .init(kernel: .sinh, { sinh($0) })), ("Cosh", .init(kernel: .cosh, { cosh($0) })),
      ("Asinh", .init(kernel: .asinh, { asinh($0) })),
      ("Acosh", .init(kernel: .acosh, { acosh($0) })),
      ("Atanh", .init(kernel: .atanh, { atanh($0) })),
      ("Erf", .init(kernel: .erf, { erf($0) })),
    ]
    for (name, value) in operators { registry.register(name) { _ in value } }
  }

  private static func registerActivations(in registry: inout OperatorRegistry) {
    let operators: [(String, UnaryOperator)] = [
      ("Relu", .init(kernel: .relu, { $0 < 0 ? 0 : $0 }, integers: .relu)),
      ("Sigmoid", .init(kernel: .sigmoid, { 1 / (1 + exp(-$0)) })),
      ("Tanh", .init(kernel: .tanh, { tanh($0) })),
      (
        "Softplus",
        .init(kernel: .softplus, { log1p(exp(-$0.magnitude)) + max($0, 0) })
      ),
      (
        "Softsign",
        .init(
          loop: { map($0, $1, $2) { $0 / (1 + $0.magnitude) } }, { $0 / (1 + $0.magnitude) })
      ),
      (
        "HardSwish",
        .init(kernel: .hardSwish, { $0 * min(1, max(0, $0 / 6 + 0.5)) })
      ),
      (
        "Mish",
        .init(
          // tanh(log(1 + e)) = e (e + 2) / (e (e + 2) + 2); beyond 20 it is 1.
          loop: {
            mapExp($0, $1, $2, .exp, { min($0, 20) }) { x, e in
              let square = e * (e + 2)
              return x * (square / (square + 2))
            }
          },
          { $0 * tanh(log1p(exp(-$0.magnitude)) + max($0, 0)) })
      ),
    ]
    for (name, value) in operators { registry.register(name) { _ in value } }
    registry.register(FusedAttribute.silu, domain: FusedAttribute.domain) { _ in
      UnaryOperator(kernel: .silu, { $0 / (1 + exp(-$0)) })
    }
    registry.register("LeakyRelu") { context throws(GraphError) in
      let alpha = try context.float("alpha", default: 0.01)
      return UnaryOperator(
        loop: { Elementwise.leakyRelu(into: $1, $0, count: $2, slope: alpha) },
        { $0 < 0 ? Double(alpha) * $0 : $0 })
    }
    registry.register("Elu") { context throws(GraphError) in
      let alpha = try context.float("alpha", default: 1)
      return UnaryOperator(
        loop: {
          mapExp($0, $1, $2, .exponentialLessOne, { min($0, 0) }) { $0 < 0 ? alpha * $1 : $0 }
        },
        { $0 < 0 ? Double(alpha) * expm1($0) : $0 })
    }
    registry.register("Celu") { context throws(GraphError) in
      let alpha = try context.float("alpha", default: 1)
      return UnaryOperator(
        loop: {
          mapExp($0, $1, $2, .exponentialLessOne, { min($0, 0) / alpha }) {
            $0 < 0 ? alpha * $1 : $0
          }
        },
        { $0 < 0 ? Double(alpha) * expm1($0 / Double(alpha)) : $0 })
    }
    registry.register("Selu") { context throws(GraphError) in
      let alpha = try context.float("alpha", default: 1.67326319217681884765625)
      let gamma = try context.float("gamma", default: 1.05070102214813232421875)
      return UnaryOperator(
        loop: {
          mapExp($0, $1, $2, .exponentialLessOne, { min($0, 0) }) {
            gamma * ($0 <= 0 ? alpha * $1 : $0)
          }
        },
        { Double(gamma) * ($0 <= 0 ? Double(alpha) * expm1($0) : $0) })
    }
    registry.register("ThresholdedRelu") { context throws(GraphError) in
      let alpha = try context.float("alpha", default: 1)
      return UnaryOperator(
        loop: { map($0, $1, $2) { $0 > alpha ? $0 : 0 } }, { $0 > Double(alpha) ? $0 : 0 })
    }
    registry.register("Shrink") { context throws(GraphError) in
      let bias = try context.float("bias", default: 0)
      let limit = try context.float("lambd", default: 0.5)
      return UnaryOperator(
        loop: { map($0, $1, $2) { $0 < -limit ? $0 + bias : $0 > limit ? $0 - bias : 0 } },
        {
          $0 < -Double(limit)
            ? $0 + Double(bias) : $0 > Double(limit) ? $0 - Double(bias) : 0
        })
    }
    registry.register("HardSigmoid") { context throws(GraphError) in
      let alpha = try context.float("alpha", default: 0.2)
      let beta = try context.float("beta", default: 0.5)
      return UnaryOperator(
        loop: {
          map($0, $1, $2) {
            let value = alpha * $0 + beta
            return value < 0 ? 0 : value > 1 ? 1 : value
          }
        },
        { min(1, max(0, Double(alpha) * $0 + Double(beta))) })
    }
    registry.register("Gelu") { context throws(GraphError) in
      switch try context.string("approximate") ?? "none" {
      case "none":
        return UnaryOperator(kernel: .gelu, { 0.5 * $0 * (1 + erf($0 * 0.5.squareRoot())) })
      case "tanh":
        // Hendrycks & Gimpel 2016: sqrt(2/pi) (x + 0.044715 x³).
        return UnaryOperator(
          kernel: .geluTanh,
          { 0.5 * $0 * (1 + tanh(0.7978845608028654 * ($0 + 0.044715 * $0 * $0 * $0))) })
      case let other: throw context.unsupported("approximate", other, expected: "none or tanh")
      }
    }
  }

  /// A function of an element and of what a kernel makes of argument(element), over pieces.
  @inline(__always)
  private static func mapExp(
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ count: Int,
    _ kernel: Elementwise.Unary, _ argument: (Float) -> Float,
    _ function: (Float, Float) -> Float
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 512) { powers in
      guard let powers = powers.baseAddress else { return }
      var first = 0
      while first < count {
        let size = Swift.min(512, count - first)
        for index in 0..<size { powers[index] = argument(source[first + index]) }
        Elementwise.unary(kernel, into: powers, powers, count: size)
        for index in 0..<size {
          target[first + index] = function(source[first + index], powers[index])
        }
        first += size
      }
    }
  }

  private static func sign<T: BinaryFloatingPoint>(_ value: T) -> T {
    value > 0 ? 1 : value < 0 ? -1 : value
  }
}
