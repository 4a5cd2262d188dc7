/// Writes the nodes that compute the gradient of one node: from the gradient of the loss by its outputs
/// that by its inputs (the reverse mode of automatic differentiation). All shapes are known.
///
/// A rule is declared beside the operator it belongs to and is said in the terms of other operators, so
/// that the same kernels, passes and plans serve both directions.
struct GradientNodes: NodeWriting {
  /// The node that is differentiated. A rule may give it more outputs, or make it another one that keeps
  /// what its gradient needs.
  var node: Node
  /// The operator set that the node was written for.
  let opset: Int
  private let context: OperatorContext
  private let types: [String: TensorType]
  private let arriving: [String?]
  private let wanted: [Bool]
  var written: WrittenNodes
  /// The gradients of inputs that were given, by position.
  private(set) var given: [Int: String] = [:]

  init(
    _ context: OperatorContext, types: [String: TensorType], arriving: [String?], wanted: [Bool],
    number: Int
  ) {
    self.context = context
    node = context.node
    opset = context.opset
    self.types = types
    self.arriving = arriving
    self.wanted = wanted
    written = WrittenNodes(of: context.node, prefix: "\0gradient\(number).")
  }

  // MARK: - What the node has

  /// The node's attributes.
  var attributes: OperatorContext { context }

  /// The name of an input that is there.
  func input(_ index: Int) throws(GraphError) -> String {
    guard let name = optional(index) else {
      throw GraphError(code: .missingInput, message: "input \(index) is required and missing")
    }
    return name
  }

  /// The name of an input, nil if left out.
  func optional(_ index: Int) -> String? {
    index < node.inputs.count && !node.inputs[index].isEmpty ? node.inputs[index] : nil
  }

  /// The value of an input as integers, where it is a constant.
  func integers(_ index: Int) throws(GraphError) -> [Int]? { try context.known.integers(index) }

  /// An input's value, where it is a constant.
  func constant(_ index: Int) -> Tensor? { context.known.constant(index) }

  /// The shape of an input.
  func shape(_ index: Int) throws(GraphError) -> [Int] { try known(input(index)) }

  /// The element type of an input.
  func dataType(_ index: Int) throws(GraphError) -> DataType {
    try context.known.type(index).dataType
  }

  /// The shape of an output that the node has.
  func outputShape(_ index: Int = 0) throws(GraphError) -> [Int] { try known(node.outputs[index]) }

  private func known(_ name: String) throws(GraphError) -> [Int] {
    guard let type = types[name], let shape = type.shape, type.isConcrete else {
      throw GraphError(
        code: .shapeMismatch,
        message: "all shapes must be known to compute gradients, got "
          + "\(Shape.describe(types[name]?.shape)) for '\(name)'")
    }
    return shape
  }

  /// The name of an output; one that nobody read so far gets a name.
  mutating func output(_ index: Int = 0) -> String {
    while node.outputs.count <= index { node.outputs.append("") }
    if node.outputs[index].isEmpty { node.outputs[index] = written.name() }
    return node.outputs[index]
  }

  /// The gradient of the loss by an output, nil where it does not depend on it.
  func gradient(_ output: Int = 0) -> String? { output < arriving.count ? arriving[output] : nil }

  /// Whether somebody asks for the gradient by an input.
  func wants(_ input: Int) -> Bool { input < wanted.count && wanted[input] }

  // MARK: - What computes its gradient

  /// Writes a node of an operator that only gradients have.
  mutating func special(
    _ opType: String, _ inputs: [String?], _ attributes: [String: Attribute] = [:]
  ) -> String {
    value(opType, inputs, attributes, domain: TrainingOperators.domain)
  }

  /// A value in another shape of as many elements.
  mutating func reshaped(_ value: String, _ shape: [Int]) -> String {
    self.value("Reshape", [value, integers(shape)], ["allowzero": .int(1)])
  }

  /// Says what the gradient by an input is; it has the input's shape.
  mutating func give(_ gradient: String, to input: Int) {
    if wants(input) { given[input] = gradient }
  }

  /// Says what the gradient by an input is that was stretched to `shape`: the sum over what it was
  /// stretched along.
  mutating func giveReduced(
    _ gradient: String, from shape: [Int], to input: Int
  ) throws(GraphError) {
    guard wants(input) else { return }
    give(reduced(gradient, from: shape, to: try self.shape(input)), to: input)
  }

  /// The sum of a value of shape `from` over the dimensions along which `target` was stretched to it.
  mutating func reduced(_ value: String, from shape: [Int], to target: [Int]) -> String {
    if shape == target { return value }
    let missing = shape.count - target.count
    let axes = shape.indices.filter { $0 < missing || target[$0 - missing] == 1 && shape[$0] != 1 }
    if axes.isEmpty { return reshaped(value, target) }
    let sum = self.value("ReduceSum", [value, integers(axes)], ["keepdims": .int(0)])
    return reshaped(sum, target)
  }
}
