/// Conv while training, in the layout of Keras: images [batch, height, width, channels], weights
/// [kernelHeight, kernelWidth, channels / groups, filters] that change from run to run, an optional bias, and
/// ReLU behind it if the attribute says so.
struct ImageConvolution: Operator {
  static let opType = "Conv2D"
  let window: Window
  let groups: Int
  let isRelu: Bool

  init(_ context: OperatorContext) throws(GraphError) {
    window = try Window(context)
    groups = try context.int("group", default: 1)
    isRelu = try context.bool("relu", default: false)
    guard groups >= 1 else {
      throw GraphError(code: .invalidAttribute, message: "group must be at least 1, got \(groups)")
    }
  }

  /// Everything about one convolution.
  struct Sizes {
    var batch: Int
    var axes: [Window.Axis]
    var channels: Int
    var filters: Int
    var output: [Int] { [batch, axes[0].output, axes[1].output, filters] }

    var geometry: WindowGeometry {
      WindowGeometry(
        kernelHeight: axes[0].kernel, kernelWidth: axes[1].kernel, strideHeight: axes[0].stride,
        strideWidth: axes[1].stride, dilationHeight: axes[0].dilation,
        dilationWidth: axes[1].dilation, padTop: axes[0].padBegin, padLeft: axes[1].padBegin,
        padBottom: axes[0].padEnd, padRight: axes[1].padEnd)
    }
  }

