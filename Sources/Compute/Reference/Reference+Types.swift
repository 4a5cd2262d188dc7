extension Reference {
  /// One integer operation: wraps; a division by zero gives 0.
  public static func binary<T: FixedWidthInteger>(
    _ operation: Elementwise.Binary, _ x: T, _ y: T
  ) -> T {
    switch operation {
    case .add: x &+ y
    case .subtract: x &- y
    case .multiply: x &* y
    case .divide: y == 0 ? 0 : x.dividedReportingOverflow(by: y).partialValue
    case .minimum: min(x, y)
    case .maximum: max(x, y)
    case .power: preconditionFailure("integers have no power kernel")
    }
  }

  /// One floating-point operation; `power` is given, because this module links no mathematics.
  public static func binary<T: BinaryFloatingPoint>(
    _ operation: Elementwise.Binary, _ x: T, _ y: T, power: (T, T) -> T
  ) -> T {
    switch operation {
    case .add: x + y
    case .subtract: x - y
    case .multiply: x * y
    case .divide: x / y
    case .minimum: x.isNaN || y.isNaN ? .nan : min(x, y)
    case .maximum: x.isNaN || y.isNaN ? .nan : max(x, y)
    case .power: power(x, y)
    }
  }

  /// One comparison.
  public static func compare<T: Comparable>(
    _ comparison: Elementwise.Comparison, _ x: T, _ y: T
  ) -> Bool {
    switch comparison {
    case .equal: x == y
    case .less: x < y
    case .lessOrEqual: x <= y
    }
  }

  /// Reduces [outer, axis, inner] to [outer, inner] by folding `combine` from `initial`.
  public static func reduce<T, U>(
    _ source: [T], outer: Int, axis: Int, inner: Int, initial: U, _ combine: (U, T) -> U
  ) -> [U] {
    (0..<outer * inner).map { at in
      let o = at / max(1, inner)
      let i = at % max(1, inner)
      return (0..<axis).reduce(initial) { combine($0, source[(o * axis + $1) * inner + i]) }
    }
  }

  /// Reorders axes: output axis i is input axis `permutation[i]`.
  public static func transpose<T>(_ source: [T], shape: [Int], permutation: [Int]) -> [T] {
    let outputShape = permutation.map { shape[$0] }
    return (0..<source.count).map { flat in
      var rest = flat
      var place = [Int](repeating: 0, count: shape.count)
      for axis in outputShape.indices.reversed() {
        place[permutation[axis]] = rest % outputShape[axis]
        rest /= outputShape[axis]
      }
      return source[zip(place, shape).reduce(0) { $0 * $1.1 + $1.0 }]
    }
  }

  /// Walks one tree for one row.
  public static func leaf(
    of tree: [DecisionForest.Node], row: [Float]
  ) -> [(target: Int, weight: Float)] {
    var place = 0
    while true {
      switch tree[place].kind {
      case .leaf(let values): return values
      case .branch(let rule, let feature, let threshold, let yes, let no, let missingIsYes):
        let x = row[feature]
        let holds = rule == .less ? x < threshold : x <= threshold
        place = holds || (x.isNaN && missingIsYes) ? yes : no
      }
    }
  }
}
