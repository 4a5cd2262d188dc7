/// ConvInteger and QLinearConv: convolutions of 8-bit integers, summed in 32 bits.
struct IntegerConvOperator: Operator {
  private let plain: ConvOperator
  /// Whether the output is quantised again.
  private let isRequantizing: Bool

  init(_ context: OperatorContext, isRequantizing: Bool) throws(GraphError) {
    plain = try ConvOperator(context)
    self.isRequantizing = isRequantizing
  }

  /// Positions of the operands: X, its zero point, W, its zero point.
  private var places: (x: Int, zeroX: Int, w: Int, zeroW: Int) {
    isRequantizing ? (0, 2, 3, 5) : (0, 2, 1, 3)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let places = places
    let x = try inputs.type(places.x, among: IntegerOperand.types)
    let w = try inputs.type(places.w, among: IntegerOperand.types)
    try IntegerOperand.check(inputs, places.zeroX, x.dataType)
    try IntegerOperand.check(inputs, places.zeroW, w.dataType)
    var result = DataType.int32
    if isRequantizing {
      for index in [1, 4, 6] { _ = try inputs.type(index, among: DataType.floats) }
      result = try inputs.type(7, among: IntegerOperand.types).dataType
      if inputs.optional(8) != nil { _ = try inputs.type(8, among: [.int32]) }
    }
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
    let places = places
    guard let shape = inputs.optional(places.x)?.shape,
      let filters = inputs.optional(places.w)?.shape
    else { return 0 }
    return try plain.work(shape, filters)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let places = places
    let (x, w) = (try operands.input(places.x), try operands.input(places.w))
    let output = try operands.output()
    let loop = SpatialLoop(try plain.axes(x.shape, w.shape))
    let (source, filters) = (IntegerOperand(x), IntegerOperand(w))
    let zeroW = operands.optional(places.zeroW).map { IntegerOperand($0) }
    let zeroX = operands.optional(places.zeroX).map { IntegerOperand($0) }
    let bias = isRequantizing ? operands.optional(8)?.pointer(Int32.self) : nil
    let result =
      isRequantizing
      ? try IntegerResult(
        output,
        scales: (try operands.input(1), try operands.input(4), try operands.input(6)),
        zero: operands.optional(7)) : IntegerResult(output)
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
