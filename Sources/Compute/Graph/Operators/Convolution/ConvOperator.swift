/// Conv over one to three spatial dimensions, grouped, dilated, padded; NCHW.
struct ConvOperator: Operator {
  let window: Window
  let group: Int
  let activation: FusedActivation

  init(_ context: OperatorContext) throws(GraphError) {
    window = try Window(context)
    group = try context.int("group", default: 1)
    activation = try FusedActivation(context)
    guard try !context.bool("ceil_mode", default: false) else {
      throw context.unsupported("ceil_mode", "1", expected: "none: the standard's Conv has none")
    }
    guard group >= 1 else {
      throw GraphError(
        code: .invalidAttribute, message: "group must be at least 1, got \(group)")
    }
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    let weight = try inputs.type(1, among: [type.dataType])
    guard let shape = type.shape, let filters = weight.shape else {
      return [TensorType(type.dataType, nil)]
    }
    let axes = try self.axes(shape, filters)
    if let bias = inputs.optional(2) {
      guard bias.dataType == type.dataType,
        bias.shape.map({
          $0.count == 1 && ($0[0] == filters[0] || $0[0] < 0 || filters[0] < 0)
        }) ?? true
      else {
        throw GraphError(
          code: .shapeMismatch,
          message: "the bias must be \(type.dataType) [\(filters[0])], got \(bias.dataType) "
            + Shape.describe(bias.shape))
      }
    }
    return [TensorType(type.dataType, [shape[0], filters[0]] + axes.map(\.output))]
  }

  /// Checks ranks, channels and groups, and decides the spatial axes.
  func axes(_ shape: [Int], _ filters: [Int]) throws(GraphError) -> [Window.Axis] {
    guard (3...5).contains(shape.count), filters.count == shape.count else {
      throw GraphError(
        code: .shapeMismatch,
        message: "Conv needs data and weights of equal rank 3 to 5, got "
          + "\(Shape.describe(shape)) and \(Shape.describe(filters))")
    }
    let channels = filters[1].multipliedReportingOverflow(by: group)
    guard filters[0] < 0 || filters[0] % group == 0,
      shape[1] < 0 || filters[1] < 0
        || (!channels.overflow && channels.partialValue == shape[1])
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "Conv with \(group) groups cannot apply weights \(Shape.describe(filters)) "
          + "to data \(Shape.describe(shape))")
    }
    let kernel = Array(filters[2...])
    if let declared = window.kernel,
      declared.count != kernel.count
        || zip(declared, kernel).contains(where: { $1 >= 0 && $0 != $1 })
    {
      throw GraphError(
        code: .invalidAttribute,
        message: "kernel_shape says \(Shape.describe(declared)), the weights have "
          + Shape.describe(kernel))
    }
    return try window.axes(Array(shape[2...]), kernel: kernel)
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let shape = inputs.optional(0)?.shape, let filters = inputs.optional(1)?.shape else {
      return 0
    }
    return try work(shape, filters)
  }

  func work(_ shape: [Int], _ filters: [Int]) throws(GraphError) -> Double {
    Double(shape[0]) * Double(filters[0]) * Double(max(filters[1], 1))
      * SpatialLoop.work(try axes(shape, filters))
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, weight) = (try operands.input(0), try operands.input(1))
    let axes = try self.axes(input.shape, weight.shape)
    return step(
      try input.dataType.numeric(), input, weight, operands.optional(2),
      try operands.output(), SpatialLoop(axes))
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ weight: Operand, _ bias: Operand?, _ output: Operand,
    _ loop: SpatialLoop
  ) -> Step {
    let (batch, channels) = (input.shape[0], weight.shape[1])
    let filtersPerGroup = weight.shape[0] / group
    let (plane, outPlane, taps) = (loop.inputCount, loop.outputCount, loop.kernelCount)
    let (source, filters, target) = (
      input.pointer(T.self), weight.pointer(T.self), output.pointer(T.self)
    )
    let offsets = bias?.pointer(T.self)
    let (group, activation) = (group, activation)
    let (low, high) = (Double(activation.low), Double(activation.high))
    return {
      for image in 0..<batch {
        for filter in 0..<(filtersPerGroup * group) {
          let firstChannel = filter / filtersPerGroup * channels
          let from = source + (image * group * channels + firstChannel) * plane
          let weights = filters + filter * channels * taps
          let to = target + (image * group * filtersPerGroup + filter) * outPlane
          let start = offsets.map { $0[filter].asDouble } ?? 0
          loop.forEachOutput { position, origin in
            var sum = start
            loop.forEachTap(origin) { tap, index in
              for channel in 0..<channels {
                sum +=
                  from[channel * plane + index].asDouble
                  * weights[channel * taps + tap].asDouble
              }
            }
            to[position] = T(converting: Double.minimum(Double.maximum(sum, low), high))
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    for domain in ["", FusedAttribute.domain] {
      registry.register("Conv", domain: domain) { context throws(GraphError) in
        let plain = try ConvOperator(context)
        if let kernel = try ConvKernel(plain, context, layout: .nchw) { return kernel }
        if let kernel = VolumeConvKernel(plain, context) { return kernel }
        return plain
      }
    }
  }
}
