internal import CKernels

/// Rows of bytes times a constant matrix, plus a bias, quantised again. Inputs are QLinearConv's;
/// the matrix is [columns, k] with `transB`, else [k, columns].
struct QuantizedGemmKernel: Operator {
  static let opType = "QLinearGemm"

  private let types: (input: DataType, output: DataType)
  private let scales: QuantizedScales
  private let sizes: (k: Int, n: Int)
  private let packed: (matrix: PackedIntegerMatrix, offsets: AlignedFloats, factors: AlignedFloats)?

  /// The constants of a node that the kernel suits, nil for others.
  static func constants(
    _ node: Node, inputType: DataType, _ constant: (Int) -> Tensor?
  ) -> QuantizedConstants? {
    guard node.inputs.count >= 8, node.outputs.count == 1 else { return nil }
    let transposes = transposes(node)
    return QuantizedConstants(
      inputType: inputType, constant, hasBias: node.inputs.count > 8 && !node.inputs[8].isEmpty
    ) { shape in shape.count == 2 ? shape[transposes ? 0 : 1] : nil }
  }

  private static func transposes(_ node: Node) -> Bool {
    if case .int(let given) = node.attributes["transB"] { return given != 0 }
    return false
  }

  init(_ context: OperatorContext) throws(GraphError) {
    let (inputType, found) = try QuantizedConstants.required(context, by: Self.constants)
    let (weight, transposes) = (found.weight, Self.transposes(context.node))
    (types, scales) = ((inputType, found.outputType), found.scales)
    sizes = transposes ? (weight.shape[1], weight.shape[0]) : (weight.shape[0], weight.shape[1])
    guard context.packsWeights else {
      packed = nil
      return
    }
    let matrix = PackedIntegerMatrix(
      weight.storage.base, isUnsigned: weight.dataType == .uint8,
      rowStride: transposes ? 1 : sizes.n, columnStride: transposes ? sizes.k : 1,
      rowCount: sizes.k, columnCount: sizes.n)
    let (offsets, factors) = scales.columns(of: matrix)
    packed = (matrix, offsets, factors)
  }

  var weightByteCount: Int {
    packed.map { $0.matrix.byteCount + ($0.offsets.count + $0.factors.count) * 4 } ?? 0
  }

  func reads(input index: Int) -> Bool { index == 0 }

  /// Only packed weights can be multiplied with.
  var isFoldable: Bool { packed != nil }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [types.input])
    guard let shape = type.shape else { return [TensorType(types.output, nil)] }
    guard shape.count == 2, shape[1] == sizes.k || shape[1] < 0 else {
      throw GraphError(
        code: .shapeMismatch,
        message: "expected rows of \(sizes.k), got \(Shape.describe(shape))")
    }
    return [TensorType(types.output, [shape[0], sizes.n])]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) -> Double {
    Double(inputs.optional(0)?.shape?[0] ?? 0) * Double(sizes.k) * Double(sizes.n) / 64
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    guard output.count > 0 else { return nil }
    guard let packed else {
      throw GraphError(code: .invalidGraph, message: "\(Self.opType) runs in compiled models only")
    }
    let (rows, threads) = (input.shape[0], operands.threadPool)
    let left = ByteRows(input, k: sizes.k)
    let product = QuantizedProduct(
      right: packed.matrix, offsets: packed.offsets.integers, factors: packed.factors.base,
      output: .bytes(output.pointer(UInt8.self), scales.output))
    return { product.run(rowCount: rows, threads: threads, rows: left.callAsFunction) }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: FusedAttribute.domain) { context throws(GraphError) in
      try QuantizedGemmKernel(context)
    }
  }
}

/// Rows of bytes as the kernels read them: unsigned, in whole lanes of four.
struct ByteRows {
  private let source: UnsafePointer<UInt8>
  private let k: Int
  private let flip: UInt8

  init(_ operand: Operand, k: Int) {
    source = UnsafePointer(operand.pointer(UInt8.self))
    self.k = k
    flip = operand.dataType == .int8 ? 128 : 0
  }

  /// Rows of a range: in place, or as a copy in this thread's scratch.
  func callAsFunction(_ range: Range<Int>) -> (first: UnsafePointer<UInt8>, stride: Int) {
    let stride = QuantizedProduct.rowStride(k)
    guard flip != 0 || stride != k else { return (source + range.lowerBound * k, k) }
    let copy = Scratch.left.bytes(range.count * stride).assumingMemoryBound(to: UInt8.self)
    for row in 0..<range.count {
      let (to, from) = (copy + row * stride, source + (range.lowerBound + row) * k)
      for index in 0..<k { to[index] = from[index] ^ flip }
      for index in k..<stride { to[index] = 0 }
    }
    return (UnsafePointer(copy), stride)
  }
}