  func sizes(_ data: [Int], _ weights: [Int]) throws(GraphError) -> Sizes {
    guard data.count == 4, weights.count == 4, weights[2] * groups == data[3],
      weights[3] % groups == 0
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "cannot apply weights \(Shape.describe(weights)) in \(groups) groups to images "
          + Shape.describe(data))
    }
    let axes = try window.axes([data[1], data[2]], kernel: [weights[0], weights[1]])
    return Sizes(batch: data[0], axes: axes, channels: data[3], filters: weights[3])
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64])
    guard let data = type.shape,
      let weights = try inputs.type(1, among: [type.dataType]).shape
    else { return [TensorType(type.dataType, nil)] }
    let sizes = try sizes(data, weights)
    if let bias = inputs.optional(2) {
      guard bias.dataType == type.dataType, bias.shape == [sizes.filters] else {
        throw GraphError(
          code: .shapeMismatch,
          message: "the bias must be [\(sizes.filters)], got \(Shape.describe(bias.shape))")
      }
    }
    return [TensorType(type.dataType, sizes.output)]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let data = inputs.optional(0)?.shape, let weights = inputs.optional(1)?.shape else {
      return 0
    }
    return Self.work(try sizes(data, weights), groups) / 32
  }

  static func work(_ sizes: Sizes, _ groups: Int) -> Double {
    Double(sizes.batch * sizes.filters) * Double(sizes.channels / groups)
      * SpatialLoop.work(sizes.axes)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, weight) = (try operands.input(0), try operands.input(1))
    let sizes = try sizes(input.shape, weight.shape)
    if input.dataType == .fp32, groups == 1 {
      let (x, w, bias) = (input.f32, weight.f32, operands.optional(2)?.f32)
      let (y, threads) = (try operands.output().f32, operands.threadPool)
      let convolution = Convolution2D.trained(
        sizes.geometry, inputChannels: sizes.channels, outputChannels: sizes.filters,
        hasBias: bias != nil, activation: isRelu ? .relu : .none)
      let (batch, height, width) = (sizes.batch, input.shape[1], input.shape[2])
      return {
        convolution.replaceWeights(w, bias: bias.map { UnsafePointer($0) })
        convolution.run(x, batch: batch, height: height, width: width, into: y, threads: threads)
      }
    }
    return try input.dataType.gradientStep { type throws(GraphError) in
      try step(type, sizes, operands)
    }
  }

  private func step<T: GradientElement>(
    _ type: T.Type, _ sizes: Sizes, _ operands: Operands
  ) throws(GraphError) -> Step {
    let loop = SpatialLoop(sizes.axes)
    let (x, w) = (
      try operands.input(0).pointer(T.self), try operands.input(1).pointer(T.self)
    )
    let bias = operands.optional(2)?.pointer(T.self)
    let (y, isRelu, groups) = (try operands.output().pointer(T.self), isRelu, groups)
    return {
      for image in 0..<sizes.batch {
        let from = x + image * loop.inputCount * sizes.channels
        let to = y + image * loop.outputCount * sizes.filters
        for filter in 0..<sizes.filters {
          let first = filter / (sizes.filters / groups) * (sizes.channels / groups)
          loop.forEachOutput { position, origin in
            var sum = bias?[filter] ?? 0
            loop.forEachTap(origin) { tap, index in
              for channel in 0..<(sizes.channels / groups) {
                sum +=
                  from[index * sizes.channels + first + channel]
                  * w[(tap * (sizes.channels / groups) + channel) * sizes.filters + filter]
              }
            }
            to[position * sizes.filters + filter] = isRelu ? max(0, sum) : sum
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      try ImageConvolution(context)
    }
    registry.differentiate(opType, domain: TrainingOperators.domain) { nodes throws(GraphError) in
      guard var dy = nodes.gradient() else { return }
      if try nodes.attributes.bool("relu", default: false) {
        dy = nodes.special(
          UnaryGradient.opType, [dy, nodes.output()],
          [UnaryGradient.function: .string(Array("Relu".utf8))])
      }
      var attributes = nodes.node.attributes
      attributes["wants_data"] = .int(nodes.wants(0) ? 1 : 0)
      if nodes.wants(0) || nodes.wants(1) {
        let results = nodes.values(
          2, ImageConvolutionGradient.opType, [dy, try nodes.input(0), try nodes.input(1)],
          attributes, domain: TrainingOperators.domain)
        for index in 0...1 { nodes.give(results[index], to: index) }
      }
      if nodes.wants(2) { try nodes.giveReduced(dy, from: nodes.outputShape(), to: 2) }
    }
    ImageConvolutionGradient.register(in: &registry)
  }
}

/// The gradients of ``ImageConvolution`` by images and weights.
struct ImageConvolutionGradient: Operator {
  static let opType = "Conv2DGradient"
  let forward: ImageConvolution
  /// Whether the images' gradient is asked for: not in a network's first layer.
  let wantsData: Bool
  /// Threads that a step may use.
  let threadCount: Int

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64])
    let data = try inputs.type(1, among: [type.dataType])
    let weights = try inputs.type(2, among: [type.dataType])
    if let shape = data.shape, let filters = weights.shape {
      guard type.shape == (try forward.sizes(shape, filters)).output else {
        throw GraphError(code: .shapeMismatch, message: "a gradient must have its value's shape")
      }
    }
    return [wantsData ? data : TensorType(data.dataType, [0]), weights]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let data = inputs.optional(1)?.shape, let weights = inputs.optional(2)?.shape else {
      return 0
    }
    let work = ImageConvolution.work(try forward.sizes(data, weights), forward.groups)
    return isFast(weights) ? work / 16 : 2 * work
  }

  /// Whether the kernels compute it; else plain loops do.
  private func isFast(_ weights: [Int]) -> Bool {
    forward.groups == 1 && forward.window.dilations.allSatisfy { $0 == 1 }
      && (!wantsData || forward.window.strides.allSatisfy { $0 == 1 })
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    guard try inputs.type(1).dataType == .fp32, let data = inputs.optional(1)?.shape,
      let weights = inputs.optional(2)?.shape, isFast(weights)
    else { return 0 }
    let gradient = gradient(data, try forward.sizes(data, weights))
    return gradient.scratchCount(threadCount) * MemoryLayout<Float>.stride
  }

  private func gradient(_ data: [Int], _ sizes: ImageConvolution.Sizes) -> ConvolutionGradient {
    ConvolutionGradient(
      sizes.geometry, inputChannels: sizes.channels, outputChannels: sizes.filters,
      batch: sizes.batch, height: data[1], width: data[2], wantsData: wantsData)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, weight) = (try operands.input(1), try operands.input(2))
    let sizes = try forward.sizes(input.shape, weight.shape)
    if input.dataType == .fp32, isFast(weight.shape) {
      return try kernelStep(sizes, input, weight, operands)
    }
    return try input.dataType.gradientStep { type throws(GraphError) in
      try step(type, sizes, operands)
    }
  }

  private func kernelStep(
    _ sizes: ImageConvolution.Sizes, _ input: Operand, _ weight: Operand, _ operands: Operands
  ) throws(GraphError) -> Step {
    let (dy, x, w) = (try operands.input(0).f32, input.f32, weight.f32)
    let dx = wantsData ? operands.optionalOutput(0)?.f32 : nil
    let dw = operands.optionalOutput(1)?.f32
    let gradient = gradient(input.shape, sizes)
    let scratch = operands.scratch.assumingMemoryBound(to: Float.self)
    let threads = operands.threadPool
    return {
      gradient.run(
        x, dy, weights: w, weightGradient: dw, dataGradient: dx, scratch: scratch, threads: threads)
    }
  }

  private func step<T: GradientElement>(
    _ type: T.Type, _ sizes: ImageConvolution.Sizes, _ operands: Operands
  ) throws(GraphError) -> Step {
    let loop = SpatialLoop(sizes.axes)
    let (dy, x) = (
      try operands.input(0).pointer(T.self), try operands.input(1).pointer(T.self)
    )
    let w = try operands.input(2).pointer(T.self)
    let dx = wantsData ? operands.optionalOutput(0)?.pointer(T.self) : nil
    let dw = operands.optionalOutput(1)?.pointer(T.self)
    let (dataCount, weightCount) = (
      try operands.input(1).count, try operands.input(2).count
    )
    let (groups, channels) = (forward.groups, sizes.channels / forward.groups)
    return {
      dx?.update(repeating: 0, count: dataCount)
      dw?.update(repeating: 0, count: weightCount)
      for image in 0..<sizes.batch {
        let place = image * loop.inputCount * sizes.channels
        let arriving = dy + image * loop.outputCount * sizes.filters
        for filter in 0..<sizes.filters {
          let first = filter / (sizes.filters / groups) * channels
          loop.forEachOutput { position, origin in
            let value = arriving[position * sizes.filters + filter]
            if value == 0 { return }
            loop.forEachTap(origin) { tap, index in
              for channel in 0..<channels {
                let at = place + index * sizes.channels + first + channel
                let weight = (tap * channels + channel) * sizes.filters + filter
                if let dx { dx[at] += value * w[weight] }
                if let dw { dw[weight] += value * x[at] }
              }
            }
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      ImageConvolutionGradient(
        forward: try ImageConvolution(context),
        wantsData: try context.bool("wants_data", default: true),
        threadCount: max(1, context.options.threadCount))
    }
  }
}
