internal import Glibc

/// Operators that scale elements by what lies beside them: LRN, LpNormalization and
/// MeanVarianceNormalization.
struct LineNormalization: Operator {
  enum Function: Sendable {
    case local(size: Int, alpha: Double, beta: Double, bias: Double)
    case norm(axis: Int, power: Int)
    case standard(axes: [Int])
  }

  let function: Function

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    guard let shape = type.shape else { return [type] }
    switch function {
    case .local:
      guard shape.count >= 2 else {
        throw GraphError(
          code: .shapeMismatch, message: "LRN needs rank 2 or more, got \(Shape.describe(shape))")
      }
    case .norm(let axis, _): _ = try normalizedAxis(axis, rank: shape.count)
    case .standard(let axes):
      for axis in axes { _ = try normalizedAxis(axis, rank: shape.count) }
    }
    return [type]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard case .local(let size, _, _, _) = function,
      let shape = inputs.optional(0)?.shape, let count = Shape.elementCount(shape)
    else { return 0 }
    return Double(count) * Double(min(size, shape[1]))
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    if input.count == 0 { return nil }
    return try step(try input.dataType.numeric(), input, output)
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand
  ) throws(GraphError) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let shape = input.shape
    let strides = Shape.strides(shape)
    switch function {
    case .local(let size, let alpha, let beta, let bias):
      let (channels, plane) = (shape[1], strides[1])
      return {
        for index in 0..<input.count {
          let channel = index / plane % channels
          var squares = 0.0
          let (first, last) = (channel - (size - 1) / 2, channel + size / 2)
          for other in max(0, first)..<min(channels, last + 1) {
            let value = source[index + (other - channel) * plane].asDouble
            squares += value * value
          }
          let divisor = pow(bias + alpha / Double(size) * squares, beta)
          target[index] = T(converting: source[index].asDouble / divisor)
        }
      }
    case .norm(let axis, let power):
      let axis = try normalizedAxis(axis, rank: shape.count)
      let (size, inner) = (shape[axis], strides[axis])
      if input.dataType == .fp32, inner == 1, power == 2 {
        return Self.normRows(UnsafePointer(input.f32), output.f32, input.count / size, size)
      }
      return {
        for line in 0..<input.count / size {
          let start = line / inner * size * inner + line % inner
          var sum = 0.0
          for index in 0..<size {
            let value = source[start + index * inner].asDouble
            sum += power == 1 ? value.magnitude : value * value
          }
          let norm = power == 1 ? sum : sum.squareRoot()
          for index in 0..<size {
            let at = start + index * inner
            target[at] = norm == 0 ? T.zero : T(converting: source[at].asDouble / norm)
          }
        }
      }
    case .standard(let axes):
      var gone = Set<Int>()
      for axis in axes { gone.insert(try normalizedAxis(axis, rank: shape.count)) }
      let (kept, lost) = (
        shape.indices.filter { !gone.contains($0) }, shape.indices.filter(gone.contains)
      )
      let outer = StridedWalk(kept.map { shape[$0] }, strides: [kept.map { strides[$0] }])
      let inner = StridedWalk(lost.map { shape[$0] }, strides: [lost.map { strides[$0] }])
      let size = Double(lost.reduce(1) { $0 * shape[$1] })
      return {
        outer.forEach { _, start in
          var (sum, squares) = (0.0, 0.0)
          inner.forEach { _, at in
            let value = source[start.0 + at.0].asDouble
            sum += value
            squares += value * value
          }
          let mean = sum / size
          // The standard's function adds 1e-9 to the deviation.
          let deviation = max(0, squares / size - mean * mean).squareRoot() + 1e-9
          inner.forEach { _, at in
            let index = start.0 + at.0
            target[index] = T(converting: (source[index].asDouble - mean) / deviation)
          }
        }
      }
    }
  }

  /// Rows divided by their lengths.
  private static func normRows(
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ rows: Int,
    _ size: Int
  ) -> Step {
    let kernels = Kernels.active
    return {
      for row in 0..<rows {
        let (from, to) = (source + row * size, target + row * size)
        var squares: Float = 0
        Reduction.sumOfSquares.run(
          .fp32, from, into: &squares, outer: 1, axis: size, kernels: kernels)
        if squares.isFinite, squares > 1e-30 {
          let factor = 1 / squares.squareRoot()
          for index in 0..<size { to[index] = from[index] * factor }
          continue
        }
        // Squares beyond single precision, or hardly in it; a NaN stays one.
        var wide = 0.0
        for index in 0..<size { wide += Double(from[index]) * Double(from[index]) }
        let norm = wide.squareRoot()
        for index in 0..<size { to[index] = norm == 0 ? 0 : Float(Double(from[index]) / norm) }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("LRN") { context throws(GraphError) in
      guard let size = try context.int("size"), (1...1 << 20).contains(size) else {
        throw GraphError(code: .invalidAttribute, message: "LRN's size must be at least 1")
      }
      return LineNormalization(
        function: .local(
          size: size, alpha: Double(try context.float("alpha", default: 1e-4)),
          beta: Double(try context.float("beta", default: 0.75)),
          bias: Double(try context.float("bias", default: 1))))
    }
    registry.register("LpNormalization") { context throws(GraphError) in
      let power = try context.int("p", default: 2)
      guard power == 1 || power == 2 else {
        throw context.unsupported("p", "\(power)", expected: "1 or 2")
      }
      return LineNormalization(
        function: .norm(axis: try context.int("axis", default: -1), power: power))
    }
    registry.register("MeanVarianceNormalization") { context throws(GraphError) in
      LineNormalization(function: .standard(axes: try context.ints("axes") ?? [0, 2, 3]))
    }
  }
}
