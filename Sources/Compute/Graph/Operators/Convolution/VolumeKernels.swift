internal import CKernels

/// Conv of FP32 through the general kernel: weights that are no constants, three dimensions, groups
/// in one dimension. Weights that never change are packed at load, others in every run.
struct VolumeConvKernel: Operator {
  private let plain: ConvOperator
  /// Packed weights and the shape they had; then they are no input any more.
  private let packed: AlignedFloats?
  private let filters: [Int]?

  /// nil for other types.
  init?(_ plain: ConvOperator, _ context: OperatorContext) {
    guard context.known.optional(0)?.dataType == .fp32 else { return nil }
    self.plain = plain
    guard context.packsWeights, let weight = context.constant(1), weight.dataType == .fp32,
      (3...5).contains(weight.shape.count), weight.elementCount > 0,
      weight.shape[0] % plain.group == 0,
      weight.storage.byteCount <= context.options.weightByteCountMax,
      VolumeConvolution.packs(outputsPerGroup: weight.shape[0] / plain.group)
    else {
      (packed, filters) = (nil, nil)
      return
    }
    let memory = AlignedFloats(count: weight.elementCount)
    VolumeConvolution.pack(
      UnsafePointer(weight.storage.base.assumingMemoryBound(to: Float.self)),
      outputs: weight.shape[0] / plain.group, depth: weight.elementCount / weight.shape[0],
      groups: plain.group, into: memory.base)
    (packed, filters) = (memory, weight.shape)
  }

  var weightByteCount: Int { packed.map { $0.count * MemoryLayout<Float>.stride } ?? 0 }

  func reads(input index: Int) -> Bool { index != 1 || packed == nil }

  /// The inputs' types with that of the weights put back.
  private func completing(_ inputs: KnownInputs) -> KnownInputs {
    guard let filters else { return inputs }
    var result = inputs
    result.types[1] = TensorType(.fp32, filters)
    return result
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    try plain.infer(completing(inputs))
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    // The kernels do some 32 multiplications in the time of a plain one.
    try plain.work(completing(inputs), outputs) / 32
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    guard packed == nil, let shape = inputs.optional(1)?.shape,
      VolumeConvolution.packs(outputsPerGroup: shape[0] / plain.group)
    else { return 0 }
    return Shape.product(shape[...]) * MemoryLayout<Float>.stride
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    guard output.count > 0 else { return nil }
    let weight = packed == nil ? try operands.input(1) : nil
    let filters = self.filters ?? weight?.shape ?? []
    let axes = try plain.axes(input.shape, filters)
    let (channels, outputs, groups) = (filters[1], filters[0] / plain.group, plain.group)
    let convolution = VolumeConvolution(
      VolumeWindows(axes), channels: channels, outputs: outputs, groups: groups,
      activation: plain.activation.epilogue)
    let (source, target, batch) = (UnsafePointer(input.f32), output.f32, input.shape[0])
    let bias = operands.optional(2).map { UnsafePointer($0.f32) }
    let (threads, packed) = (operands.threadPool, packed)
    guard let weight else {
      return {
        guard let packed else { return }
        convolution.run(
          source, batch: batch, weights: packed.base, bias: bias, into: target, threads: threads)
      }
    }
    let given = UnsafePointer(weight.f32)
    let packs = VolumeConvolution.packs(outputsPerGroup: outputs)
    let scratch = operands.scratch.assumingMemoryBound(to: Float.self)
    let depth = channels * convolution.windows.taps
    return {
      if packs {
        VolumeConvolution.pack(
          given, outputs: outputs, depth: depth, groups: groups, into: scratch)
      }
      convolution.run(
        source, batch: batch, weights: packs ? UnsafePointer(scratch) : given, bias: bias,
        into: target, threads: threads)
    }
  }
}

extension VolumeWindows {
  /// The kernels' form of decided axes; missing ones in front.
  init(_ given: [Window.Axis]) {
    func axis(_ index: Int) -> Axis {
      guard index >= 0 else { return Axis() }
      let axis = given[index]
      return Axis(
        size: axis.input, outputSize: axis.output, kernel: axis.kernel, stride: axis.stride,
        dilation: axis.dilation, pad: axis.padBegin)
    }
    let count = given.count
    self.init(axes: (axis(count - 3), axis(count - 2), axis(count - 1)))
  }
}
