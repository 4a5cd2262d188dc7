/// The constants of a product that is quantised again, in the order of QLinearConv's inputs: x, its
/// scale and zero point, w, its scale and zero point, the result's scale and zero point, bias.
/// They suit the kernels if they are known, FP32 and finite, and the weights' zero point is one that
/// packing takes away: 0, or 128 if they are unsigned.
struct QuantizedConstants {
  let weight: Tensor
  let scales: QuantizedScales
  let outputType: DataType

  /// nil if they do not suit. `filters` says how many filters a weight of some shape has.
  init?(
    inputType: DataType, _ constant: (Int) -> Tensor?, hasBias: Bool,
    filters: ([Int]) -> Int?
  ) {
    guard let weight = constant(3), Self.bytes.contains(weight.dataType),
      Self.bytes.contains(inputType), weight.elementCount > 0, let count = filters(weight.shape),
      let inputScale = Self.number(constant(1)), let outputScale = Self.number(constant(6)),
      let inputZero = Self.integers(constant(2), inputType),
      let output = constant(7), Self.bytes.contains(output.dataType),
      let outputZero = Self.integers(output, output.dataType),
      inputZero.count == 1, outputZero.count == 1,
      let scales = constant(4), scales.dataType == .fp32, scales.shape.count <= 1,
      scales.elementCount == 1 || scales.elementCount == count,
      let zeros = Self.integers(constant(5), weight.dataType),
      zeros.allSatisfy({ $0 == (weight.dataType == .uint8 ? 128 : 0) })
    else { return nil }
    var bias: [Int32] = []
    if hasBias {
      guard let given = constant(8), given.dataType == .int32, given.elementCount == count else {
        return nil
      }
      bias = given.elements(as: Int32.self)
    }
    self.weight = weight
    outputType = output.dataType
    self.scales = QuantizedScales(
      inputScale: inputScale, inputZero: inputZero[0], inputIsSigned: inputType == .int8,
      weightScales: scales.elements(as: Float.self), outputScale: outputScale,
      output: ByteRange(zero: outputZero[0], isSigned: output.dataType == .int8), bias: bias)
    guard self.scales.areFinite else { return nil }
  }

  /// Those of a node that a pass made because it has them, with the input's type.
  static func required(
    _ context: OperatorContext,
    by find: (Node, DataType, (Int) -> Tensor?) -> QuantizedConstants?
  ) throws(GraphError) -> (inputType: DataType, constants: QuantizedConstants) {
    let inputType = try context.known.type(0, among: bytes).dataType
    guard let found = find(context.node, inputType, { context.constant($0) }) else {
      throw GraphError(
        code: .invalidGraph,
        message: "\(context.node.opType) needs constants that suit its kernel")
    }
    return (inputType, found)
  }

  static let bytes: [DataType] = [.uint8, .int8]

  static func number(_ tensor: Tensor?) -> Float? {
    guard let tensor, tensor.dataType == .fp32, tensor.elementCount == 1 else { return nil }
    return tensor.elements(as: Float.self)[0]
  }

  static func integers(_ tensor: Tensor?, _ type: DataType) -> [Int32]? {
    guard let tensor, tensor.dataType == type else { return nil }
    return type == .uint8
      ? tensor.elements(as: UInt8.self).map { Int32($0) }
      : tensor.elements(as: Int8.self).map { Int32($0) }
  }
}
