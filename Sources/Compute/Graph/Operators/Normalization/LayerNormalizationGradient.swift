extension LayerNormalizationOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    for (name, domain, isCentered) in [
      ("LayerNormalization", "", true), ("SimplifiedLayerNormalization", "", false),
      ("SimplifiedLayerNormalization", contributed, false),
    ] {
      registry.differentiate(name, domain: domain) { nodes throws(GraphError) in
        guard let dy = nodes.gradient() else { return }
        let (x, shape) = (try nodes.input(0), try nodes.shape(0))
        let axis = try normalizedAxis(nodes.attributes.int("axis", default: -1), rank: shape.count)
        let scale = try nodes.input(1)
        let attributes: [String: Attribute] = [
          "axis": .int(Int64(axis)), "centered": .int(isCentered ? 1 : 0),
          "epsilon": .float(try nodes.attributes.float("epsilon", default: 1e-5)),
        ]
        let line = Array(shape[axis...])
        let bias = nodes.optional(2) == nil ? line : try nodes.shape(2)
        if try nodes.dataType(0) == .fp32, try nodes.shape(1) == line, bias == line,
          Shape.product(line[...]) > 0
        {
          let results = nodes.values(
            3, LineNormalizationGradient.opType, [dy, x, scale], attributes,
            domain: TrainingOperators.domain)
          for index in 0..<3 where index < 2 || nodes.optional(2) != nil {
            nodes.give(results[index], to: index)
          }
          return
        }
        // Scale and bias may broadcast within a line.
        let scaled = nodes.value("Mul", [dy, scale])
        let results = nodes.values(
          2, LayerNormalizationGradient.opType, [scaled, x], attributes,
          domain: TrainingOperators.domain)
        nodes.give(results[0], to: 0)
        if nodes.wants(1) {
          try nodes.giveReduced(nodes.value("Mul", [dy, results[1]]), from: shape, to: 1)
        }
        if nodes.optional(2) != nil { try nodes.giveReduced(dy, from: shape, to: 2) }
      }
    }
  }
}

/// The gradient of a normalisation of lines, from that by the normalised values, and these again:
/// dx = (dn - mean(dn) - n · mean(dn · n)) / σ; what is not centred has no mean(dn).
struct LayerNormalizationGradient: Operator {
  static let opType = "LayerNormalizationGradient"
  let axis: Int
  let epsilon: Float
  let isCentered: Bool

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64])
    guard try inputs.type(1, among: [type.dataType]).shape == type.shape else {
      throw GraphError(code: .shapeMismatch, message: "a gradient must have its value's shape")
    }
    return [type, type]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    try operands.input(0).dataType.gradientStep { type throws(GraphError) in
      try step(type, operands)
    }
  }

  private func step<T: GradientElement>(_ type: T.Type, _ operands: Operands) throws(GraphError)
    -> Step
  {
    let (given, input) = (try operands.input(0), try operands.input(1))
    let (outer, size) = (
      Shape.product(input.shape[..<axis]), Shape.product(input.shape[axis...])
    )
    let (dn, x) = (given.pointer(T.self), input.pointer(T.self))
    let dx = try operands.output(0).pointer(T.self)
    let normal = operands.optionalOutput(1)?.pointer(T.self)
    let (epsilon, isCentered, threads) = (Double(epsilon), isCentered, operands.threadPool)
    let cost = Parallel.Cost.elements(outer * size, nanosecondsEach: 3)
    return {
      Parallel.rows(outer, cost: cost, on: threads) { part in
        for row in part {
          let (from, arriving, to) = (x + row * size, dn + row * size, dx + row * size)
          let moments = Moments(from, count: size, epsilon: epsilon, isCentered: isCentered)
          let (mean, factor) = (T(moments.mean), T(moments.factor))
          var (sum, product) = (T(0), T(0))
          for index in 0..<size {
            let n = (from[index] - mean) * factor
            sum += arriving[index]
            product += arriving[index] * n
          }
          let shift = isCentered ? sum / T(size) : 0
          let slope = product / T(size)
          for index in 0..<size {
            let n = (from[index] - mean) * factor
            to[index] = factor * (arriving[index] - shift - n * slope)
            normal?[row * size + index] = n
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      LayerNormalizationGradient(
        axis: try context.int("axis", default: -1),
        epsilon: try context.float("epsilon", default: 1e-5),
        isCentered: try context.bool("centered", default: true))
    }
    LineNormalizationGradient.register(in: &registry)
  }
}

/// The gradients of a normalisation in single precision whose scale and bias are lines: by the data, the scale and
/// the bias, in one walk.
struct LineNormalizationGradient: Operator {
  static let opType = "LineNormalizationGradient"
  /// Lines whose sums are kept apart: threads change nothing.
  private static let linesPerBlock = 64
  let axis: Int
  let epsilon: Float
  let isCentered: Bool

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32])
    let scale = try inputs.type(2, among: [.fp32])
    guard try inputs.type(1, among: [.fp32]).shape == type.shape else {
      throw GraphError(code: .shapeMismatch, message: "a gradient must have its value's shape")
    }
    return [type, scale, scale]
  }

  private func sizes(_ shape: [Int]) -> (lines: Int, length: Int, blocks: Int) {
    let lines = Shape.product(shape[..<axis])
    return (
      lines, Shape.product(shape[axis...]), (lines + Self.linesPerBlock - 1) / Self.linesPerBlock
    )
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    guard let shape = inputs.optional(0)?.shape else { return 0 }
    let sizes = sizes(shape)
    return 2 * sizes.blocks * sizes.length * MemoryLayout<Float>.stride
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let given = try operands.input(0)
    let (lines, length, blocks) = sizes(given.shape)
    let (dy, x, scale) = (given.f32, try operands.input(1).f32, try operands.input(2).f32)
    let dx = try operands.output(0).f32
    let results = [operands.optionalOutput(1)?.f32, operands.optionalOutput(2)?.f32]
    let sums = operands.scratch.assumingMemoryBound(to: Float.self)
    let (epsilon, isCentered, threads) = (epsilon, isCentered, operands.threadPool)
    let cost = Parallel.Cost.elements(lines * length, nanosecondsEach: 0.6)
    return {
      sums.update(repeating: 0, count: 2 * blocks * length)
      Parallel.rows(blocks, cost: cost, on: threads) { part in
        for block in part {
          let first = block * Self.linesPerBlock
          let (at, own) = (first * length, sums + 2 * block * length)
          GradientKernels.layerNorm(
            into: dx + at, dy + at, x + at, scale: scale, scaleSums: own, sums: own + length,
            lines: min(Self.linesPerBlock, lines - first), length: length, epsilon: epsilon,
            isCentered: isCentered)
        }
      }
      for (index, result) in results.enumerated() {
        guard let result else { continue }
        result.update(repeating: 0, count: length)
        for block in 0..<blocks {
          let own = sums + (2 * block + index) * length
          for place in 0..<length { result[place] += own[place] }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      LineNormalizationGradient(
        axis: try context.int("axis", default: -1),
        epsilon: try context.float("epsilon", default: 1e-5),
        isCentered: try context.bool("centered", default: true))
    }
  }
}
