/// A product with a constant matrix of 2, 4 or 8-bit integers that share a scale, and maybe a zero
/// point, in blocks along the inner axis. The matrix is unpacked when the model is loaded.
struct MatMulNBits {
  private let (inner, outer, bits, block): (Int, Int, Int, Int)
  private var blocks: Int { (inner + block - 1) / block }
  /// Bytes of a block, and of a row's zero points.
  private var blockBytes: Int { block * bits / 8 }
  private var zeroBytes: Int { (blocks * bits + 7) / 8 }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("MatMulNBits", domain: contributed) { e throws(GraphError) in
      let matrix = try MatMulNBits(e.context).unpacked(e.context)
      var result = e.value("MatMul", [try e.input(0), e.constant(matrix)])
      if let bias = e.optional(5) { result = e.value("Add", [result, bias]) }
      e.give(result)
    }
  }

  private init(_ context: OperatorContext) throws(GraphError) {
    inner = try context.int("K", default: 0)
    outer = try context.int("N", default: 0)
    bits = try context.int("bits", default: 4)
    block = try context.int("block_size", default: 0)
    let order = context.known.optional(4)?.shape.flatMap { Shape.elementCount($0) } ?? 0
    guard inner > 0, outer > 0, [2, 4, 8].contains(bits), block >= 16, block & (block - 1) == 0,
      block <= 1 << 16, inner <= 1 << 32, order == 0
    else {
      throw GraphError(
        code: .unsupportedAttribute,
        message: "MatMulNBits supports matrices of 2, 4 or 8 bits in blocks of a power of two from "
          + "16 on, without g_idx; got \(inner) by \(outer) of \(bits) in blocks of \(block)")
    }
  }

  /// The matrix as [inner, outer] in the type of the scales.
  private func unpacked(_ context: OperatorContext) throws(GraphError) -> Tensor {
    guard let packed = context.constant(1), let scales = context.constant(2),
      packed.dataType == .uint8, DataType.floats.contains(scales.dataType)
    else {
      throw GraphError(
        code: .invalidGraph, message: "MatMulNBits needs its matrix and scales as constants")
    }
    let (count, overflows) = outer.multipliedReportingOverflow(by: blocks * blockBytes)
    let zeros = context.constant(3)
    guard !overflows, packed.elementCount == count, scales.elementCount == outer * blocks,
      context.known.optional(3) == nil || zeros != nil,
      zeros.map({
        $0.elementCount == ($0.dataType == .uint8 ? outer * zeroBytes : outer * blocks)
          && ($0.dataType == .uint8 || $0.dataType == scales.dataType)
      }) ?? true
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "\(inner) by \(outer) numbers of \(bits) bits need \(blocks) blocks of "
          + "\(blockBytes) bytes a column, as many scales, and zero points if any; got "
          + "\(Shape.describe(packed.shape)) and \(Shape.describe(scales.shape))")
    }
    // Up to 32 times as much as in the file.
    let byteCount = inner * outer * (scales.dataType.elementByteCount ?? 1)
    guard byteCount <= context.options.weightByteCountMax else {
      throw GraphError(
        code: .resourceExhausted,
        message: "an unpacked matrix may take \(context.options.weightByteCountMax) bytes "
          + "(weightByteCountMax), got \(byteCount)")
    }
    return fill(try scales.dataType.numeric(), packed, scales, zeros)
  }

  private func fill<T: Element>(
    _ type: T.Type, _ packed: Tensor, _ scales: Tensor, _ zeros: Tensor?
  ) -> Tensor {
    let (bytes, factors) = (packed.elements(as: UInt8.self), scales.elements(as: T.self))
    let packedZeros = zeros?.dataType == .uint8 ? zeros?.elements(as: UInt8.self) : nil
    let plainZeros = zeros?.dataType == .uint8 ? nil : zeros?.elements(as: T.self)
    let middle = Double(1 << (bits - 1))
    var result = [T](repeating: T.zero, count: inner * outer)
    for column in 0..<outer {
      for part in 0..<blocks {
        let at = column * blocks + part
        let factor = factors[at].asDouble
        let zero =
          packedZeros.map { Double(number($0[(column * zeroBytes)...], part)) }
          ?? plainZeros?[at].asDouble ?? middle
        let source = bytes[(at * blockBytes)...]
        for index in 0..<min(block, inner - part * block) {
          let value = (Double(number(source, index)) - zero) * factor
          result[(part * block + index) * outer + column] = T(converting: value)
        }
      }
    }
    return Tensor(result, shape: [inner, outer], dataType: scales.dataType)
  }

  /// One of the numbers packed in bytes, the lowest bits first.
  private func number(_ bytes: ArraySlice<UInt8>, _ index: Int) -> UInt8 {
    let bit = index * bits
    return bytes[bytes.startIndex + bit / 8] >> UInt8(bit % 8) & UInt8(1 << bits - 1)
  }
}
