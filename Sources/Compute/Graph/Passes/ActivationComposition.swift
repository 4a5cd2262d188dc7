/// Activations that exporters write as products become one operator: Gelu (by erf and by tanh),
/// SiLU (x · sigmoid(x)) and HardSwish.
enum ActivationComposition {
  private static let gates: Set<String> = ["Sigmoid", "HardSigmoid", "Clip", "Erf", "Tanh"]

  static let pass = GraphPass(option: .composition) { graph, registry, options throws(GraphError) in
    guard graph.nodes.contains(where: { gates.contains($0.opType) }) else { return }
    let pattern = GraphPattern(graph)
    let types = try GraphTypes(graph, registry: registry, options: options, packs: false).types
    for (index, node) in graph.nodes.enumerated()
    where node.domain.isEmpty && (node.opType == "Mul" || node.opType == "Div") {
      // A constant of one number may still have more dimensions than the value.
      guard let found = match(node, pattern), types[found.input] == types[node.outputs[0]] else {
        continue
      }
      var activation = Node(
        name: node.name, opType: found.kind.opType, inputs: [found.input], outputs: node.outputs)
      if found.kind == .silu { activation.domain = FusedAttribute.domain }
      if found.kind == .geluTanh {
        activation.attributes["approximate"] = .string(Array("tanh".utf8))
      }
      graph.nodes[index] = activation
    }
  }

  private enum Kind {
    case gelu, geluTanh, silu, hardSwish

    var opType: String {
      switch self {
      case .gelu, .geluTanh: "Gelu"
      case .silu: FusedAttribute.silu
      case .hardSwish: "HardSwish"
      }
    }
  }

  /// A factor that only one activation has: of which value, and the number that must stand with it.
  private struct Gate {
    var kind: Kind
    var input: String
    var number: Float
  }

  private static func match(
    _ node: Node, _ pattern: GraphPattern
  ) -> (kind: Kind, input: String)? {
    for name in leaves(node, pattern, stop: "").names {
      guard let gate = gate(name, pattern) else { continue }
      let (names, number) = leaves(node, pattern, stop: gate.input)
      if names.sorted() == [gate.input, name].sorted(), abs(number - gate.number) < 1e-5 {
        return (gate.kind, gate.input)
      }
    }
    return nil
  }

  /// The factors of a product, and the product of its constants. What is called `stop` is no
  /// further taken apart.
  private static func leaves(
    _ node: Node, _ pattern: GraphPattern, stop: String, depth: Int = 2
  ) -> (names: [String], number: Float) {
    guard node.inputs.count == 2 else { return (node.inputs, 1) }
    var (names, number) = ([String](), Float(1))
    for (position, name) in node.inputs.enumerated() {
      let divides = node.opType == "Div" && position == 1
      if let constant = pattern.number(name) {
        number *= divides ? 1 / constant : constant
      } else if !divides, name != stop, depth > 0,
        let inner = pattern.node("Mul", writing: name) ?? pattern.node("Div", writing: name),
        gate(name, pattern) == nil
      {
        let rest = leaves(inner, pattern, stop: stop, depth: depth - 1)
        names += rest.names
        number *= rest.number
      } else {
        // A divisor that is no number fits no activation.
        names.append(divides ? "" : name)
      }
    }
    return (names, number)
  }

  private static func gate(_ name: String, _ pattern: GraphPattern) -> Gate? {
    if let node = pattern.node("Sigmoid", writing: name) {
      return Gate(kind: .silu, input: node.inputs[0], number: 1)
    }
    if let node = pattern.node("HardSigmoid", writing: name),
      case .float(let alpha) = node.attributes["alpha"], abs(alpha - 1 / 6) < 1e-6
    {
      if case .float(let beta) = node.attributes["beta"], beta != 0.5 { return nil }
      return Gate(kind: .hardSwish, input: node.inputs[0], number: 1)
    }
    if let node = pattern.node("Clip", writing: name), bounds(node, pattern) == [0, 6],
      let input = sum(node.inputs[0], pattern, 3)
    {
      return Gate(kind: .hardSwish, input: input, number: 1 / 6)
    }
    guard let half = sum(name, pattern, 1) else { return nil }
    if let node = pattern.node("Erf", writing: half),
      let input = product(node.inputs[0], pattern, Float(0.5).squareRoot())
    {
      return Gate(kind: .gelu, input: input, number: 0.5)
    }
    if let node = pattern.node("Tanh", writing: half),
      let cubic = product(node.inputs[0], pattern, 0.7978845608),
      let input = cubicInput(cubic, pattern)
    {
      return Gate(kind: .geluTanh, input: input, number: 0.5)
    }
    return nil
  }

  private static func bounds(_ node: Node, _ pattern: GraphPattern) -> [Float?] {
    ["min", "max"].enumerated().map { position, name in
      if case .float(let value) = node.attributes[name] { return value }
      return node.inputs.count > position + 1 ? pattern.number(node.inputs[position + 1]) : nil
    }
  }

  /// x of x + number.
  private static func sum(_ name: String, _ pattern: GraphPattern, _ number: Float) -> String? {
    guard let node = pattern.node("Add", writing: name) else { return nil }
    return pattern.orders(node).first { pattern.number($0.1) == number }?.0
  }

  /// x of x · number, or of x / (1 / number).
  private static func product(
    _ name: String, _ pattern: GraphPattern, _ number: Float
  ) -> String? {
    if let node = pattern.node("Div", writing: name) {
      return pattern.isNumber(node.inputs[1], 1 / number) ? node.inputs[0] : nil
    }
    guard let node = pattern.node("Mul", writing: name) else { return nil }
    return pattern.orders(node).first { pattern.isNumber($0.1, number) }?.0
  }

  /// x of x + 0.044715 x³, the cube as a power or as products in any order.
  private static func cubicInput(_ name: String, _ pattern: GraphPattern) -> String? {
    guard let node = pattern.node("Add", writing: name) else { return nil }
    return pattern.orders(node).first { input, cubic in
      if let cube = pattern.node("Mul", writing: cubic) {
        let (names, number) = leaves(cube, pattern, stop: input, depth: 3)
        if names == [input, input, input], abs(number - 0.044715) < 1e-5 { return true }
      }
      guard let cube = product(cubic, pattern, 0.044715),
        let power = pattern.node("Pow", writing: cube)
      else { return false }
      return power.inputs[0] == input && pattern.number(power.inputs[1]) == 3
    }?.0
  }
}
