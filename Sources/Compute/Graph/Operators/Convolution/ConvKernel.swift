/// Conv of FP32 images with constant weights, through the packed kernel. NCHW as the file has
/// it, or NHWC where the layout pass found a chain to run in it. One dimension is an image of one
/// row.
struct ConvKernel: Operator {
  private let plain: ConvOperator
  private let filters: [Int]
  private let layout: ImageLayout
  private let poolsTwoByTwo: Bool
  private let tail: ConvTail
  /// Packed for one geometry: `auto_pad` may give each image size its own padding, so a
  /// convolution with another one is packed when its plan is made.
  private let packed: Packed?
  /// As the file has it, where it is still to be packed: not held beside its packed form.
  private let weight: Tensor?
  private let bias: Tensor?
  let weightByteCount: Int

  private enum Packed: Sendable {
    case signals(Convolution1D)
    case images(Convolution2D)
  }

  /// The kernel for a node it suits, nil otherwise: one or two dimensions (one in NCHW only, without
  /// groups), FP32, known weights.
  init?(_ plain: ConvOperator, _ context: OperatorContext, layout: ImageLayout)
    throws(GraphError)
  {
    guard let weight = context.constant(1), weight.dataType == .fp32,
      weight.shape.count == 4 || weight.shape.count == 3 && layout == .nchw && plain.group == 1,
      context.known.optional(2) == nil || context.constant(2) != nil, weight.elementCount > 0,
      weight.shape[0] % plain.group == 0
    else { return nil }
    self.plain = plain
    self.layout = layout
    bias = context.constant(2)
    if let bias, bias.dataType != .fp32 || bias.shape != [weight.shape[0]] { return nil }
    filters = weight.shape
    poolsTwoByTwo = try context.bool(FusedAttribute.pools, default: false)
    tail = layout == .nhwc ? try ConvTail(context) : ConvTail()
    guard context.packsWeights, plain.window.padding == .explicit || plain.window.padding == .valid,
      let geometry = Self.geometry(plain, filters)
    else {
      (packed, self.weight, weightByteCount) = (nil, weight, 0)
      return
    }
    let packed = Self.pack(
      plain, weight, bias, geometry, layout, tail, poolsTwoByTwo,
      Self.expected(context.known.optional(0)?.shape, layout),
      weightByteCountMax: context.options.weightByteCountMax)
    switch packed {
    case .signals: weightByteCount = weight.storage.byteCount
    case .images(let convolution): weightByteCount = convolution.weightByteCount
    }
    (self.packed, self.weight) = (packed, nil)
  }

  /// What a shape that may be known in part, or not at all, says of the images to come.
  private static func expected(_ shape: [Int]?, _ layout: ImageLayout) -> ExpectedImages {
    guard let shape, shape.count == 4 else { return ExpectedImages() }
    let first = layout == .nhwc ? 1 : 2
    return ExpectedImages(batch: shape[0], height: shape[first], width: shape[first + 1])
  }

  /// Weights and bias live in the packed form.
  func reads(input index: Int) -> Bool { index == 0 || index == ConvTail.residualInput }

  private static func geometry(
    _ plain: ConvOperator, _ filters: [Int]
  ) -> WindowGeometry? {
    let kernel = Array(filters[2...])
    let unknown = [Int](repeating: -1, count: kernel.count)
    return (try? plain.window.axes(unknown, kernel: kernel)).map(WindowGeometry.init)
  }

  private static func pack(
    _ plain: ConvOperator, _ weight: Tensor, _ bias: Tensor?, _ geometry: WindowGeometry,
    _ layout: ImageLayout, _ tail: ConvTail, _ poolsTwoByTwo: Bool, _ images: ExpectedImages,
    weightByteCountMax: Int = .max
  ) -> Packed {
    let weights = weight.storage.base.assumingMemoryBound(to: Float.self)
    let bias = bias.map { UnsafePointer($0.storage.base.assumingMemoryBound(to: Float.self)) }
    if weight.shape.count == 3 {
      return .signals(
        Convolution1D(
          geometry: geometry, inputChannels: weight.shape[1], outputChannels: weight.shape[0],
          weights: weights, bias: bias, activation: plain.activation.epilogue))
    }
    return .images(
      Convolution2D(
        geometry: geometry, inputChannels: weight.shape[1] * plain.group,
        outputChannels: weight.shape[0], groups: plain.group, layout: layout, weights: weights,
        bias: bias, activation: plain.activation.epilogue, tail: tail.steps,
        poolsTwoByTwo: poolsTwoByTwo, images: images, weightByteCountMax: weightByteCountMax))
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try convolved(inputs)
    guard tail.hasResidual else { return [type] }
    let residual = try inputs.type(ConvTail.residualInput, among: [.fp32])
    return [TensorType(.fp32, try broadcastShape(type, residual))]
  }

