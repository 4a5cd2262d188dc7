/// ConvTranspose: every input pixel spreads the filter over the output; one to three dimensions.
struct ConvTransposeOperator: Operator {
  private let window: Window
  let group: Int
  private let outputPadding: [Int]
  private let outputShape: [Int]?
  private let activation: FusedActivation

  init(_ context: OperatorContext) throws(GraphError) {
    window = try Window(context)
    group = try context.int("group", default: 1)
    outputPadding = try context.ints("output_padding") ?? []
    outputShape = try context.ints("output_shape")
    activation = try FusedActivation(context)
    guard (1...Window.sizeMax).contains(group), outputPadding.allSatisfy((0...1 << 24).contains),
      outputShape?.allSatisfy((0...1 << 40).contains) ?? true
    else {
      throw GraphError(
        code: .invalidAttribute,
        message: "group must be in 1...\(Window.sizeMax) and output sizes at least 0, got "
          + "\(group), \(outputPadding) and \(outputShape ?? [])")
    }
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    let weight = try inputs.type(1, among: [type.dataType])
    guard let shape = type.shape, let filters = weight.shape else {
      return [TensorType(type.dataType, nil)]
    }
    let axes = try axes(shape, filters)
    let (channels, overflow) = filters[1].multipliedReportingOverflow(by: group)
    guard !overflow else {
      throw GraphError(code: .shapeOverflow, message: "\(filters[1]) filters in \(group) groups")
    }
    if inputs.optional(2) != nil {
      let bias = try inputs.type(2, among: [type.dataType])
      let fits = bias.shape.map {
        $0.count == 1 && ($0[0] == channels || $0[0] < 0 || channels < 0)
      }
      guard fits ?? true else {
        throw GraphError(
          code: .shapeMismatch,
          message: "the bias must have \(channels) elements, got \(Shape.describe(bias.shape))")
      }
    }
    return [
      TensorType(
        type.dataType,
        [shape[0], filters[1] < 0 ? -1 : channels] + axes.map(\.input))
    ]
  }

  /// The spatial axes of the convolution that this is the transposition of: `input` is what we
  /// write, `output` what we read.
  func axes(_ shape: [Int], _ filters: [Int]) throws(GraphError) -> [Window.Axis] {
    let rank = shape.count - 2
    guard (1...3).contains(rank), filters.count == shape.count,
      shape[1] < 0 || filters[0] < 0 || (shape[1] == filters[0] && shape[1] % group == 0),
      window.strides.isEmpty || window.strides.count == rank,
      window.dilations.isEmpty || window.dilations.count == rank,
      window.pads.isEmpty || window.pads.count == 2 * rank,
      outputPadding.isEmpty || outputPadding.count == rank,
      outputShape.map({ $0.count == rank || $0.count == rank + 2 }) ?? true
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "ConvTranspose with \(group) groups cannot apply weights "
          + "\(Shape.describe(filters)) to data \(Shape.describe(shape))")
    }
    var result: [Window.Axis] = []
    for index in 0..<rank {
      let (size, kernel) = (shape[2 + index], filters[2 + index])
      var axis = Window.Axis(
        input: -1, output: size, kernel: kernel,
        stride: window.strides.isEmpty ? 1 : window.strides[index],
        dilation: window.dilations.isEmpty ? 1 : window.dilations[index], padBegin: 0, padEnd: 0)
      if size >= 0 && kernel >= 0 {
        guard size < 1 << 30, kernel < 1 << 24 else {
          throw GraphError(code: .shapeOverflow, message: "the output's size overflows")
        }
        complete(&axis, index, rank)
        guard axis.input >= 0 else {
          throw GraphError(
            code: .shapeMismatch, message: "the pads take more than there is of axis \(index)")
        }
      }
      result.append(axis)
    }
    return result
  }

  /// Decides pads and output size.
  private func complete(_ axis: inout Window.Axis, _ index: Int, _ rank: Int) {
    let extra = outputPadding.isEmpty ? 0 : outputPadding[index]
    let full =
      axis.stride * (axis.output - 1) + extra + (axis.kernel - 1) * axis.dilation + 1
    var wanted = outputShape.map { $0[$0.count - rank + index] }
    if wanted == nil, window.padding == .sameUpper || window.padding == .sameLower {
      wanted = axis.output * axis.stride
    }
    guard let wanted else {
      if window.padding == .explicit, !window.pads.isEmpty {
        axis.padBegin = window.pads[index]
        axis.padEnd = window.pads[rank + index]
      }
      axis.input = full - axis.padBegin - axis.padEnd
      return
    }
    let total = max(0, full - wanted)
    axis.padBegin = window.padding == .sameUpper ? total / 2 : total - total / 2
    axis.padEnd = total - axis.padBegin
    axis.input = wanted
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let shape = inputs.optional(0)?.shape, let filters = inputs.optional(1)?.shape else {
      return 0
    }
    // The kernels do some 32 multiplications in the time of a plain one.
    return Double(shape[0]) * Double(shape[1]) * Double(max(filters[1], 1))
      * SpatialLoop.work(try axes(shape, filters))
      / (inputs.optional(0)?.dataType == .fp32 ? 32 : 1)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, weight) = (try operands.input(0), try operands.input(1))
    let output = try operands.output()
    let axes = try axes(input.shape, weight.shape)
    let bias = operands.optional(2)
    guard input.dataType == .fp32 else {
      return step(
        try input.dataType.numeric(), input, weight, bias, output, SpatialLoop(axes))
    }
    let transposition = VolumeTransposition(
      VolumeWindows(axes), channels: input.shape[1] / group, outputs: weight.shape[1],
      groups: group, activation: activation.epilogue)
    let (source, factors, target) = (
      UnsafePointer(input.f32), UnsafePointer(weight.f32), output.f32
    )
    let offsets = bias.map { UnsafePointer($0.f32) }
    let (batch, threads) = (input.shape[0], operands.threadPool)
    return {
      transposition.run(
        source, batch: batch, weights: factors, bias: offsets, into: target, threads: threads)
    }
  }

  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ weight: Operand, _ bias: Operand?, _ output: Operand,
    _ loop: SpatialLoop
  ) -> Step {
    let (filters, perGroup) = (weight.shape[1], input.shape[1] / group)
    let (source, factors, target) = (
      input.pointer(T.self), weight.pointer(T.self), output.pointer(T.self)
    )
    let offsets = bias?.pointer(T.self)
    let (batch, channels, group) = (input.shape[0], input.shape[1], group)
    let activation = activation
    let (low, high) = (Double(activation.low), Double(activation.high))
    return {
      for image in 0..<batch {
        for filter in 0..<filters * group {
          let to = target + (image * filters * group + filter) * loop.inputCount
          let start = offsets?[filter] ?? T.zero
          for index in 0..<loop.inputCount { to[index] = start }
          let first = filter / filters * perGroup
          for channel in first..<first + perGroup {
            let from = source + (image * channels + channel) * loop.outputCount
            let taps = factors + (channel * filters + filter % filters) * loop.kernelCount
            loop.forEachOutput { position, origin in
              loop.forEachTap(origin) { tap, index in
                to[index] = T.add(to[index], T.multiply(from[position], taps[tap]))
              }
            }
          }
          guard activation.clamps else { continue }
          for index in 0..<loop.inputCount {
            // A NaN stays one.
            let value = to[index].asDouble
            let raised = value < low ? low : value
            to[index] = T(converting: raised > high ? high : raised)
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    for domain in ["", FusedAttribute.domain] {
      registry.register("ConvTranspose", domain: domain) { context throws(GraphError) in
        try ConvTransposeOperator(context)
      }
    }
  }
}
