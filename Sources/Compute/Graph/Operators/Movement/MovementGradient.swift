/// The gradient of an operator whose answer is elements of its input in other places: what arrives is added
/// where the element came from. From where that is, the operator itself tells, when it moves the numbers
/// of the places (counted from 1; 0 is what it filled in) in the elements' stead.
struct MovementGradient: Operator {
  static let opType = "MovementGradient"
  /// The input's shape.
  let shape: [Int]

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64])
    guard try inputs.type(1, among: [.int64]).shape == type.shape else {
      throw GraphError(code: .shapeMismatch, message: "there must be a place for each element")
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
    let (given, output) = (try operands.input(0), try operands.output())
    let (dy, places) = (given.pointer(T.self), try operands.input(1).pointer(Int64.self))
    let (dx, count, size) = (output.pointer(T.self), given.count, output.count)
    return { () throws(ExecutionError) in
      dx.update(repeating: 0, count: size)
      for index in 0..<count {
        let place = Int(places[index])
        guard place >= 0, place <= size else {
          throw ExecutionError(code: .invalidValue, message: "a place must be in 0...\(size)")
        }
        if place > 0 { dx[place - 1] += dy[index] }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      MovementGradient(shape: try context.ints("shape") ?? [])
    }
  }

  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate(
      "Slice", "Pad", "Tile", "DepthToSpace", "SpaceToDepth", "GatherElements", "GatherND",
      "ReverseSequence", "Trilu", "CenterCropPad"
    ) { nodes throws(GraphError) in
      guard let dy = nodes.gradient(), nodes.wants(0) else { return }
      let shape = try nodes.shape(0)
      let count = Shape.product(shape[...])
      let places = nodes.constant(
        Tensor(int64: (0..<count).map { Int64($0 + 1) }, shape: shape))
      var inputs: [String?] = nodes.node.inputs.map { $0.isEmpty ? nil : $0 }
      inputs[0] = places
      // What is padded is no element, whatever its value.
      if nodes.node.opType == "Pad", inputs.count > 2 { inputs[2] = nil }
      var attributes = nodes.node.attributes
      if nodes.node.opType == "Pad" { attributes["value"] = nil }
      let moved = nodes.moved(inputs, attributes)
      nodes.give(
        nodes.special(opType, [dy, moved], ["shape": .ints(shape.map { Int64($0) })]), to: 0)
    }
    registry.differentiate("Expand") { nodes throws(GraphError) in
      guard let dy = nodes.gradient() else { return }
      try nodes.giveReduced(dy, from: nodes.outputShape(), to: 0)
    }
  }
}

extension GradientNodes {
  /// The node itself, in its own operator set, on other inputs.
  fileprivate mutating func moved(_ inputs: [String?], _ attributes: [String: Attribute]) -> String
  {
    value(node.opType, inputs, attributes, domain: node.domain, opset: opset)
  }
}