  /// What the convolution gives, before a residual stretches it.
  private func convolved(_ inputs: KnownInputs) throws(GraphError) -> TensorType {
    let type = try inputs.type(0, among: [.fp32])
    // Weights are not inputs any more once packed, so their type is put back for the check.
    let known = { (shape: [Int]?) in
      KnownInputs(
        types: [
          TensorType(.fp32, shape), TensorType(.fp32, filters),
          bias.map { TensorType(.fp32, $0.shape) },
        ], constants: [nil, nil, nil])
    }
    guard layout == .nhwc else { return try plain.infer(known(type.shape))[0] }
    guard let shape = type.shape else { return TensorType(.fp32, nil) }
    guard shape.count == 4 else {
      throw GraphError(
        code: .shapeMismatch,
        message: "a convolution in NHWC needs rank 4, got \(Shape.describe(shape))")
    }
    let result = try plain.infer(known([shape[0], shape[3], shape[1], shape[2]]))
    guard let size = result[0].shape else { return result[0] }
    let half = { (size: Int) in poolsTwoByTwo && size >= 0 ? size / 2 : size }
    return TensorType(.fp32, [size[0], half(size[2]), half(size[3]), size[1]])
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard var shape = inputs.optional(0)?.shape else { return 0 }
    if layout == .nhwc { shape = [shape[0], shape[3], shape[1], shape[2]] }
    // The kernels do some 32 multiplications in the time of a plain one.
    return try plain.work(shape, filters) / 32
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let spatial = Array(layout == .nhwc ? input.shape[1...2] : input.shape[2...])
    let (batch, height, width) = (
      input.shape[0], spatial.count == 1 ? 1 : spatial[0], spatial.last!
    )
    guard output.count > 0 else { return nil }
    let axes = try plain.window.axes(spatial, kernel: Array(filters[2...]))
    let (source, target) = (UnsafePointer(input.f32), output.f32)
    let threads = operands.threadPool
    guard
      let packed = packed
        ?? weight.map({
          Self.pack(
            plain, $0, bias, WindowGeometry(axes), layout, tail, poolsTwoByTwo,
            ExpectedImages(batch: batch, height: height, width: width))
        })
    else { preconditionFailure("weights are packed or still to be packed") }
    switch packed {
    case .signals(let convolution):
      return {
        convolution.run(source, batch: batch, length: width, into: target, threads: threads)
      }
    case .images(let convolution):
      let run = { (residual: UnsafePointer<Float>?, target: UnsafeMutablePointer<Float>) in
        convolution.run(
          source, batch: batch, height: height, width: width, residual: residual, into: target,
          threads: threads)
      }
      guard tail.hasResidual else { return { run(nil, target) } }
      let residual = try operands.input(ConvTail.residualInput)
      let shape = try convolved(operands.known).shape ?? []
      if residual.shape == shape {
        let added = UnsafePointer(residual.f32)
        return { run(added, target) }
      }
      return try stretching(shape, residual, operands) { run(nil, $0) }
    }
  }

  /// The sum with a residual of another shape: the convolution goes to scratch, and all that
  /// follows takes its own turn.
  private func stretching(
    _ shape: [Int], _ residual: Operand, _ operands: Operands,
    _ convolve: @escaping (UnsafeMutablePointer<Float>) -> Void
  ) throws(GraphError) -> Step {
    let output = try operands.output()
    let product = Operand(
      dataType: .fp32, shape: shape, count: Shape.product(shape[...]), bytes: operands.scratch,
      strings: nil)
    let add = try BinaryOperator.step(.add, product, residual, output)
    let rest = tail.steps.drop { $0 != .residual }.dropFirst()
    let (target, count) = (output.f32, output.count)
    return { () throws(ExecutionError) in
      if product.count > 0 { convolve(product.f32) }
      try add()
      for step in rest { step.apply(to: target, nil, count: count) }
    }
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    guard tail.hasResidual, let shape = try convolved(inputs).shape,
      inputs.optional(ConvTail.residualInput)?.shape != shape
    else { return 0 }
    return Shape.product(shape[...]) * MemoryLayout<Float>.stride
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("ConvNHWC", domain: FusedAttribute.domain) { context throws(GraphError) in
      guard
        let kernel = try ConvKernel(ConvOperator(context), context, layout: .nhwc)
      else {
        throw GraphError(
          code: .invalidGraph, message: "ConvNHWC needs constant FP32 weights of rank 4")
      }
      return kernel
    }
  }
}

extension WindowGeometry {
  /// The kernels' form of two decided axes; of one: the second.
  init(_ axes: [Window.Axis]) {
    let row = Window.Axis(
      input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, padBegin: 0, padEnd: 0)
    let (y, x) = (axes.count == 1 ? row : axes[0], axes[axes.count - 1])
    self.init(
      kernelHeight: y.kernel, kernelWidth: x.kernel, strideHeight: y.stride,
      strideWidth: x.stride, dilationHeight: y.dilation, dilationWidth: x.dilation,
      padTop: y.padBegin, padLeft: x.padBegin, padBottom: y.padEnd, padRight: x.padEnd)
  }
}
