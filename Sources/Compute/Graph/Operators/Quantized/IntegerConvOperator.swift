internal import CKernels

/// ConvInteger and QLinearConv: convolutions of 8-bit integers, summed in 32 bits. One and two
/// dimensions through the kernel, with weights that are packed once if they are known; three in a
/// plain loop.
struct IntegerConvOperator: Operator {
  private let plain: ConvOperator
  private let product: IntegerProduct
  /// Known weights, packed, a matrix a group; they are no input any more.
  private let packed: [PackedIntegerMatrix]?
  private let packedType: TensorType?

  init(_ context: OperatorContext, isRequantizing: Bool) throws(GraphError) {
    plain = try ConvOperator(context)
    product = IntegerProduct(isRequantizing: isRequantizing)
    guard context.packsWeights, let weight = context.constant(product.right),
      IntegerOperand.types.contains(weight.dataType), 3...4 ~= weight.shape.count,
      weight.elementCount > 0, weight.shape[0] % plain.group == 0
    else {
      (packed, packedType) = (nil, nil)
      return
    }
    let form = Self.convolution(
      weight.shape, Self.noImage(weight.shape), groups: plain.group, inputIsSigned: false)
    let matrices = (0..<plain.group).map { _ in
      var space = PackingSpace()
      return PackedIntegerMatrix(
        rowCount: form.depth, columnCount: form.outputs, isUnsigned: weight.dataType == .uint8,
        in: &space)
    }
    let turned = UnsafeMutablePointer<UInt8>.allocate(capacity: form.outputs * form.depth)
    defer { turned.deallocate() }
    form.pack(weight.storage.base, into: matrices, turned: turned)
    packed = matrices
    packedType = TensorType(weight.dataType, weight.shape)
  }

  var weightByteCount: Int { packed?.reduce(0) { $0 + $1.byteCount } ?? 0 }

  func reads(input index: Int) -> Bool { index != product.right || packed == nil }

  /// With the weights' type put back.
  private func completing(_ given: KnownInputs) -> KnownInputs {
    var inputs = given
    if let packedType { inputs.types[product.right] = packedType }
    return inputs
  }

  /// Axes of a window that meets no image, to pack weights by.
  private static func noImage(_ filters: [Int]) -> [Window.Axis] {
    filters.dropFirst(2).map {
      Window.Axis(input: 0, output: 0, kernel: $0, stride: 1, dilation: 1, padBegin: 0, padEnd: 0)
    }
  }

  private static func convolution(
    _ filters: [Int], _ axes: [Window.Axis], groups: Int, inputIsSigned: Bool
  ) -> IntegerConvolution {
    IntegerConvolution(
      geometry: WindowGeometry(axes), height: axes.count == 1 ? 1 : axes[0].input,
      width: axes[axes.count - 1].input, groups: groups, channels: filters[1],
      outputs: filters[0] / groups, inputIsSigned: inputIsSigned)
  }

  func infer(_ given: KnownInputs) throws(GraphError) -> [TensorType] {
    let inputs = completing(given)
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

  func work(_ given: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    let inputs = completing(given)
    guard let shape = inputs.optional(product.left)?.shape,
      let filters = inputs.optional(product.right)?.shape
    else { return 0 }
    // The kernel does some 64 multiplications in the time of a plain one, if there are columns for
    // them.
    let columns = shape.count <= 4 ? Double(min(64, max(1, filters[0] / plain.group))) : 1
    return try plain.work(shape, filters) / columns
  }

  /// Parts of a plan's memory: the padded image, results in NHWC, factors, and weights that are not
  /// known before with their turned form.
  private struct Memory {
    var results = 0, factors = 0, turned = 0, weights = 0, end = 0
  }

  private func memory(_ inputs: KnownInputs) throws(GraphError) -> Memory {
    guard let shape = inputs.optional(product.left)?.shape,
      let filters = inputs.optional(product.right)?.shape, shape.count <= 4
    else { return Memory() }
    let axes = try plain.axes(shape, filters)
    let form = Self.convolution(filters, axes, groups: plain.group, inputIsSigned: false)
    let sizes = [
      form.imageByteCount, Shape.byteCount([form.positions, filters[0]], .int32),
      Shape.byteCount([filters[0]], .fp32),
      packed == nil ? Shape.elementCount([form.outputs, form.depth]) : 0,
      packed == nil
        ? PackedIntegerMatrix.spaceByteCount(
          rowCount: form.depth, columnCount: form.outputs, count: plain.group) : 0,
    ]
    var ends = [0]
    for size in sizes {
      guard let size, size < Int.max / 8 else {
        throw GraphError(code: .resourceExhausted, message: "the padded image is too large")
      }
      ends.append(ends[ends.count - 1] + (size + 63) / 64 * 64)
    }
    return Memory(
      results: ends[1], factors: ends[2], turned: ends[3], weights: ends[4], end: ends[5])
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    try memory(completing(inputs)).end
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let x = try operands.input(product.left)
    guard try operands.output().count > 0 else { return nil }
    if x.shape.count > 4 { return try loopStep(operands) }
    let known = completing(operands.known)
    let filters = try known.type(product.right, among: IntegerOperand.types)
    let shape = filters.shape ?? []
    let form = Self.convolution(
      shape, try plain.axes(x.shape, shape), groups: plain.group,
      inputIsSigned: x.dataType == .int8)
    let (memory, scratch) = (try memory(known), operands.scratch)
    var (weights, given): ([PackedIntegerMatrix], UnsafeRawPointer?) = (packed ?? [], nil)
    if packed == nil {
      given = UnsafeRawPointer(try operands.input(product.right).bytes)
      var space = PackingSpace((scratch + memory.weights).assumingMemoryBound(to: Float.self))
      weights = (0..<plain.group).map { _ in
        PackedIntegerMatrix(
          rowCount: form.depth, columnCount: form.outputs,
          isUnsigned: filters.dataType == .uint8, in: &space)
      }
    }
    let turned = (scratch + memory.turned).assumingMemoryBound(to: UInt8.self)
    let (source, output) = (UnsafePointer(x.pointer(UInt8.self)), try operands.output())
    let (batch, channels, positions) = (x.shape[0], shape[0], form.positions)
    let results = Operand(
      dataType: output.dataType, shape: [positions, channels], count: positions * channels,
      bytes: scratch + memory.results, strings: nil)
    let result = try product.result(operands, into: results)
    let (zeroX, zeroW) = product.zeros(operands)
    let bias = product.isRequantizing ? operands.optional(8)?.pointer(Int32.self) : nil
    let factors = (scratch + memory.factors).assumingMemoryBound(to: Float.self)
    let (imageCount, threads) = (x.count / max(batch, 1), operands.threadPool)
    let element = results.byteCount / results.count
    return {
      if let given { form.pack(given, into: weights, turned: turned) }
      let prepared = result.prepare(factors, count: channels) ? UnsafePointer(factors) : nil
      for image in 0..<batch {
        form.run(
          source + image * imageCount, zero: zeroX?[0] ?? 0, weights: weights,
          rightZero: { zeroW?.rightZero(from: $0) ?? .one(0) }, image: scratch, threads: threads
        ) { row, column, sums in
          if let bias { for index in 0..<sums.count { sums[index] &+= bias[column + index] } }
          result.store(
            sums, at: row * channels + column, row: 0, column: column, factors: prepared)
        }
        Kernels.active.table.pointee.transpose(
          output.bytes + image * results.byteCount, positions, results.bytes, channels, positions,
          channels, element)
      }
    }
  }

  private func loopStep(_ operands: Operands) throws(GraphError) -> Step? {
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
