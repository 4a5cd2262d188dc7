internal import Glibc

/// DFT: the discrete Fourier transform along one axis; the last dimension holds real numbers, or
/// pairs of real and imaginary parts.
struct DFTOperator: Operator {
  let isInverse: Bool
  let isOnesided: Bool
  /// nil: an input, since opset 20.
  let axis: Int?

  var shapeOperands: [Int] { axis == nil ? [1, 2] : [1] }

  /// The axis and the transform's length; nil if only known at inference.
  private func plan(_ inputs: KnownInputs, _ shape: [Int]) throws(GraphError) -> (Int, Int)? {
    var place = axis ?? -2
    if axis == nil, inputs.optional(2) != nil {
      guard let value = try inputs.integers(2)?.first else { return nil }
      place = value
    }
    let at = try normalizedAxis(place, rank: shape.count)
    guard shape.count >= 2, at < shape.count - 1, (1...2).contains(shape[shape.count - 1]) else {
      throw GraphError(
        code: .shapeMismatch,
        message: "DFT needs a last dimension of 1 or 2 and another axis, got "
          + Shape.describe(shape))
    }
    var length = shape[at]
    if inputs.optional(1) != nil {
      guard let value = try inputs.integers(1)?.first else { return nil }
      length = value
    }
    guard length >= 1 else {
      throw GraphError(code: .shapeMismatch, message: "the length must be above 0, got \(length)")
    }
    return (at, length)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    guard var shape = type.shape, !shape.contains(-1), let (at, length) = try plan(inputs, shape)
    else { return [TensorType(type.dataType, type.shape.map { $0.map { _ in -1 } })] }
    shape[at] = isOnesided ? length / 2 + 1 : length
    shape[shape.count - 1] = 2
    return [TensorType(type.dataType, shape)]
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    guard let shape = inputs.optional(0)?.shape, let (_, length) = try plan(inputs, shape) else {
      return 0
    }
    return FourierTable.byteCount(length)
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let shape = inputs.optional(0)?.shape, let (at, length) = try plan(inputs, shape),
      let count = outputs[0].shape.flatMap(Shape.elementCount)
    else { return 0 }
    return Double(count) * Double(min(shape[at], length))
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    guard let (at, length) = try plan(operands.known, input.shape) else { return nil }
    return step(
      try input.dataType.numeric(), input, try operands.output(), at,
      FourierTable(operands.scratch, length: length))
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ axis: Int, _ table: FourierTable
  ) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let parts = input.shape[input.shape.count - 1]
    let inner = Shape.product(input.shape[(axis + 1)...].dropLast())
    let outer = Shape.product(input.shape[..<axis])
    let (size, bins) = (input.shape[axis], output.shape[axis])
    let sign: Double = isInverse ? 1 : -1
    let scale = isInverse ? 1 / Double(table.length) : 1
    return {
      table.fill()
      for line in 0..<outer * inner {
        let (block, column) = (line / inner, line % inner)
        for bin in 0..<bins {
          let (real, imaginary) = table.sum(bin, sign: sign, count: size) { index in
            let at = source + ((block * size + index) * inner + column) * parts
            return (at[0].asDouble, parts == 2 ? at[1].asDouble : 0)
          }
          let to = target + ((block * bins + bin) * inner + column) * 2
          to[0] = T(converting: real * scale)
          to[1] = T(converting: imaginary * scale)
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("DFT") { context throws(GraphError) in
      DFTOperator(
        isInverse: try context.bool("inverse", default: false),
        isOnesided: try context.bool("onesided", default: false),
        axis: context.opset < 20 ? try context.int("axis", default: 1) : nil)
    }
    registry.register("STFT") { context throws(GraphError) in
      STFTOperator(isOnesided: try context.bool("onesided", default: true))
    }
  }
}

/// The roots of unity of one transform, in memory that is given. Sums are direct: lengths in
/// models are hundreds, and every angle is exact to the last digit.
struct FourierTable {
  let length: Int
  private let roots: UnsafeMutablePointer<Double>

  init(_ memory: UnsafeMutableRawPointer, length: Int) {
    self.length = length
    roots = memory.assumingMemoryBound(to: Double.self)
  }

  static func byteCount(_ length: Int) -> Int {
    let (bytes, overflow) = length.multipliedReportingOverflow(by: 16)
    return overflow ? Int.max / 2 : bytes
  }

  func fill() {
    for index in 0..<length {
      let angle = 2 * Double.pi * Double(index) / Double(length)
      roots[2 * index] = cos(angle)
      roots[2 * index + 1] = sin(angle)
    }
  }

  /// One frequency of the signal's first `count` values, cut or filled up with zeros.
  @inline(__always)
  func sum(
    _ bin: Int, sign: Double, count: Int, _ value: (Int) -> (Double, Double)
  ) -> (Double, Double) {
    var (real, imaginary, at) = (0.0, 0.0, 0)
    for index in 0..<min(count, length) {
      let (cosine, sine) = (roots[2 * at], sign * roots[2 * at + 1])
      let (a, b) = value(index)
      real += a * cosine - b * sine
      imaginary += a * sine + b * cosine
      at += bin
      if at >= length { at -= length }
    }
    return (real, imaginary)
  }
}
