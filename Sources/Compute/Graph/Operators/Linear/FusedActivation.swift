/// What a fused operator does with each finished element: a clamp, or nothing.
struct FusedActivation: Sendable, Equatable {
  /// Bounds of the clamp; ReLU is 0 and infinity.
  var low = -Float.infinity
  var high = Float.infinity

  var clamps: Bool { low > -.infinity || high < .infinity }

  /// The kernels' form.
  var epilogue: Epilogue.Activation {
    if !clamps { return .none }
    return low == 0 && high == .infinity ? .relu : .clamp(low: low, high: high)
  }

  init(low: Float = -.infinity, high: Float = .infinity) {
    self.low = low
    self.high = high
  }

  /// Reads what the fusion pass left on the node.
  init(_ context: OperatorContext) throws(GraphError) {
    low = try context.float(FusedAttribute.low, default: -.infinity)
    high = try context.float(FusedAttribute.high, default: .infinity)
  }
}

/// The domain and attributes of operators that only our passes write.
enum FusedAttribute {
  static let domain = "martlet"
  static let low = "activation_low"
  static let high = "activation_high"
  static let pools = "pool_two_by_two"
  static let tail = "tail"
  static let tailNumbers = "tail_numbers"
  /// x · sigmoid(x), which the standard has no operator for.
  static let silu = "Silu"
  static let attention = "Attention"
  /// Rows of a constant matrix by number.
  static let rowLookup = "RowLookup"
}
