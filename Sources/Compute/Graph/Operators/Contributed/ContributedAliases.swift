/// Operators that the standard has too, or has under another name.
enum ContributedAliases {
  static func register(in registry: inout OperatorRegistry) {
    for name in ["QuantizeLinear", "DequantizeLinear", "Trilu", "Range", "GatherND", "Pad"] {
      registry.register(name, domain: contributed) { e throws(GraphError) in
        e.give(e.value(name, e.context.node.inputs, e.context.node.attributes))
      }
    }
    // Its modes have the names they had before operator set 20.
    registry.register("GridSample", domain: contributed) { e throws(GraphError) in
      e.give(e.value("GridSample", e.context.node.inputs, e.context.node.attributes, opset: 16))
    }
    registry.register("ExpandDims", domain: contributed) { e throws(GraphError) in
      let axis = e.value("Cast", [try e.input(1)], ["to": .int(7)])
      let axes = e.value("Reshape", [axis, e.integers([1])])
      e.give(e.value("Unsqueeze", [try e.input(0), axes]))
    }
    registry.register("CDist", domain: contributed, expansion: distances)
  }

  /// Distances between the rows of two matrices: √(a² + b² - 2ab), or without the root.
  private static func distances(_ e: inout Expansion) throws(GraphError) {
    let metric = try e.context.string("metric") ?? "sqeuclidean"
    guard metric == "sqeuclidean" || metric == "euclidean" else {
      throw e.context.unsupported("metric", metric, expected: "euclidean or sqeuclidean")
    }
    let (a, b, type) = (try e.input(0), try e.input(1), try e.type(0).dataType)
    let columns = e.integers([1])
    let left = e.value("ReduceSumSquare", [a, columns], ["keepdims": .int(1)])
    let right = e.value("ReduceSumSquare", [b, columns], ["keepdims": .int(0)])
    let turned = e.value("Transpose", [b], ["perm": .ints([1, 0])])
    let product = e.value("Mul", [e.value("MatMul", [a, turned]), try e.number(2, type)])
    let difference = e.value("Sub", [e.value("Add", [left, right]), product])
    // Rounding may leave less than nothing between equal rows.
    let squares = e.value("Max", [difference, try e.number(0, type)])
    e.give(metric == "euclidean" ? e.value("Sqrt", [squares]) : squares)
  }
}
