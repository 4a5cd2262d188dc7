extension ReduceOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("ReduceSum") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      nodes.give(try stretched(&nodes, dy), to: 0)
    }
    registry.differentiate("ReduceMean", "GlobalAveragePool") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (shape, reduced) = (try nodes.shape(0), try keptShape(nodes))
      let count = Shape.product(shape[...]) / max(1, Shape.product(reduced[...]))
      let share = nodes.value("Div", [dy, try nodes.number(Double(count), nodes.dataType(0))])
      nodes.give(try stretched(&nodes, share), to: 0)
    }
    // Those that are the extreme one share the gradient equally.
    registry.differentiate("ReduceMax", "ReduceMin", "GlobalMaxPool") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let x = try nodes.input(0)
      let reduced = try keptShape(nodes)
      let shape = try nodes.shape(0)
      let y = nodes.reshaped(nodes.output(), reduced)
      let isExtreme = nodes.value("Equal", [x, y])
      let mask = nodes.value("CastLike", [isExtreme, y])
      let axes = shape.indices.filter { reduced[$0] != shape[$0] }
      let count =
        axes.isEmpty
        ? mask : nodes.value("ReduceSum", [mask, nodes.integers(axes)], ["keepdims": .int(1)])
      let share = nodes.value("Div", [nodes.reshaped(dy, reduced), count])
      nodes.give(nodes.value("Mul", [share, mask]), to: 0)
    }
    registry.differentiate(
      "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceProd"
    ) { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (x, type) = (try nodes.input(0), try nodes.dataType(0))
      let reduced = try keptShape(nodes)
      let y = nodes.reshaped(nodes.output(), reduced)
      let wide = nodes.reshaped(dy, reduced)
      let slope: String
      switch nodes.node.opType {
      case "ReduceSumSquare": slope = nodes.value("Mul", [x, try nodes.number(2, type)])
      case "ReduceL1": slope = nodes.value("Sign", [x])
      case "ReduceL2": slope = nodes.value("Div", [x, y])
      case "ReduceLogSum":
        // d log(s) = ds / s, where s = exp(y).
        let inverse = nodes.value("Exp", [nodes.value("Neg", [y])])
        slope = nodes.value("Expand", [inverse, nodes.integers(try nodes.shape(0))])
      case "ReduceProd": slope = nodes.value("Div", [y, x])
      default: slope = nodes.value("Exp", [nodes.value("Sub", [x, y])])
      }
      nodes.give(nodes.value("Mul", [wide, slope]), to: 0)
    }
  }

  /// The result's shape with the reduced dimensions kept at 1.
  private static func keptShape(_ nodes: GradientNodes) throws(GraphError) -> [Int] {
    let shape = try nodes.shape(0)
    if nodes.node.opType.hasPrefix("Global") {
      return shape.indices.map { $0 < 2 ? shape[$0] : 1 }
    }
    var axes = try nodes.attributes.ints("axes") ?? []
    if nodes.optional(1) != nil {
      guard let values = try nodes.integers(1) else {
        throw GraphError(
          code: .shapeMismatch, message: "the axes must be constants to compute gradients")
      }
      axes = values
    }
    if axes.isEmpty {
      let isNone = try nodes.attributes.bool("noop_with_empty_axes", default: false)
      return isNone ? shape : shape.map { _ in 1 }
    }
    var result = shape
    for axis in axes { result[try normalizedAxis(axis, rank: shape.count)] = 1 }
    return result
  }

  private static func stretched(
    _ nodes: inout GradientNodes, _ dy: String
  ) throws(GraphError) -> String {
    let wide = nodes.reshaped(dy, try keptShape(nodes))
    return nodes.value("Expand", [wide, nodes.integers(try nodes.shape(0))])
  }
}
