/// MatMulInteger by a constant matrix, then to FP32, times a scale, plus a bias: A, B, A's zero
/// point, B's zero point, the scale (one number, or one per column), the bias (optional, a row).
/// Each sum is exact, and is scaled while it is still in the first cache.
struct DynamicProductOperator: Operator {
  static let opType = "MatMulIntegerToFloat"

  private let inputType: DataType
  private let weight: TensorType
  private let packed: PackedIntegerMatrix?

  /// Whether a node's constants suit the kernel.
  static func suits(_ weight: Tensor?, zero: Tensor?) -> Bool {
    guard let weight, QuantizedConstants.bytes.contains(weight.dataType),
      weight.shape.count == 2, weight.elementCount > 0
    else { return false }
    // Packing takes these zero points away.
    guard let zero else { return weight.dataType == .int8 }
    guard let zeros = QuantizedConstants.integers(zero, weight.dataType) else { return false }
    guard zeros.count == 1 || zeros.count == weight.shape[1] else { return false }
    return zeros.allSatisfy { $0 == (weight.dataType == .uint8 ? 128 : 0) }
  }

  init(_ context: OperatorContext) throws(GraphError) {
    inputType = try context.known.type(0, among: QuantizedConstants.bytes).dataType
    let hasZero = context.known.optional(3) != nil
    guard let given = context.constant(1), Self.suits(given, zero: context.constant(3)),
      !hasZero || context.constant(3) != nil
    else {
      throw GraphError(
        code: .invalidGraph, message: "\(Self.opType) needs a constant matrix that suits its kernel"
      )
    }
    weight = TensorType(given.dataType, given.shape)
    packed =
      context.packsWeights
      ? PackedIntegerMatrix(
        given.storage.base, isUnsigned: given.dataType == .uint8, rowStride: given.shape[1],
        rowCount: given.shape[0], columnCount: given.shape[1]) : nil
  }

  var weightByteCount: Int { packed?.byteCount ?? 0 }
  var isFoldable: Bool { packed != nil }
  func reads(input index: Int) -> Bool { index != 1 && index != 3 }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let a = try inputs.type(0, among: [inputType])
    guard let left = a.shape, let right = weight.shape else { return [TensorType(.fp32, nil)] }
    try IntegerOperand.check(inputs, 2, inputType)
    try inputs.checkScalar(2)
    let scale = try inputs.type(4, among: [.fp32])
    if let shape = scale.shape, let count = Shape.elementCount(shape),
      count != 1, count != right[1]
    {
      throw GraphError(
        code: .shapeMismatch,
        message: "the scale must have 1 or \(right[1]) elements, got \(count)")
    }
    return [TensorType(.fp32, try MatMulOperator.sizes(left, right).result)]
  }

  /// Columns to the end of the last panel.
  private var columnCount: Int {
    let panel = Kernels.active.panelColumns
    return ((weight.shape?[1] ?? 0) + panel - 1) / panel * panel
  }

  // Offsets, factors, and a bias that reaches to the end of the last panel.
  func scratchByteCount(_ inputs: KnownInputs) -> Int { 12 * columnCount }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) -> Double {
    guard let shape = inputs.optional(0)?.shape, let size = weight.shape else { return 0 }
    return Double(Shape.product(shape[...])) * Double(size[1]) / 64
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (a, output) = (try operands.input(0), try operands.output())
    guard output.count > 0 else { return nil }
    guard let packed else {
      throw GraphError(code: .invalidGraph, message: "\(Self.opType) runs in compiled models only")
    }
    let (k, n, count) = (packed.rowCount, packed.columnCount, columnCount)
    let offsets = operands.scratch.assumingMemoryBound(to: Int32.self)
    let factors = (operands.scratch + 4 * count).assumingMemoryBound(to: Float.self)
    let scale = try operands.input(4)
    let (scales, isSingle) = (scale.f32, scale.count == 1)
    let zero = operands.optional(2).map { IntegerOperand($0) }
    let given = operands.optional(5)?.f32
    let bias = (operands.scratch + 8 * count).assumingMemoryBound(to: Float.self)
    let product = QuantizedProduct(
      right: packed, offsets: offsets, factors: factors,
      output: .floats(output.f32, bias: given == nil ? nil : bias))
    let (rows, threads) = (output.count / n, operands.threadPool)
    let (left, flip) = (ByteRows(a, k: k), Int32(a.dataType == .int8 ? 128 : 0))
    return {
      let shift = (zero?[0] ?? 0) + flip
      let sums = packed.columnSums
      for column in 0..<n {
        offsets[column] = 0 &- shift &* sums[column]
        factors[column] = scales[isSingle ? 0 : column]
      }
      if let given { bias.update(from: given, count: n) }
      // What lies behind the last column is computed, and not stored.
      for column in n..<count { (offsets[column], factors[column], bias[column]) = (0, 0, 0) }
      product.run(rowCount: rows, threads: threads, rows: left.callAsFunction)
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: FusedAttribute.domain) { context throws(GraphError) in
      try DynamicProductOperator(context)
    }
  }
}
