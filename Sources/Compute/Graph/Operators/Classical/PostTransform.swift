internal import Glibc

/// What ai.onnx.ml's linear models and trees do with a row of scores.
enum PostTransform: Sendable {
  case none, softmax, logistic, softmaxZero, probit

  init(_ context: OperatorContext) throws(GraphError) {
    switch try context.string("post_transform") ?? "NONE" {
    case "NONE": self = .none
    case "SOFTMAX": self = .softmax
    case "LOGISTIC": self = .logistic
    case "SOFTMAX_ZERO": self = .softmaxZero
    case "PROBIT": self = .probit
    case let other:
      throw context.unsupported(
        "post_transform", other, expected: "NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT")
    }
  }

  /// By the number that newer operators have for the name.
  init(number: Int) throws(GraphError) {
    let all: [PostTransform] = [.none, .softmax, .logistic, .softmaxZero, .probit]
    guard all.indices.contains(number) else {
      throw GraphError(
        code: .unsupportedAttribute, message: "post_transform must be in 0...4, got \(number)")
    }
    self = all[number]
  }

  static func logistic(_ value: Float) -> Float {
    let positive = 1 / (1 + expf(-value.magnitude))
    return value < 0 ? 1 - positive : positive
  }

  /// Applies the transformation to one row in place.
  func apply(_ row: UnsafeMutablePointer<Float>, _ count: Int) {
    switch self {
    case .none: return
    case .logistic: for index in 0..<count { row[index] = Self.logistic(row[index]) }
    case .softmax, .softmaxZero:
      var largest = -Float.infinity
      for index in 0..<count { largest = max(largest, row[index]) }
      var sum: Float = 0
      for index in 0..<count {
        // SOFTMAX_ZERO leaves scores of (nearly) zero at zero.
        let isZero = self == .softmaxZero && row[index].magnitude <= 1e-7
        row[index] = isZero ? 0 : expf(row[index] - largest)
        sum += row[index]
      }
      for index in 0..<count where sum != 0 { row[index] /= sum }
    case .probit: for index in 0..<count { row[index] = Self.probit(row[index]) }
    }
  }

  /// √2 · erf⁻¹(2x - 1), with Winitzki's approximation (2008), as ONNX Runtime computes it.
  static func probit(_ value: Float) -> Float {
    let x = 2 * value - 1
    let logarithm = logf((1 - x) * (1 + x))
    let first = 2 / (Float.pi * 0.147) + 0.5 * logarithm
    let second = 1 / 0.147 * logarithm
    let inner = (first * first - second).squareRoot() - first
    return Float(2).squareRoot() * (x < 0 ? -1 : 1) * inner.squareRoot()
  }
}
