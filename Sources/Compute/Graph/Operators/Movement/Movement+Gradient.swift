extension ShapeAliases {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity") {
      nodes throws(GraphError) in
      guard let dy = nodes.gradient(), nodes.wants(0) else { return }
      nodes.give(nodes.reshaped(dy, try nodes.shape(0)), to: 0)
    }
  }
}

extension TransposeOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Transpose") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let rank = try nodes.shape(0).count
      let order = try nodes.attributes.ints("perm") ?? Array((0..<rank).reversed())
      var inverse = [Int64](repeating: 0, count: rank)
      for (place, axis) in order.enumerated() { inverse[axis] = Int64(place) }
      nodes.give(nodes.value("Transpose", [dy], ["perm": .ints(inverse)]), to: 0)
    }
  }
}

extension ConcatOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Concat") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let axis = try normalizedAxis(
        nodes.attributes.int("axis", default: 1), rank: try nodes.outputShape().count)
      var sizes: [Int] = []
      for index in nodes.node.inputs.indices { sizes.append(try nodes.shape(index)[axis]) }
      let pieces = nodes.values(
        sizes.count, "Split", [dy, nodes.integers(sizes)], ["axis": .int(Int64(axis))])
      for (index, piece) in pieces.enumerated() { nodes.give(piece, to: index) }
    }
  }
}

extension SplitOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Split") { nodes throws(GraphError) in
      guard nodes.wants(0) else { return }
      let axis = Int64(try nodes.attributes.int("axis", default: 0))
      var pieces: [String?] = []
      for index in nodes.node.outputs.indices {
        if let dy = nodes.gradient(index) {
          pieces.append(dy)
        } else {
          // A piece that the loss does not depend on.
          let zero = try nodes.number(0, nodes.dataType(0))
          pieces.append(
            nodes.value("Expand", [zero, nodes.integers(try nodes.outputShape(index))]))
        }
      }
      nodes.give(nodes.value("Concat", pieces, ["axis": .int(axis)]), to: 0)
    }
  }
}

extension GatherOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Gather") { nodes throws(GraphError) in
      guard let dy = nodes.gradient(), nodes.wants(0) else { return }
      let shape = try nodes.shape(0)
      let axis = try normalizedAxis(nodes.attributes.int("axis", default: 0), rank: shape.count)
      nodes.give(
        nodes.special(
          GatherGradient.opType, [dy, try nodes.input(1)],
          ["axis": .int(Int64(axis)), "shape": .ints(shape.map { Int64($0) })]), to: 0)
    }
  }
}

/// The gradient of Gather: each slice is added where it was picked.
struct GatherGradient: Operator {
  static let opType = "GatherGradient"
  let axis: Int
  /// The shape of what was picked from.
  let shape: [Int]

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64])
    let picked = try inputs.type(1, among: [.int64, .int32])
    let expected = picked.shape.map { Array(shape[..<axis]) + $0 + Array(shape[(axis + 1)...]) }
    guard type.shape == expected else {
      throw GraphError(
        code: .shapeMismatch,
        message: "the gradient must be \(Shape.describe(expected)), got "
          + Shape.describe(type.shape))
    }
    return [TensorType(type.dataType, shape)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    try operands.input(0).dataType.gradientStep { type throws(GraphError) in
      try step(type, operands)
    }
  }

  private func step<T: GradientElement>(_ type: T.Type, _ operands: Operands) throws(GraphError)
    -> Step
  {
    let (indices, output) = (try operands.input(1), try operands.output())
    let (dy, dx) = (try operands.input(0).pointer(T.self), output.pointer(T.self))
    let inner = Shape.product(shape[(axis + 1)...])
    let gather = GatherOperator.Picker(
      outer: Shape.product(shape[..<axis]), axis: shape[axis], inner: inner, indices: indices)
    let size = output.count
    return { () throws(ExecutionError) in
      dx.update(repeating: 0, count: size)
      try gather.forEach { position, from in
        let (source, target) = (dy + position * inner, dx + from)
        for index in 0..<inner { target[index] += source[index] }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      let (axis, shape) = (try context.int("axis", default: 0), try context.ints("shape") ?? [])
      guard shape.indices.contains(axis) else {
        throw GraphError(code: .invalidAttribute, message: "axis \(axis) is none of \(shape)")
      }
      return GatherGradient(axis: axis, shape: shape)
    }
  }
}
