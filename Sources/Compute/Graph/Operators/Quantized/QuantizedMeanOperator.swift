internal import CKernels

/// GlobalAveragePool of dequantised images, quantised again: X, its scale and zero point, the
/// result's scale and zero point, which are constants. NCHW, or NHWC with `channels_last`.
struct QuantizedMeanOperator: Operator {
  static let opType = "QLinearGlobalAveragePool"

  private let type: DataType
  private let isLast: Bool
  private let scales: (input: Float, output: Float)
  private let zero: Int32
  private let range: ByteRange

  init(_ context: OperatorContext) throws(GraphError) {
    type = try context.known.type(0, among: QuantizedConstants.bytes).dataType
    isLast = try context.bool("channels_last", default: false)
    guard let input = QuantizedConstants.number(context.constant(1)),
      let output = QuantizedConstants.number(context.constant(3)),
      let zeros = QuantizedConstants.integers(context.constant(2), type),
      let outputZeros = QuantizedConstants.integers(context.constant(4), type),
      zeros.count == 1, outputZeros.count == 1, (input / output).isFinite
    else {
      throw GraphError(
        code: .invalidGraph, message: "\(Self.opType) needs constant scales and zero points")
    }
    (scales, zero) = ((input, output), zeros[0])
    range = ByteRange(zero: outputZeros[0], isSigned: type == .int8)
  }

  func reads(input index: Int) -> Bool { index == 0 }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [type])
    guard let shape = type.shape else { return [type] }
    guard shape.count == 4 else {
      throw GraphError(
        code: .shapeMismatch, message: "expected images of rank 4, got \(Shape.describe(shape))")
    }
    return [
      TensorType(
        type.dataType, isLast ? [shape[0], 1, 1, shape[3]] : [shape[0], shape[1], 1, 1])
    ]
  }

  func scratchByteCount(_ inputs: KnownInputs) -> Int {
    8 * (inputs.optional(0)?.shape?[isLast ? 3 : 1] ?? 0)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let shape = input.shape
    let channels = shape[isLast ? 3 : 1]
    let plane = isLast ? shape[1] * shape[2] : shape[2] * shape[3]
    // Sums of so many bytes fit 32 bits.
    guard output.count > 0, plane < 1 << 23 else {
      if output.count == 0 { return nil }
      throw GraphError(
        code: .resourceExhausted, message: "a mean may have 2^23 pixels, got \(plane)")
    }
    let sums = operands.scratch.assumingMemoryBound(to: Int32.self)
    let factors = (operands.scratch + 4 * channels).assumingMemoryBound(to: Float.self)
    let (source, target) = (UnsafePointer(input.pointer(UInt8.self)), output.pointer(UInt8.self))
    let factor = Float(Double(scales.input) / (Double(max(plane, 1)) * Double(scales.output)))
    let (isSigned, isLast, range) = (type == .int8, isLast, range)
    let (table, zeros) = (Kernels.active.table, Int32(plane) * zero)
    return {
      for image in 0..<shape[0] {
        let from = source + image * plane * channels
        if isLast {
          table.pointee.sumRowsOfBytes(sums, from, plane, channels, isSigned)
        } else {
          for channel in 0..<channels {
            var sum: Int32 = 0
            for index in 0..<plane {
              let byte = from[channel * plane + index]
              sum += isSigned ? Int32(Int8(bitPattern: byte)) : Int32(byte)
            }
            sums[channel] = sum
          }
        }
        for channel in 0..<channels {
          sums[channel] -= zeros
          factors[channel] = factor
        }
        table.pointee.requantize(
          target + image * channels, sums, factors, channels, range.zero, isSigned)
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: FusedAttribute.domain) { context throws(GraphError) in
      try QuantizedMeanOperator(context)
    }
  }
}
