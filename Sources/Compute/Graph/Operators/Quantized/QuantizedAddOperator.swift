internal import CKernels

/// The sum of two dequantised tensors, quantised again: A, its scale and zero point, B, its scale
/// and zero point, the result's scale and zero point. All of one type; only A and B need not be
/// known at load.
struct QuantizedAddOperator: Operator {
  static let opType = "QLinearAdd"

  private let type: DataType
  /// Of A, B and the result.
  private let scales: [Float]
  private let zeros: [Int32]

  init(_ context: OperatorContext) throws(GraphError) {
    type = try context.known.type(0, among: QuantizedConstants.bytes).dataType
    var (scales, zeros) = ([Float](), [Int32]())
    for index in [1, 4, 6] {
      guard let scale = QuantizedConstants.number(context.constant(index)),
        let zero = QuantizedConstants.integers(context.constant(index + 1), type), zero.count == 1
      else {
        throw GraphError(
          code: .invalidGraph, message: "\(Self.opType) needs constant scales and zero points")
      }
      scales.append(scale)
      zeros.append(zero[0])
    }
    (self.scales, self.zeros) = (scales, zeros)
  }

  func reads(input index: Int) -> Bool { index == 0 || index == 3 }
  var inPlaceInputs: [Int] { [0, 3] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let (a, b) = (try inputs.type(0, among: [type]), try inputs.type(3, among: [type]))
    guard let left = a.shape, let right = b.shape else { return [TensorType(type, nil)] }
    guard let shape = Shape.broadcast(left, right) else {
      throw GraphError(
        code: .shapeMismatch,
        message: "shapes must broadcast, got \(Shape.describe(left)) and \(Shape.describe(right))")
    }
    return [TensorType(type, shape)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (a, b, output) = (
      try operands.input(0), try operands.input(3), try operands.output()
    )
    let range = ByteRange(zero: zeros[2], isSigned: type == .int8)
    var whole = ck_add_bytes()
    (whole.leftScale, whole.rightScale, whole.scale) = (scales[0], scales[1], scales[2])
    (whole.leftZero, whole.rightZero, whole.zero) = (zeros[0], zeros[1], zeros[2])
    (whole.low, whole.high, whole.isSigned) = (range.low, range.high, type == .int8)
    whole.left = UnsafePointer(a.pointer(UInt8.self))
    whole.right = UnsafePointer(b.pointer(UInt8.self))
    whole.output = output.pointer(UInt8.self)
    whole.count = output.count
    let (shared, table) = (whole, Kernels.active.table)
    if a.shape == b.shape {
      return {
        var call = shared
        table.pointee.addBytes(&call)
      }
    }
    let rank = output.shape.count
    let walk = StridedWalk(
      output.shape,
      strides: [Broadcast.strides(a.shape, rank), Broadcast.strides(b.shape, rank)])
    return {
      var call = shared
      call.count = 1
      walk.forEach { index, offsets in
        call.left = shared.left + offsets.0
        call.right = shared.right + offsets.1
        call.output = shared.output + index
        table.pointee.addBytes(&call)
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: FusedAttribute.domain) { context throws(GraphError) in
      try QuantizedAddOperator(context)
    }
  }
}
