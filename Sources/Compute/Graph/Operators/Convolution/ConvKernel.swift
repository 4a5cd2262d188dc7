/// Conv of FP32 images with constant weights, through the packed kernel. NCHW as the file has
/// it, or NHWC where the layout pass found a chain to run in it.
struct ConvKernel: Operator {
  private let plain: ConvOperator
  private let filters: [Int]
  private let layout: ImageLayout
  private let poolsTwoByTwo: Bool
  /// Packed for one geometry: `auto_pad` may give each image size its own padding, so a
  /// convolution with another one is packed when its plan is made.
  private let packed: Convolution2D?
  private let weight: Tensor
  private let bias: Tensor?

  /// The kernel for a node it suits, nil otherwise: two dimensions, FP32, known weights.
  init?(_ plain: ConvOperator, _ context: OperatorContext, layout: ImageLayout)
    throws(GraphError)
  {
    guard let weight = context.constant(1), weight.dataType == .fp32, weight.shape.count == 4,
      context.known.optional(2) == nil || context.constant(2) != nil, weight.elementCount > 0,
      weight.shape[0] % plain.group == 0
    else { return nil }
    self.plain = plain
    self.layout = layout
    self.weight = weight
    bias = context.constant(2)
    if let bias, bias.dataType != .fp32 || bias.shape != [weight.shape[0]] { return nil }
    filters = weight.shape
    poolsTwoByTwo = try context.bool(FusedAttribute.pools, default: false)
    guard context.packsWeights, plain.window.padding == .explicit || plain.window.padding == .valid,
      let geometry = Self.geometry(plain, filters, [-1, -1])
    else {
      packed = nil
      return
    }
    packed = Self.pack(plain, weight, bias, geometry, layout, poolsTwoByTwo)
  }

  var weightByteCount: Int { packed == nil ? 0 : weight.storage.byteCount }

  /// Weights and bias live in the packed form.
  func reads(input index: Int) -> Bool { index == 0 }

  private static func geometry(
    _ plain: ConvOperator, _ filters: [Int], _ spatial: [Int]
  ) -> WindowGeometry? {
    guard let axes = try? plain.window.axes(spatial, kernel: Array(filters[2...])) else {
      return nil
    }
    return WindowGeometry(axes)
  }

  private static func pack(
    _ plain: ConvOperator, _ weight: Tensor, _ bias: Tensor?, _ geometry: WindowGeometry,
    _ layout: ImageLayout, _ poolsTwoByTwo: Bool
  ) -> Convolution2D {
    Convolution2D(
      geometry: geometry, inputChannels: weight.shape[1] * plain.group,
      outputChannels: weight.shape[0], groups: plain.group, layout: layout,
      weights: weight.storage.base.assumingMemoryBound(to: Float.self),
      bias: bias.map { UnsafePointer($0.storage.base.assumingMemoryBound(to: Float.self)) },
      activation: plain.activation.epilogue, poolsTwoByTwo: poolsTwoByTwo)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32])
    // Weights are not inputs any more once packed, so their type is put back for the check.
    let known = { (shape: [Int]?) in
      KnownInputs(
        types: [
          TensorType(.fp32, shape), TensorType(.fp32, filters),
          bias.map { TensorType(.fp32, $0.shape) },
        ], constants: [nil, nil, nil])
    }
    guard layout == .nhwc else { return try plain.infer(known(type.shape)) }
    guard let shape = type.shape else { return [TensorType(.fp32, nil)] }
    guard shape.count == 4 else {
      throw GraphError(
        code: .shapeMismatch,
        message: "a convolution in NHWC needs rank 4, got \(Shape.describe(shape))")
    }
    let result = try plain.infer(known([shape[0], shape[3], shape[1], shape[2]]))
    guard let size = result[0].shape else { return result }
    let half = { (size: Int) in poolsTwoByTwo && size >= 0 ? size / 2 : size }
    return [TensorType(.fp32, [size[0], half(size[2]), half(size[3]), size[1]])]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard var shape = inputs.optional(0)?.shape else { return 0 }
    if layout == .nhwc { shape = [shape[0], shape[3], shape[1], shape[2]] }
    // The kernels do some 32 multiplications in the time of a plain one.
    return try plain.work(shape, filters) / 32
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let first = layout == .nhwc ? 1 : 2
    let (batch, height, width) = (input.shape[0], input.shape[first], input.shape[first + 1])
    guard output.count > 0 else { return nil }
    let axes = try plain.window.axes([height, width], kernel: Array(filters[2...]))
    let convolution: Convolution2D
    if let packed {
      convolution = packed
    } else {
      convolution = Self.pack(
        plain, weight, bias, WindowGeometry(axes), layout, poolsTwoByTwo)
    }
    let (source, target) = (UnsafePointer(input.f32), output.f32)
    let threads = operands.threadPool
    return {
      convolution.run(
        source, batch: batch, height: height, width: width, into: target, threads: threads)
    }
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
  /// The kernels' form of two decided axes.
  init(_ axes: [Window.Axis]) {
    self.init(
      kernelHeight: axes[0].kernel, kernelWidth: axes[1].kernel, strideHeight: axes[0].stride,
      strideWidth: axes[1].stride, dilationHeight: axes[0].dilation,
      dilationWidth: axes[1].dilation, padTop: axes[0].padBegin, padLeft: axes[1].padBegin,
      padBottom: axes[0].padEnd, padRight: axes[1].padEnd)
  }
}
