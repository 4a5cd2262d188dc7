internal import Glibc

/// ReduceSum and its relatives: axes as an attribute before opset 13 (ReduceSum) or 18 (the
/// rest), as an input since.
struct ReduceOperator: Operator {
  enum Function: Sendable {
    case sum, mean, max, min, product, sumSquare, l1, l2, logSum, logSumExp
  }

  let function: Function
  let axes: [Int]?
  let keepsDimensions: Bool
  let noAxesMeansNone: Bool

  var shapeOperands: [Int] { [1] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let ordersBooleans = function == .max || function == .min
    let type = try inputs.type(0, among: DataType.numbers + (ordersBooleans ? [.bool] : []))
    guard let shape = type.shape else { return [TensorType(type.dataType, nil)] }
    guard let reduced = try reducedAxes(inputs, rank: shape.count) else {
      return [
        TensorType(
          type.dataType, keepsDimensions ? [Int](repeating: -1, count: shape.count) : nil)
      ]
    }
    var result: [Int] = []
    for index in shape.indices {
      if !reduced.contains(index) {
        result.append(shape[index])
      } else if keepsDimensions {
        result.append(1)
      }
    }
    return [TensorType(type.dataType, result)]
  }

  func reducedAxes(
    _ inputs: KnownInputs, rank: Int
  ) throws(GraphError) -> Set<Int>? {
    var list = axes ?? []
    if inputs.optional(1) != nil {
      guard let values = try inputs.integers(1) else { return nil }
      list = values
    }
    if list.isEmpty { return noAxesMeansNone ? [] : Set(0..<rank) }
    var result = Set<Int>()
    for axis in list { result.insert(try normalizedAxis(axis, rank: rank)) }
    return result
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let rank = input.shape.count
    guard let reduced = try reducedAxes(operands.known, rank: rank) else {
      throw GraphError(code: .shapeMismatch, message: "the axes must be known")
    }
    if input.dataType == .fp32, let form = MiddleAxis(input.shape, reduced: reduced),
      let step = kernelStep(input, output, form)
    {
      return step
    }
    if let stages = stages(input.dataType, input.shape, reduced) {
      return kernelStep(input, output, stages, operands.scratch)
    }
    let strides = Shape.strides(input.shape)
    let kept = (0..<rank).filter { !reduced.contains($0) }
    let gone = (0..<rank).filter(reduced.contains)
    let outer = StridedWalk(kept.map { input.shape[$0] }, strides: [kept.map { strides[$0] }])
    let inner = StridedWalk(gone.map { input.shape[$0] }, strides: [gone.map { strides[$0] }])
    let count = gone.reduce(1) { $0 * input.shape[$1] }
    if input.dataType == .bool {
      return exactStep(UInt8.self, input, output, outer, inner)
    }
    return step(try input.dataType.numeric(), input, output, outer, inner, count)
  }

  @_specialize(where T == Float)
  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  @_specialize(where T == Double)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ outer: StridedWalk,
    _ inner: StridedWalk, _ count: Int
  ) -> Step {
    let (source, target) = (UnsafePointer(input.pointer(T.self)), output.pointer(T.self))
    let function = function
    if input.dataType.isInteger, [.sum, .max, .min, .product, .sumSquare, .l1].contains(function) {
      return exactStep(type, input, output, outer, inner)
    }
    return {
      outer.forEach { index, offsets in
        target[index] = T(converting: Self.wide(function, source + offsets.0, inner, count))
      }
    }
  }

  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  @_specialize(where T == UInt8)
  private func exactStep<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ outer: StridedWalk,
    _ inner: StridedWalk
  ) -> Step {
    let (source, target) = (UnsafePointer(input.pointer(T.self)), output.pointer(T.self))
    let function = function
    let isBool = input.dataType == .bool
    return {
      outer.forEach { index, offsets in
        let value = Self.exact(function, source + offsets.0, inner)
        // The least and greatest of no truth values are true and false.
        target[index] = isBool && value != T.zero ? T(converting: 1) : value
      }
    }
  }

  /// In the integer's own arithmetic.
  private static func exact<T: Element>(
    _ function: Function, _ source: UnsafePointer<T>, _ inner: StridedWalk
  ) -> T {
    var result: T?
    inner.forEach { _, offsets in
      let value = source[offsets.0]
      let term =
        switch function {
        case .sumSquare: T.multiply(value, value)
        case .l1: T.absolute(value)
        default: value
        }
      guard let sofar = result else {
        result = term
        return
      }
      result =
        switch function {
        case .max: T.maximum(sofar, term)
        case .min: T.minimum(sofar, term)
        case .product: T.multiply(sofar, term)
        default: T.add(sofar, term)
        }
    }
    switch (result, function) {
    case (let result?, _): return result
    case (nil, .product): return T(converting: 1)
    case (nil, .max): return T(converting: -.infinity)
    case (nil, .min): return T(converting: .infinity)
    default: return T.zero
    }
  }

  /// In double precision, so that long sums keep their digits.
  private static func wide<T: Element>(
    _ function: Function, _ source: UnsafePointer<T>, _ inner: StridedWalk, _ count: Int
  ) -> Double {
    var result: Double =
      switch function {
      case .max: -.infinity
      case .min: .infinity
      case .product: 1
      default: 0
      }
    let largest = function == .logSumExp ? wide(.max, source, inner, count) : 0
    inner.forEach { _, offsets in
      let value = source[offsets.0].asDouble
      switch function {
      case .max: result = Double.maximum(result, value)
      case .min: result = Double.minimum(result, value)
      case .product: result *= value
      case .sumSquare, .l2: result += value * value
      case .l1: result += value.magnitude
      case .logSumExp: result += largest.isInfinite ? exp(value) : exp(value - largest)
      case .sum, .mean, .logSum: result += value
      }
    }
    switch function {
    case .mean: return result / Double(count)
    case .l2: return result.squareRoot()
    case .logSum: return log(result)
    case .logSumExp: return log(result) + (largest.isInfinite ? 0 : largest)
    default: return result
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    let functions: [(String, Function)] = [
      ("ReduceSum", .sum), ("ReduceMean", .mean), ("ReduceMax", .max), ("ReduceMin", .min),
      ("ReduceProd", .product), ("ReduceSumSquare", .sumSquare), ("ReduceL1", .l1),
      ("ReduceL2", .l2), ("ReduceLogSum", .logSum), ("ReduceLogSumExp", .logSumExp),
    ]
    for (name, function) in functions {
      registry.register(name) { context throws(GraphError) in
        ReduceOperator(
          function: function, axes: try context.ints("axes"),
          keepsDimensions: try context.bool("keepdims", default: true),
          noAxesMeansNone: try context.bool("noop_with_empty_axes", default: false))
      }
    }
    registry.register("GlobalAveragePool") { _ in GlobalPoolOperator(function: .mean) }
    registry.register("GlobalMaxPool") { _ in GlobalPoolOperator(function: .max) }
  }
}

/// Global pooling: a reduction over everything behind the channels, sizes kept at 1.
struct GlobalPoolOperator: Operator {
  let function: ReduceOperator.Function

  private func reduction(rank: Int) throws(GraphError) -> ReduceOperator {
    guard rank >= 3 else {
      throw GraphError(
        code: .shapeMismatch, message: "global pooling needs rank 3 or more, got \(rank)")
    }
    return ReduceOperator(
      function: function, axes: Array(2..<rank), keepsDimensions: true, noAxesMeansNone: false)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    guard let shape = type.shape else { return [type] }
    return try reduction(rank: shape.count).infer(inputs)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    try reduction(rank: operands.input(0).shape.count).makeStep(operands)
  }
}
