internal import CKernels

/// QuantizeLinear and DequantizeLinear: per tensor, per index of an axis, or per block of one.
struct QuantizeOperator: Operator {
  let isQuantizing: Bool
  let axis: Int
  let blockSize: Int
  let outputType: DataType?

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let scale = try inputs.type(1, among: [.fp32, .fp16, .bf16])
    let targets: [DataType] =
      [.uint8, .int8, .uint16, .int16, .int4, .uint4] + DataType.tinyFloats
    let type = try inputs.type(
      0, among: isQuantizing ? [.fp32, .fp16, .bf16, .int32] : targets + [.int32])
    if let zero = inputs.optional(2), let size = zero.shape, let scales = scale.shape {
      let areSingle = Shape.elementCount(size) == 1 && Shape.elementCount(scales) == 1
      guard size == scales || areSingle || size.contains(-1) || scales.contains(-1) else {
        throw GraphError(
          code: .shapeMismatch,
          message: "scale \(Shape.describe(scales)) and zero point \(Shape.describe(size)) "
            + "must agree")
      }
    }
    if let shape = type.shape, let scales = scale.shape {
      _ = try Blocks(shape, scales, axis: axis, blockSize: blockSize)
    }
    if !isQuantizing {
      if inputs.optional(2) != nil { _ = try inputs.type(2, among: [type.dataType]) }
      return [TensorType(scale.dataType, type.shape)]
    }
    let zero = inputs.optional(2).map(\.dataType)
    let result = outputType ?? zero ?? .uint8
    guard targets.contains(result), zero == nil || zero == result else {
      throw GraphError(
        code: .unsupportedType,
        message: "QuantizeLinear makes integers of 4 to 16 bits and 8-bit floats, got \(result)")
    }
    return [TensorType(result, type.shape)]
  }

  /// Which scale belongs to an element.
  struct Blocks {
    private let inner: Int
    private let size: Int
    private let block: Int
    private let count: Int

    init(_ shape: [Int], _ scales: [Int], axis: Int, blockSize: Int) throws(GraphError) {
      if scales.isEmpty || scales == [1] {
        (inner, size, block, count) = (1, 1, 1, 1)
        return
      }
      let at = try normalizedAxis(axis, rank: shape.count)
      let isBlocked = scales.count == shape.count && blockSize > 0
      let fits =
        isBlocked
        ? shape.indices.allSatisfy {
          $0 == at || shape[$0] == scales[$0] || shape[$0] < 0 || scales[$0] < 0
        }
          && (shape[at] < 0 || scales[at] < 0
            || scales[at] == (shape[at] + blockSize - 1) / blockSize)
        : scales.count == 1 && (scales[0] == shape[at] || scales[0] < 0 || shape[at] < 0)
      guard fits else {
        throw GraphError(
          code: .shapeMismatch,
          message: "scales \(Shape.describe(scales)) do not fit axis \(axis) of "
            + Shape.describe(shape))
      }
      inner = Shape.product(shape[(at + 1)...])
      size = max(shape[at], 1)
      block = isBlocked ? blockSize : 0
      count = isBlocked ? scales[at] : size
    }

    /// Neighbours that share a scale of an axis's index, and the axis's size; nil for blocks.
    var runs: (length: Int, count: Int)? { block == 0 ? (inner, size) : nil }

    /// Whether all elements share one scale.
    var isSingle: Bool { count == 1 && size == 1 }

    func callAsFunction(_ index: Int) -> Int {
      if isSingle { return 0 }
      let place = index / inner % size
      if block == 0 { return place }
      return (index / inner / size * count + place / block) * inner + index % inner
    }
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, scale) = (try operands.input(0), try operands.input(1))
    let output = try operands.output()
    let blocks = try Blocks(input.shape, scale.shape, axis: axis, blockSize: blockSize)
    let zero = operands.optional(2)
    let (bytes, floats) = isQuantizing ? (output, input) : (input, output)
    if blocks.isSingle, bytes.count > 0, scale.dataType == .fp32, floats.dataType == .fp32 {
      switch bytes.dataType {
      case .uint8: return byteStep(UInt8.self, bytes, floats, scale, zero)
      case .int8: return byteStep(Int8.self, bytes, floats, scale, zero)
      default: break
      }
    }
    if isQuantizing {
      if input.dataType == .fp32, scale.dataType == .fp32 {
        return Self.quantize(
          Float.self, Float.self, try output.dataType.numeric(), input, scale, zero, output,
          blocks)
      }
      return Self.quantize(
        try input.dataType.numeric(), try scale.dataType.numeric(),
        try output.dataType.numeric(), input, scale, zero, output, blocks)
    }
    if let runs = blocks.runs, scale.dataType == .fp32, output.count > 0 {
      switch input.dataType {
      case .uint8: return Self.dequantizeRuns(UInt8.self, input, scale, zero, output, runs)
      case .int8: return Self.dequantizeRuns(Int8.self, input, scale, zero, output, runs)
      default: break
      }
    }
    return Self.dequantize(
      try input.dataType.numeric(), try scale.dataType.numeric(), input, scale, zero, output,
      blocks)
  }

  /// Bytes that share one scale, in loops without a choice.
  private func byteStep<B: FixedWidthInteger>(
    _ type: B.Type, _ bytes: Operand, _ floats: Operand, _ scale: Operand, _ zero: Operand?
  ) -> Step {
    let (bytes, count) = (bytes.pointer(B.self), bytes.count)
    let (floats, scale, zero) = (floats.f32, scale.f32, zero?.pointer(B.self))
    let (table, isSigned) = (Kernels.active.table, B.isSigned)
    return isQuantizing
      ? {
        let target = UnsafeMutableRawPointer(bytes).assumingMemoryBound(to: UInt8.self)
        table.pointee.quantize(
          target, floats, count, scale[0], Int32(zero?[0] ?? 0), isSigned)
      }
      : {
        let source = UnsafeRawPointer(bytes).assumingMemoryBound(to: UInt8.self)
        table.pointee.dequantize(
          floats, source, count, scale[0], Int32(zero?[0] ?? 0), isSigned)
      }
  }

  private static func quantize<T: Element, S: Element, R: Element>(
    _ type: T.Type, _ scaleType: S.Type, _ resultType: R.Type, _ input: Operand,
    _ scale: Operand, _ zero: Operand?, _ output: Operand, _ blocks: Blocks
  ) -> Step {
    let (source, scales) = (input.pointer(T.self), scale.pointer(S.self))
    let (zeros, target) = (zero?.pointer(R.self), output.pointer(R.self))
    let isFloat = DataType.tinyFloats.contains(output.dataType)
    return {
      for index in 0..<output.count {
        let at = blocks(index)
        // Divided in single precision and rounded half to even, as the standard says;
        // conversion saturates.
        let quotient = Float(source[index].asDouble) / Float(scales[at].asDouble)
        let rounded = Double(isFloat ? quotient : quotient.rounded(.toNearestOrEven))
        target[index] = R(converting: rounded + (zeros?[at].asDouble ?? 0))
      }
    }
  }

  /// Bytes with a scale for each index of an axis: run by run, or, where the axis is the last one,
  /// scale by scale.
  private static func dequantizeRuns<B: FixedWidthInteger>(
    _ type: B.Type, _ input: Operand, _ scale: Operand, _ zero: Operand?, _ output: Operand,
    _ runs: (length: Int, count: Int)
  ) -> Step {
    let (source, target) = (input.pointer(UInt8.self), output.f32)
    let (scales, zeros) = (scale.f32, zero?.pointer(B.self))
    let (length, count) = runs
    let rows = output.count / (length * count)
    let (table, isSigned) = (Kernels.active.table, B.isSigned)
    if length == 1 {
      let zeros = zero?.pointer(UInt8.self)
      return {
        for start in stride(from: 0, to: rows * count, by: count) {
          table.pointee.dequantizeEach(
            target + start, source + start, count, scales, zeros, isSigned)
        }
      }
    }
    return {
      for run in 0..<rows * count {
        let (start, place) = (run * length, run % count)
        table.pointee.dequantize(
          target + start, source + start, length, scales[place], Int32(zeros?[place] ?? 0),
          isSigned)
      }
    }
  }

  private static func dequantize<T: Element, S: Element>(
    _ type: T.Type, _ scaleType: S.Type, _ input: Operand, _ scale: Operand, _ zero: Operand?,
    _ output: Operand, _ blocks: Blocks
  ) -> Step {
    let (source, scales) = (input.pointer(T.self), scale.pointer(S.self))
    let (zeros, target) = (zero?.pointer(T.self), output.pointer(S.self))
    return {
      for index in 0..<output.count {
        let at = blocks(index)
        let value = source[index].asDouble - (zeros?[at].asDouble ?? 0)
        target[index] = S(converting: value * scales[at].asDouble)
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    for (name, isQuantizing) in [("QuantizeLinear", true), ("DequantizeLinear", false)] {
      registry.register(name) { context throws(GraphError) in
        let code = try context.int("output_dtype", default: 0)
        guard let type = code == 0 ? .uint8 : DataType(onnxCode: code) else {
          throw context.unsupported("output_dtype", "\(code)", expected: "an integer type")
        }
        let blockSize = try context.int("block_size", default: 0)
        guard (0...1 << 30).contains(blockSize) else {
          throw GraphError(
            code: .invalidAttribute, message: "block_size must be in 0...\(1 << 30)")
        }
        return QuantizeOperator(
          isQuantizing: isQuantizing, axis: try context.int("axis", default: 1),
          blockSize: blockSize, outputType: code == 0 ? nil : type)
      }
    }
    registry.register("DynamicQuantizeLinear") { _ in DynamicQuantizeOperator() }
  }
}

/// DynamicQuantizeLinear: to UINT8, with scale and zero point from the data's own range.
struct DynamicQuantizeOperator: Operator {
  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32])
    return [TensorType(.uint8, type.shape), TensorType(.fp32, []), TensorType(.uint8, [])]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), operands.optionalOutput(0))
    let (source, count) = (input.f32, input.count)
    let target = output?.pointer(UInt8.self)
    let scales = operands.optionalOutput(1)?.f32
    let zeros = operands.optionalOutput(2)?.pointer(UInt8.self)
    let table = Kernels.active.table
    return {
      // The range holds zero, so that zero is exact.
      var (low, high) = (Float(0), Float(0))
      table.pointee.rangeWithZero(source, count, &low, &high)
      let scale = high == low ? 1 / 255 : (high - low) / 255
      let zero = min(max((-low / scale).rounded(.toNearestOrEven), 0), 255)
      scales?[0] = scale
      zeros?[0] = UInt8(zero.isNaN ? 0 : zero)
      guard let target else { return }
      table.pointee.quantize(target, source, count, scale, Int32(zero.isNaN ? 0 : zero), false)
    }
  }
}
