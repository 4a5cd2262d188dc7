extension BinaryOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Add") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let shape = try nodes.outputShape()
      for index in 0...1 { try nodes.giveReduced(dy, from: shape, to: index) }
    }
    registry.differentiate("Sub") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let shape = try nodes.outputShape()
      try nodes.giveReduced(dy, from: shape, to: 0)
      if nodes.wants(1) { try nodes.giveReduced(nodes.value("Neg", [dy]), from: shape, to: 1) }
    }
    registry.differentiate("Mul") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (a, b, shape) = (try nodes.input(0), try nodes.input(1), try nodes.outputShape())
      if nodes.wants(0) { try nodes.giveReduced(nodes.value("Mul", [dy, b]), from: shape, to: 0) }
      if nodes.wants(1) { try nodes.giveReduced(nodes.value("Mul", [dy, a]), from: shape, to: 1) }
    }
    registry.differentiate("Div") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (b, shape) = (try nodes.input(1), try nodes.outputShape())
      let quotient = nodes.value("Div", [dy, b])
      try nodes.giveReduced(quotient, from: shape, to: 0)
      guard nodes.wants(1) else { return }
      let product = nodes.value("Mul", [quotient, nodes.output()])
      try nodes.giveReduced(nodes.value("Neg", [product]), from: shape, to: 1)
    }
    registry.differentiate("Pow") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (x, exponent, shape) = (try nodes.input(0), try nodes.input(1), try nodes.outputShape())
      if nodes.wants(0) {
        let type = try nodes.dataType(1)
        let less = nodes.value("Sub", [exponent, try nodes.number(1, type)])
        var factor = exponent
        if type != (try nodes.dataType(0)) {
          factor = nodes.value("CastLike", [exponent, x])
        }
        let slope = nodes.value("Mul", [nodes.value("Pow", [x, less]), factor])
        try nodes.giveReduced(nodes.value("Mul", [dy, slope]), from: shape, to: 0)
      }
      if nodes.wants(1) {
        let slope = nodes.value("Mul", [nodes.output(), nodes.value("Log", [x])])
        try nodes.giveReduced(nodes.value("Mul", [dy, slope]), from: shape, to: 1)
      }
    }
    registry.differentiate("PRelu") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (x, slope, shape) = (try nodes.input(0), try nodes.input(1), try nodes.outputShape())
      let zero = try nodes.number(0, nodes.dataType(0))
      let isNegative = nodes.value("Less", [x, zero])
      if nodes.wants(0) {
        let scaled = nodes.value("Mul", [dy, slope])
        nodes.give(nodes.value("Where", [isNegative, scaled, dy]), to: 0)
      }
      if nodes.wants(1) {
        let scaled = nodes.value("Mul", [dy, x])
        try nodes.giveReduced(
          nodes.value("Where", [isNegative, scaled, zero]), from: shape, to: 1)
      }
    }
  }
}

extension VariadicOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Sum") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let shape = try nodes.outputShape()
      for index in nodes.node.inputs.indices { try nodes.giveReduced(dy, from: shape, to: index) }
    }
    registry.differentiate("Mean") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (shape, count) = (try nodes.outputShape(), Double(nodes.node.inputs.count))
      let share = nodes.value("Div", [dy, try nodes.number(count, nodes.dataType(0))])
      for index in nodes.node.inputs.indices {
        try nodes.giveReduced(share, from: shape, to: index)
      }
    }
    // Those that are the extreme one share the gradient equally.
    registry.differentiate("Min", "Max") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (shape, y) = (try nodes.outputShape(), nodes.output())
      var masks: [String] = []
      for index in nodes.node.inputs.indices {
        let isExtreme = nodes.value("Equal", [try nodes.input(index), y])
        masks.append(nodes.value("CastLike", [isExtreme, y]))
      }
      let share = nodes.value("Div", [dy, nodes.value("Sum", masks)])
      for index in nodes.node.inputs.indices where nodes.wants(index) {
        try nodes.giveReduced(nodes.value("Mul", [share, masks[index]]), from: shape, to: index)
      }
    }
  }
}

extension WhereOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Where") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (condition, shape) = (try nodes.input(0), try nodes.outputShape())
      let zero = try nodes.number(0, nodes.dataType(1))
      if nodes.wants(1) {
        try nodes.giveReduced(nodes.value("Where", [condition, dy, zero]), from: shape, to: 1)
      }
      if nodes.wants(2) {
        try nodes.giveReduced(nodes.value("Where", [condition, zero, dy]), from: shape, to: 2)
      }
    }
  }
}

extension ClipOperator {
  /// The gradient passes where the value was left as it is.
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Clip") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      let (x, y, type) = (try nodes.input(0), nodes.output(), try nodes.dataType(0))
      let isSame = nodes.value("Equal", [x, y])
      nodes.give(nodes.value("Where", [isSame, dy, try nodes.number(0, type)]), to: 0)
    }
  }
}

extension CastOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("Cast", "CastLike") { nodes throws(GraphError) in
      guard let dy = nodes.gradient(), nodes.wants(0) else { return }
      nodes.give(nodes.value("CastLike", [dy, try nodes.input(0)]), to: 0)
    }
  }
}

extension ComparisonOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.doNotDifferentiate(
      "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "Not", "Shape", "Size", "ArgMax",
      "ArgMin", "NonZero", "OneHot", "Range", "ConstantOfShape", "Constant", "Hardmax")
  }
}
