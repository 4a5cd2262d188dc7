/// QLinearConv of images in NHWC through the packed kernel; the layout pass writes it.
struct QuantizedConvKernel: Operator {
  static let opType = "QLinearConvNHWC"

  private let plain: ConvOperator
  private let filters: [Int]
  private let types: (input: DataType, output: DataType)
  private let scales: QuantizedScales
  private let packed: QuantizedConvolution?

  /// The constants of a node that the kernel suits, nil for others.
  static func constants(
    _ node: Node, inputType: DataType, _ constant: (Int) -> Tensor?
  ) -> QuantizedConstants? {
    guard node.inputs.count >= 8, node.outputs.count == 1 else { return nil }
    var groups = 1
    if case .int(let given) = node.attributes["group"] { groups = Int(given) }
    return QuantizedConstants(
      inputType: inputType, constant, hasBias: node.inputs.count > 8 && !node.inputs[8].isEmpty
    ) { shape in
      shape.count == 4 && QuantizedConvolution.supports(groups: groups, filters: shape)
        ? shape[0] : nil
    }
  }

  init(_ context: OperatorContext) throws(GraphError) {
    plain = try ConvOperator(context)
    let (inputType, found) = try QuantizedConstants.required(context, by: Self.constants)
    filters = found.weight.shape
    types = (inputType, found.outputType)
    scales = found.scales
    packed =
      context.packsWeights
      ? QuantizedConvolution(
        filters: filters, groups: plain.group, weights: found.weight.storage.base,
        weightsAreUnsigned: found.weight.dataType == .uint8, scales: found.scales) : nil
  }

  var weightByteCount: Int { packed?.byteCount ?? 0 }

  func reads(input index: Int) -> Bool { index == 0 }

  /// Only packed weights can be multiplied with.
  var isFoldable: Bool { packed != nil }

  private func axes(_ shape: [Int]) throws(GraphError) -> [Window.Axis] {
    guard shape.count == 4 else {
      throw GraphError(
        code: .shapeMismatch,
        message: "a convolution in NHWC needs rank 4, got \(Shape.describe(shape))")
    }
    return try plain.axes([shape[0], shape[3], shape[1], shape[2]], filters)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [types.input])
    guard let shape = type.shape else { return [TensorType(types.output, nil)] }
    let axes = try axes(shape)
    return [TensorType(types.output, [shape[0], axes[0].output, axes[1].output, filters[0]])]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let shape = inputs.optional(0)?.shape else { return 0 }
    // The kernels do some 64 multiplications in the time of a plain one.
    return try plain.work([shape[0], shape[3], shape[1], shape[2]], filters) / 64
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    guard let packed, let shape = inputs.optional(0)?.shape else { return 0 }
    guard
      let count = packed.scratchByteCount(
        height: shape[1], width: shape[2], geometry: WindowGeometry(try axes(shape)))
    else {
      throw GraphError(code: .resourceExhausted, message: "the padded image is too large")
    }
    return count
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    guard output.count > 0 else { return nil }
    guard let packed else {
      throw GraphError(code: .invalidGraph, message: "\(Self.opType) runs in compiled models only")
    }
    let shape = input.shape
    let geometry = WindowGeometry(try axes(shape))
    let (source, target) = (UnsafePointer(input.pointer(UInt8.self)), output.pointer(UInt8.self))
    let (scratch, threads) = (operands.scratch, operands.threadPool)
    return {
      packed.run(
        source, batch: shape[0], height: shape[1], width: shape[2], geometry: geometry,
        into: target, scratch: scratch, threads: threads)
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: FusedAttribute.domain) { context throws(GraphError) in
      try QuantizedConvKernel(context)
    }
  }
}
