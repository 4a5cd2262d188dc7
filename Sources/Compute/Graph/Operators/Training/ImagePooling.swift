/// MaxPool and AveragePool while training, on images [batch, height, width, channels].
struct ImagePooling: Operator {
  static let opType = "Pool2D"
  let pool: PoolOperator

  init(_ context: OperatorContext) throws(GraphError) {
    pool = PoolOperator(
      window: try Window(context), isMax: try context.bool("max", default: false),
      countsPadding: false, layout: .nhwc)
  }

  func axes(_ shape: [Int]) throws(GraphError) -> [Window.Axis] {
    guard shape.count == 4 else {
      throw GraphError(
        code: .shapeMismatch, message: "images have rank 4, got \(Shape.describe(shape))")
    }
    return try pool.axes([shape[0], shape[3], shape[1], shape[2]])
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64])
    guard let shape = type.shape else { return [type] }
    let size = try axes(shape).map(\.output)
    return [TensorType(type.dataType, [shape[0], size[0], size[1], shape[3]])]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    if input.dataType == .fp32 { return try pool.makeStep(operands) }
    return try input.dataType.gradientStep { type throws(GraphError) in
      try step(type, input, operands)
    }
  }

  private func step<T: GradientElement>(
    _ type: T.Type, _ input: Operand, _ operands: Operands
  ) throws(GraphError) -> Step {
    let loop = SpatialLoop(try axes(input.shape))
    let (batch, channels, isMax) = (input.shape[0], input.shape[3], pool.isMax)
    let (x, y) = (input.pointer(T.self), try operands.output().pointer(T.self))
    return {
      for image in 0..<batch {
        let from = x + image * loop.inputCount * channels
        let to = y + image * loop.outputCount * channels
        for channel in 0..<channels {
          loop.forEachOutput { position, origin in
            var (best, sum, count) = (-T.infinity, T(0), T(0))
            loop.forEachTap(origin) { _, index in
              let value = from[index * channels + channel]
              best = max(best, value)
              sum += value
              count += 1
            }
            to[position * channels + channel] = isMax ? best : sum / count
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      try ImagePooling(context)
    }
    registry.differentiate(opType, domain: TrainingOperators.domain) { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      nodes.give(
        nodes.special(
          ImagePoolingGradient.opType, [dy, try nodes.input(0), nodes.output()],
          nodes.node.attributes), to: 0)
    }
    ImagePoolingGradient.register(in: &registry)
  }
}

/// The gradient of ``ImagePooling``: to the first largest element of a window, or to all of them equally.
///
/// `PoolGradientFusion` may tell it that the images came from ReLU, and ask for the sums over all pixels
/// (output 1).
struct ImagePoolingGradient: Operator {
  static let opType = "Pool2DGradient"
  let forward: ImagePooling
  let isRelu: Bool

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64])
    let data = try inputs.type(1, among: [type.dataType])
    if let shape = data.shape {
      let size = try forward.axes(shape).map(\.output)
      let expected = [shape[0], size[0], size[1], shape[3]]
      guard type.shape == expected, try inputs.type(2, among: [type.dataType]).shape == expected
      else {
        throw GraphError(code: .shapeMismatch, message: "a gradient must have its value's shape")
      }
    }
    return [data, TensorType(data.dataType, data.shape.map { [$0[3]] })]
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    guard let shape = inputs.optional(1)?.shape else { return 0 }
    return shape[0] * shape[3] * MemoryLayout<Float>.stride
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(1)
    if forward.pool.isMax, input.dataType == .fp32 { return try kernelStep(input, operands) }
    guard !isRelu, operands.optionalOutput(1) == nil else {
      throw GraphError(
        code: .unsupportedType, message: "only FP32 is joined with ReLU, got \(input.dataType)")
    }
    return try input.dataType.gradientStep { type throws(GraphError) in try step(type, operands) }
  }

  private func kernelStep(_ input: Operand, _ operands: Operands) throws(GraphError) -> Step {
    let axes = try forward.axes(input.shape)
    let (y, x) = (axes[0], axes[1])
    let pooling = Pooling(
      .max,
      WindowGeometry(
        kernelHeight: y.kernel, kernelWidth: x.kernel, strideHeight: y.stride,
        strideWidth: x.stride, dilationHeight: y.dilation, dilationWidth: x.dilation,
        padTop: y.padBegin, padLeft: x.padBegin, padBottom: y.padEnd, padRight: x.padEnd),
      layout: .nhwc, roundsUp: forward.pool.window.ceils)
    let (dy, from) = (try operands.input(0).f32, input.f32)
    let (best, target) = (try operands.input(2).f32, try operands.output().f32)
    let (shape, threads, isRelu) = (input.shape, operands.threadPool, isRelu)
    let sums = operands.optionalOutput(1)?.f32
    let parts = sums.map { _ in operands.scratch.assumingMemoryBound(to: Float.self) }
    return {
      pooling.runGradient(
        from, output: best, arriving: dy, batch: shape[0], channels: shape[3], height: shape[1],
        width: shape[2], into: target, isRelu: isRelu, sums: parts, threads: threads)
      guard let sums, let parts else { return }
      sums.update(repeating: 0, count: shape[3])
      for image in 0..<shape[0] {
        for channel in 0..<shape[3] { sums[channel] += parts[image * shape[3] + channel] }
      }
    }
  }

  private func step<T: GradientElement>(
    _ type: T.Type, _ operands: Operands
  ) throws(GraphError) -> Step {
    let input = try operands.input(1)
    let loop = SpatialLoop(try forward.axes(input.shape))
    let (batch, channels, isMax) = (input.shape[0], input.shape[3], forward.pool.isMax)
    let (dy, x) = (try operands.input(0).pointer(T.self), input.pointer(T.self))
    let y = try operands.input(2).pointer(T.self)
    let (dx, threads) = (try operands.output().pointer(T.self), operands.threadPool)
    let cost = Parallel.Cost.elements(input.count, nanosecondsEach: 1)
    return {
      Parallel.rows(batch, cost: cost, on: threads) { part in
        for image in part {
          let from = x + image * loop.inputCount * channels
          let to = dx + image * loop.inputCount * channels
          let (best, arriving) = (
            y + image * loop.outputCount * channels, dy + image * loop.outputCount * channels
          )
          to.update(repeating: 0, count: loop.inputCount * channels)
          loop.forEachOutput { position, origin in
            let (best, arriving) = (best + position * channels, arriving + position * channels)
            if isMax {
              Self.giveToLargest(loop, origin, from, best, arriving, to, channels)
            } else {
              var taps: T = 0
              loop.forEachTap(origin) { _, _ in taps += 1 }
              loop.forEachTap(origin) { _, index in
                let target = to + index * channels
                for channel in 0..<channels { target[channel] += arriving[channel] / taps }
              }
            }
          }
        }
      }
    }
  }

  /// Windows may overlap, and the first largest element takes it all.
  @inline(__always)
  private static func giveToLargest<T: GradientElement>(
    _ loop: SpatialLoop, _ origin: (Int, Int, Int), _ from: UnsafeMutablePointer<T>,
    _ best: UnsafeMutablePointer<T>, _ arriving: UnsafeMutablePointer<T>,
    _ to: UnsafeMutablePointer<T>, _ channels: Int
  ) {
    // 64 channels at a time: which of them have found their element.
    for first in stride(from: 0, to: channels, by: 64) {
      let count = min(64, channels - first)
      var open = count == 64 ? UInt64.max : (1 << UInt64(count)) - 1
      loop.forEachTap(origin) { _, index in
        let (source, target) = (from + index * channels + first, to + index * channels + first)
        for channel in 0..<count
        where open & (1 << UInt64(channel)) != 0 && source[channel] == best[first + channel] {
          target[channel] += arriving[first + channel]
          open &= ~(1 << UInt64(channel))
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      ImagePoolingGradient(
        forward: try ImagePooling(context), isRelu: try context.bool("relu", default: false))
    }
  }
}
