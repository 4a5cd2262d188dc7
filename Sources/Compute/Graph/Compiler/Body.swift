/// A graph inside a node, compiled: a branch of If, what Loop, Scan and SequenceMap repeat.
struct Body: Sendable {
  /// Types of the results as far as they are known.
  let outputs: [TensorType]
  /// The node's inputs that are handed on behind the body's own ones; what was known at load is
  /// part of the program already.
  let captured: [Int]
  /// The node's inputs that nobody reads any more.
  let absorbed: Set<Int>
  /// nil while passes look at types only.
  private let program: Program?

  /// Compiles the body in an attribute whose own inputs have the given types.
  init(
    _ name: String, _ context: OperatorContext, inputs: [TensorType]
  ) throws(GraphError) {
    var graph = try context.graph(name)
    let captures = context.captures(of: name)
    guard graph.inputs.count == inputs.count + captures.count else {
      throw GraphError(
        code: .invalidGraph,
        message: "\(context.node.opType)'s \(name) must have \(inputs.count) inputs, got "
          + "\(graph.inputs.count - captures.count)")
    }
    try Compiler.refuseInternal(graph, context.options)
    var (values, captured) = ([Graph.Value](), [Int]())
    var absorbed = Set<Int>()
    for (index, input) in graph.inputs.enumerated() {
      var type: TensorType? = index < inputs.count ? inputs[index] : nil
      if index >= inputs.count {
        let position = captures.lowerBound + index - inputs.count
        if let tensor = context.constant(position) {
          graph.initializers[input.name] = tensor
          absorbed.insert(position)
          continue
        }
        type = try context.known.value(position)
        captured.append(position)
      }
      guard let type else { continue }
      var value = Graph.Value(name: input.name, dataType: type.dataType, shape: type.shape)
      value.form = type.form
      values.append(value)
    }
    graph.inputs = values
    (self.captured, self.absorbed) = (captured, absorbed)
    let (registry, options) = (OperatorRegistry.standard, context.options)
    graph = try graph.validated().expanded(registry, options)
    if context.packsWeights { try GraphPass.run(on: &graph, registry, options) }
    let types = try GraphTypes(
      graph, registry: registry, options: options, packs: context.packsWeights)
    var outputs: [TensorType] = []
    for output in graph.outputs {
      guard let type = types.types[output.name] else {
        throw GraphError(
          code: .missingInput, message: "no node of \(name) writes '\(output.name)'")
      }
      outputs.append(type)
    }
    self.outputs = outputs
    program = context.packsWeights ? Compiler.lower(graph, types, options, isBody: true) : nil
  }

  /// Bytes of weights and constants held.
  var memoryByteCount: Int { program?.memoryByteCount ?? 0 }

  /// Runs the body on its own inputs and what it captures from the node's.
  func run(_ inputs: [ModelValue], _ call: ValueCall) throws(ExecutionError) -> [ModelValue] {
    guard let program else { preconditionFailure("a body that was only typed cannot run") }
    var values = inputs
    for index in captured { values.append(try call.value(index)) }
    return try call.interpreter.run(program, values)
  }
}
