extension ConvTransposeOperator {
  /// It is the gradient of a convolution by its data, so its own gradients are that convolution, and the
  /// convolution's gradient by its weights.
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("ConvTranspose") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (shape, filters) = (try nodes.shape(0), try nodes.shape(1))
      if nodes.wants(2) {
        let axes = [0] + Array(2..<shape.count)
        nodes.give(
          nodes.value("ReduceSum", [dy, nodes.integers(axes)], ["keepdims": .int(0)]), to: 2)
      }
      guard nodes.wants(0) || nodes.wants(1) else { return }
      let operation = try ConvTransposeOperator(nodes.attributes)
      let axes = try operation.axes(shape, filters)
      let arriving = try reached(&nodes, dy, axes)
      var attributes: [String: Attribute] = [
        "kernel_shape": ints(axes.map(\.kernel)), "strides": ints(axes.map(\.stride)),
        "dilations": ints(axes.map(\.dilation)), "group": .int(Int64(operation.group)),
        "pads": ints(axes.map(\.padBegin) + axes.map(\.padEnd)),
      ]
      guard axes.count == 2 else {
        if nodes.wants(0) {
          nodes.give(nodes.value("Conv", [arriving, try nodes.input(1)], attributes), to: 0)
        }
        if nodes.wants(1) {
          let results = nodes.values(
            2, ConvGradient.opType, [try nodes.input(0), arriving, try nodes.input(1)], attributes,
            domain: TrainingOperators.domain)
          nodes.give(results[1], to: 1)
        }
        return
      }
      // Images have kernels whose weights change from step to step, in another layout.
      let images = turned(&nodes, arriving, [0, 2, 3, 1])
      let weights = turned(&nodes, try nodes.input(1), [2, 3, 1, 0])
      if nodes.wants(0) {
        let dx = nodes.special(ImageConvolution.opType, [images, weights], attributes)
        nodes.give(turned(&nodes, dx, [0, 3, 1, 2]), to: 0)
      }
      if nodes.wants(1) {
        attributes["wants_data"] = .int(0)
        let data = turned(&nodes, try nodes.input(0), [0, 2, 3, 1])
        let results = nodes.values(
          2, ImageConvolutionGradient.opType, [data, images, weights], attributes,
          domain: TrainingOperators.domain)
        nodes.give(turned(&nodes, results[1], [3, 2, 0, 1]), to: 1)
      }
    }
  }

  private static func ints(_ values: [Int]) -> Attribute { .ints(values.map { Int64($0) }) }

  private static func turned(
    _ nodes: inout GradientNodes, _ value: String, _ order: [Int]
  ) -> String {
    nodes.value("Transpose", [value], ["perm": ints(order)])
  }

  /// The part of what arrives that an input pixel reaches. What lies behind, where the output was made
  /// larger by a whole stride or more, has the bias only.
  private static func reached(
    _ nodes: inout GradientNodes, _ dy: String, _ axes: [Window.Axis]
  ) throws(GraphError) -> String {
    var ends: [Int] = []
    for axis in axes {
      let room =
        axis.input + axis.padBegin + axis.padEnd - (axis.kernel - 1) * axis.dilation - 1
      let extra = room - (axis.output - 1) * axis.stride
      ends.append(extra >= axis.stride ? axis.input - extra : axis.input)
    }
    if ends == axes.map(\.input) { return dy }
    let spatial = Array(2..<(2 + axes.count))
    return nodes.value(
      "Slice",
      [
        dy, nodes.integers([Int](repeating: 0, count: axes.count)), nodes.integers(ends),
        nodes.integers(spatial),
      ])
  }
}
