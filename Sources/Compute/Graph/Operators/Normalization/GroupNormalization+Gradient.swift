extension GroupNormalizationOperator {
  /// A group is a line of a LayerNormalization.
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("InstanceNormalization", "GroupNormalization") {
      nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (shape, scales) = (try nodes.shape(0), try nodes.shape(1))
      let channels = shape[1]
      let groups = try nodes.attributes.int("num_groups") ?? channels
      let plane = Shape.product(shape[2...])
      // Before opset 21 there was one factor a group.
      let perGroup = scales[0] != channels
      // [images, factors, what shares one]
      let factored = [shape[0], scales[0], channels / scales[0] * plane]
      let lines = [shape[0] * groups, channels / groups * plane]
      let arriving = nodes.reshaped(dy, factored)
      let factors = nodes.reshaped(try nodes.input(1), [1, scales[0], 1])
      let scaled = nodes.reshaped(nodes.value("Mul", [arriving, factors]), lines)
      let x = nodes.reshaped(try nodes.input(0), lines)
      let epsilon = try nodes.attributes.float("epsilon", default: 1e-5)
      let results = nodes.values(
        2, LayerNormalizationGradient.opType, [scaled, x],
        ["axis": .int(1), "centered": .int(1), "epsilon": .float(epsilon)],
        domain: TrainingOperators.domain)
      nodes.give(nodes.reshaped(results[0], shape), to: 0)
      precondition(!perGroup || scales[0] == groups, "as inference of types has checked")
      func summed(_ value: String, _ nodes: inout GradientNodes) -> String {
        nodes.value("ReduceSum", [value, nodes.integers([0, 2])], ["keepdims": .int(0)])
      }
      if nodes.wants(1) {
        let normal = nodes.reshaped(results[1], factored)
        nodes.give(summed(nodes.value("Mul", [arriving, normal]), &nodes), to: 1)
      }
      if nodes.wants(2) { nodes.give(summed(arriving, &nodes), to: 2) }
    }
  }
}
