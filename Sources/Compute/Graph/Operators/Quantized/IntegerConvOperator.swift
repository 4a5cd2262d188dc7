/// ConvInteger and QLinearConv: convolutions of 8-bit integers, summed in 32 bits.
struct IntegerConvOperator: Operator {
  private let plain: ConvOperator
  private let product: IntegerProduct

  init(_ context: OperatorContext, isRequantizing: Bool) throws(GraphError) {
    plain = try ConvOperator(context)
    product = IntegerProduct(isRequantizing: isRequantizing)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let (x, w, result) = try product.types(inputs)
    let isRequantizing = product.isRequantizing
    if isRequantizing, inputs.optional(8) != nil { _ = try inputs.type(8, among: [.int32]) }
    guard let shape = x.shape, let filters = w.shape else { return [TensorType(result, nil)] }
    let axes = try plain.axes(shape, filters)
    let perChannel = isRequantizing ? [4, 5, 8] : [3]
    for index in perChannel + (isRequantizing ? [1, 2, 6, 7] : [2]) {
      guard let size = inputs.optional(index)?.shape, let count = Shape.elementCount(size) else {
        continue
      }
      let isRight =
        perChannel.contains(index)
        ? count == filters[0] || (count == 1 && index != 8) : count == 1
      guard isRight || filters[0] < 0 else {
        throw GraphError(
          code: .shapeMismatch,
          message: "input \(index) must be one number, or one per filter where there may be, got "
            + Shape.describe(size))
      }
    }
    return [TensorType(result, [shape[0], filters[0]] + axes.map(\.output))]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let shape = inputs.optional(product.left)?.shape,
      let filters = inputs.optional(product.right)?.shape
    else { return 0 }
    return try plain.work(shape, filters)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (x, w) = (try operands.input(product.left), try operands.input(product.right))
    let loop = SpatialLoop(try plain.axes(x.shape, w.shape))
    let (source, filters) = (IntegerOperand(x), IntegerOperand(w))
    let (zeroX, zeroW) = product.zeros(operands)
    let bias = product.isRequantizing ? operands.optional(8)?.pointer(Int32.self) : nil
    let result = try product.result(operands)
    let (batch, channels, group) = (x.shape[0], w.shape[1], plain.group)
    let perGroup = w.shape[0] / group
    let (plane, outPlane, taps) = (loop.inputCount, loop.outputCount, loop.kernelCount)
    return {
      let shift = zeroX?[0] ?? 0
      for image in 0..<batch {
        for filter in 0..<perGroup * group {
          let from = (image * group * channels + filter / perGroup * channels) * plane
          let weights = filter * channels * taps
          let to = (image * group * perGroup + filter) * outPlane
          let shiftW = zeroW?.shared(filter) ?? 0
          loop.forEachOutput { position, origin in
            var sum = bias?[filter] ?? 0
            // Padding is the zero point, and so adds nothing.
            loop.forEachTap(origin) { tap, index in
              for channel in 0..<channels {
                let value = source[from + channel * plane + index] &- shift
                sum = sum &+ value &* (filters[weights + channel * taps + tap] &- shiftW)
              }
            }
            result.store(sum, at: to + position, row: 0, column: filter)
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("ConvInteger") { context throws(GraphError) in
      try IntegerConvOperator(context, isRequantizing: false)
    }
    registry.register("QLinearConv") { context throws(GraphError) in
      try IntegerConvOperator(context, isRequantizing: true)
    }
  }
}
