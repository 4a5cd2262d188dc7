/// MaxPool (with indices) and AveragePool over one to three spatial dimensions.
struct PoolOperator: Operator {
  let window: Window
  let isMax: Bool
  let countsPadding: Bool
  var layout = ImageLayout.nchw
  /// Whether indices count down the columns ("storage_order" 1).
  var countsColumns = false

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(
      0, among: DataType.floats + (isMax ? [.int8, .uint8] : []))
    guard let shape = type.shape else {
      return isMax ? [type, TensorType(.int64, nil)] : [type]
    }
    if layout == .nhwc {
      guard shape.count == 4, type.dataType == .fp32 || (isMax && isBytes(type.dataType)) else {
        throw GraphError(
          code: .shapeMismatch,
          message: "pooling in NHWC needs FP32 of rank 4, got \(Shape.describe(shape))")
      }
      let size = try axes([shape[0], shape[3], shape[1], shape[2]]).map(\.output)
      return [TensorType(type.dataType, [shape[0], size[0], size[1], shape[3]])]
    }
    let output = try Array(shape.prefix(2)) + axes(shape).map(\.output)
    let result = [TensorType(type.dataType, output), TensorType(.int64, output)]
    return isMax ? result : [result[0]]
  }

  func axes(_ shape: [Int]) throws(GraphError) -> [Window.Axis] {
    guard (3...5).contains(shape.count), let kernel = window.kernel else {
      throw GraphError(
        code: .shapeMismatch,
        message: "pooling needs kernel_shape and data of rank 3 to 5, got "
          + Shape.describe(shape))
    }
    let axes = try window.axes(Array(shape[2...]), kernel: kernel)
    for axis in axes where max(axis.padBegin, axis.padEnd) > (axis.kernel - 1) * axis.dilation {
      throw GraphError(
        code: .invalidAttribute,
        message: "padding must be smaller than the window of \(axis.kernel), got "
          + "\(axis.padBegin) and \(axis.padEnd)")
    }
    return axes
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let shape = inputs.optional(0)?.shape else { return 0 }
    let image = layout == .nchw ? shape : [shape[0], shape[3], shape[1], shape[2]]
    return Double(image[0]) * Double(image[1]) * SpatialLoop.work(try axes(image))
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    if layout == .nhwc, isBytes(input.dataType) { return try bytesStep(input, operands) }
    let pool =
      input.dataType == .fp32 && input.shape.count <= 4
      ? try kernelStep(input, operands)
      : step(try input.dataType.numeric(), input, operands, SpatialLoop(try axes(input.shape)))
    guard countsColumns, let indices = operands.optionalOutput(1), let pool else { return pool }
    let turn = Self.columnOrder(indices, Array(input.shape[2...]))
    return { () throws(ExecutionError) in
      try pool()
      try turn()
    }
  }

  /// Renumbers indices so that the first spatial dimension is the fastest.
  private static func columnOrder(_ indices: Operand, _ sizes: [Int]) -> Step {
    let (target, plane) = (indices.pointer(Int64.self), Shape.product(sizes[...]))
    return {
      for index in 0..<(plane == 0 ? 0 : indices.count) {
        var rest = Int(target[index]) % plane
        var (place, scale) = (0, plane)
        for size in sizes.reversed() {
          scale /= size
          place += rest % size * scale
          rest /= size
        }
        target[index] += Int64(place - Int(target[index]) % plane)
      }
    }
  }

  private func kernelStep(
    _ input: Operand, _ operands: Operands
  ) throws(GraphError) -> Step? {
    let shape = input.shape
    // One dimension is an image of one row.
    let (channels, height, width) =
      layout == .nhwc
      ? (shape[3], shape[1], shape[2]) : (shape[1], shape.count == 3 ? 1 : shape[2], shape.last!)
    let (source, target) = (UnsafePointer(input.f32), try operands.output().f32)
    let indices = operands.optionalOutput(1)?.pointer(Int64.self)
    let pooling = Pooling(
      isMax ? .max : .average(countsPadding: countsPadding),
      WindowGeometry(try axes(layout == .nchw ? shape : [shape[0], channels, height, width])),
      layout: layout,
      roundsUp: window.ceils)
    let threads = operands.threadPool
    return {
      pooling.run(
        source, batch: shape[0], channels: channels, height: height, width: width,
        into: target, indices: indices, threads: threads)
    }
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ operands: Operands, _ loop: SpatialLoop
  ) -> Step? {
    guard let output = operands.optionalOutput(0) else { return nil }
    let planes = input.shape[0] * input.shape[1]
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let indices = operands.optionalOutput(1)?.pointer(Int64.self)
    let (isMax, countsPadding) = (isMax, countsPadding)
    return {
      for plane in 0..<planes {
        let from = source + plane * loop.inputCount
        let start = plane * loop.outputCount
        loop.forEachOutput { position, origin in
          if isMax {
            var best = -1
            loop.forEachTap(origin) { _, index in
              if best < 0 || from[index] > from[best] { best = index }
            }
            target[start + position] = best < 0 ? T.zero : from[best]
            indices?[start + position] = Int64(plane * loop.inputCount + best)
          } else {
            var (sum, count) = (0.0, 0)
            loop.forEachTap(origin) { _, index in
              sum += from[index].asDouble
              count += 1
            }
            if countsPadding { count = loop.paddedCount(origin) }
            target[start + position] = T(converting: sum / Double(count))
          }
        }
      }
    }
  }

  private static func average(_ context: OperatorContext) throws(GraphError) -> PoolOperator {
    PoolOperator(
      window: try Window(context), isMax: false,
      countsPadding: try context.bool("count_include_pad", default: false))
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("MaxPool") { context throws(GraphError) in
      PoolOperator(
        window: try Window(context), isMax: true, countsPadding: false,
        countsColumns: try context.int("storage_order", default: 0) == 1)
    }
    registry.register("AveragePool") { context throws(GraphError) in
      try average(context)
    }
    registry.register("MaxPoolNHWC", domain: FusedAttribute.domain) {
      context throws(GraphError) in
      PoolOperator(
        window: try Window(context), isMax: true, countsPadding: false, layout: .nhwc)
    }
    registry.register("AveragePoolNHWC", domain: FusedAttribute.domain) {
      context throws(GraphError) in
      var pool = try average(context)
      pool.layout = .nhwc
      return pool
    }
  }
}
