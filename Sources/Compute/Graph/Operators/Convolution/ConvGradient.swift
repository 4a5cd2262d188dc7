extension ConvOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Conv") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (shape, filters) = (try nodes.shape(0), try nodes.shape(1))
      var attributes = nodes.node.attributes
      attributes["data_shape"] = .ints(shape.map { Int64($0) })
      attributes["weight_shape"] = .ints(filters.map { Int64($0) })
      if nodes.wants(0) || nodes.wants(1) {
        let results = nodes.values(
          2, ConvGradient.opType, [dy, try nodes.input(0), try nodes.input(1)], attributes,
          domain: TrainingOperators.domain)
        for index in 0...1 { nodes.give(results[index], to: index) }
      }
      guard nodes.wants(2) else { return }
      let axes = [0] + Array(2..<shape.count)
      nodes.give(
        nodes.value("ReduceSum", [dy, nodes.integers(axes)], ["keepdims": .int(0)]), to: 2)
    }
  }
}

/// The gradients of Conv by data and weights, over one to three spatial dimensions, grouped, dilated and
/// padded; NCHW.
struct ConvGradient: Operator {
  static let opType = "ConvGradient"
  let forward: ConvOperator

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64])
    let data = try inputs.type(1, among: [type.dataType])
    let weights = try inputs.type(2, among: [type.dataType])
    if let shape = data.shape, let filters = weights.shape {
      let axes = try forward.axes(shape, filters)
      guard type.shape == [shape[0], filters[0]] + axes.map(\.output) else {
        throw GraphError(code: .shapeMismatch, message: "a gradient must have its value's shape")
      }
    }
    return [data, weights]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let shape = inputs.optional(1)?.shape, let filters = inputs.optional(2)?.shape else {
      return 0
    }
    return 2 * (try forward.work(shape, filters))
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    try operands.input(0).dataType.gradientStep { type throws(GraphError) in
      try step(type, operands)
    }
  }

  private func step<T: GradientElement>(_ type: T.Type, _ operands: Operands) throws(GraphError)
    -> Step
  {
    let (input, weight) = (try operands.input(1), try operands.input(2))
    let loop = SpatialLoop(try forward.axes(input.shape, weight.shape))
    let (batch, channels, group) = (input.shape[0], weight.shape[1], forward.group)
    let filters = weight.shape[0]
    let (plane, outPlane, taps) = (loop.inputCount, loop.outputCount, loop.kernelCount)
    let dy = try operands.input(0).pointer(T.self)
    let (x, w) = (input.pointer(T.self), weight.pointer(T.self))
    let dx = operands.optionalOutput(0)?.pointer(T.self)
    let dw = operands.optionalOutput(1)?.pointer(T.self)
    let (dataCount, weightCount) = (input.count, weight.count)
    return {
      dx?.update(repeating: 0, count: dataCount)
      dw?.update(repeating: 0, count: weightCount)
      for image in 0..<batch {
        for filter in 0..<filters {
          let firstChannel = filter / (filters / group) * channels
          let place = (image * group * channels + firstChannel) * plane
          let arriving = dy + (image * filters + filter) * outPlane
          let kernel = filter * channels * taps
          loop.forEachOutput { position, origin in
            let value = arriving[position]
            if value == 0 { return }
            loop.forEachTap(origin) { tap, index in
              for channel in 0..<channels {
                let (at, tap) = (place + channel * plane + index, kernel + channel * taps + tap)
                if let dx { dx[at] += value * w[tap] }
                if let dw { dw[tap] += value * x[at] }
              }
            }
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      ConvGradient(forward: try ConvOperator(context))
    }
  }
}
