extension PoolOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("MaxPool", "AveragePool") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      var attributes = nodes.node.attributes
      attributes["max"] = .int(nodes.node.opType == "MaxPool" ? 1 : 0)
      nodes.give(
        nodes.special(PoolGradient.opType, [dy, try nodes.input(0)], attributes), to: 0)
    }
  }
}

/// The gradient of pooling: to the first largest element of a window, or to all of them equally; NCHW.
struct PoolGradient: Operator {
  static let opType = "PoolGradient"
  let forward: PoolOperator

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64])
    let data = try inputs.type(1, among: [type.dataType])
    if let shape = data.shape {
      guard type.shape == Array(shape.prefix(2)) + (try forward.axes(shape).map(\.output)) else {
        throw GraphError(code: .shapeMismatch, message: "a gradient must have its value's shape")
      }
    }
    return [data]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let shape = inputs.optional(1)?.shape else { return 0 }
    return Double(shape[0] * shape[1]) * SpatialLoop.work(try forward.axes(shape))
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    try operands.input(0).dataType.gradientStep { type throws(GraphError) in
      try step(type, operands)
    }
  }

  private func step<T: GradientElement>(_ type: T.Type, _ operands: Operands) throws(GraphError)
    -> Step
  {
    let input = try operands.input(1)
    let loop = SpatialLoop(try forward.axes(input.shape))
    let planes = input.shape[0] * input.shape[1]
    let (dy, x) = (try operands.input(0).pointer(T.self), input.pointer(T.self))
    let (dx, count) = (try operands.output().pointer(T.self), input.count)
    let (isMax, countsPadding) = (forward.isMax, forward.countsPadding)
    return {
      dx.update(repeating: 0, count: count)
      for plane in 0..<planes {
        let (from, to) = (x + plane * loop.inputCount, dx + plane * loop.inputCount)
        let arriving = dy + plane * loop.outputCount
        loop.forEachOutput { position, origin in
          if isMax {
            var best = -1
            loop.forEachTap(origin) { _, index in
              if best < 0 || from[index] > from[best] { best = index }
            }
            if best >= 0 { to[best] += arriving[position] }
          } else {
            var taps = 0
            loop.forEachTap(origin) { _, _ in taps += 1 }
            if countsPadding { taps = loop.paddedCount(origin) }
            let share = arriving[position] / T(taps)
            loop.forEachTap(origin) { _, index in to[index] += share }
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      PoolGradient(
        forward: PoolOperator(
          window: try Window(context), isMax: try context.bool("max", default: false),
          countsPadding: try context.bool("count_include_pad", default: false)))
    }
  }
}
