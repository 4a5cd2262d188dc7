/// Turns a graph into a program: validate, rewrite, infer types, number the values.
enum Compiler {
  static func compile(
    _ graph: consuming Graph, options: ModelOptions
  ) throws(GraphError) -> Program {
    let registry = OperatorRegistry.standard
    graph = try graph.inliningFunctions().closingBodies(options.passes).validated()
    try refuseInternal(graph, options)
    try checkInputs(graph, options)
    graph = try graph.expanded(registry, options)
    let source = options.passes.contains(.branches) && graph.hasBranches ? copy graph : nil
    var program = try finish(consume graph, registry, options)
    if program.isInterpreted { program.source = source }
    return program
  }

  /// The program of a graph in which branches were chosen; nil if it has to be interpreted still.
  static func compile(
    _ graph: Graph, choosing selection: BranchSelection, options: ModelOptions
  ) throws(GraphError) -> Program? {
    let registry = OperatorRegistry.standard
    let chosen = try selection.apply(to: graph, options).validated()
    let program = try finish(chosen, registry, options)
    return program.isInterpreted ? nil : program
  }

  private static func finish(
    _ graph: consuming Graph, _ registry: OperatorRegistry, _ options: ModelOptions
  ) throws(GraphError) -> Program {
    try GraphPass.run(on: &graph, registry, options)
    let types = try GraphTypes(copy graph, registry: registry, options: options, packs: true)
    var program = lower(graph, types, options)
    try addInterface(of: graph, types: types.types, to: &program)
    return program
  }

  /// Numbers the values of a graph whose types and operators are known. A body is interpreted even
  /// if it need not be.
  static func lower(
    _ graph: Graph, _ types: GraphTypes, _ options: ModelOptions, isBody: Bool = false
  ) -> Program {
    var program = Program()
    program.options = options
    var numbers: [String: Int] = [:]
    func number(_ name: String) -> Int {
      if name.isEmpty { return -1 }
      if let known = numbers[name] { return known }
      numbers[name] = numbers.count
      return numbers.count - 1
    }
    program.inputs = graph.inputs.map { number($0.name) }
    for (node, op) in zip(graph.nodes, types.operators) {
      for (index, name) in node.inputs.enumerated() where op.reads(input: index) {
        if let tensor = graph.initializers[name] { program.constants[number(name)] = tensor }
      }
      program.instructions.append(
        Program.Instruction(
          op: op,
          inputs: node.inputs.enumerated().map { op.reads(input: $0) ? number($1) : -1 },
          outputs: node.outputs.map(number), outputTypes: node.outputs.map { types.types[$0] },
          nodeName: node.displayName,
          operatorName: (node.domain.isEmpty ? "" : node.domain + ".") + node.opType))
    }
    program.outputs = graph.outputs.map { number($0.name) }
    for output in graph.outputs {
      if let tensor = graph.initializers[output.name] {
        program.constants[number(output.name)] = tensor
      }
    }
    program.valueCount = numbers.count
    program.isInterpreted = isBody || program.instructions.contains { $0.op is any ValueOperator }
    program.findShapeValues()
    guard program.isInterpreted else { return program }
    var dataTypes: [Int: DataType] = [:]
    for (name, number) in numbers {
      if let type = types.types[name], type.form == .tensor { dataTypes[number] = type.dataType }
    }
    program.findParts(types: dataTypes)
    program.findLastReads()
    return program
  }

  /// Operators of our own domains are written by passes and for gradients; a file must not bring them.
  static func refuseInternal(_ graph: Graph, _ options: ModelOptions) throws(GraphError) {
    for node in graph.nodes
    where node.domain == FusedAttribute.domain
      || node.domain == TrainingOperators.domain && !options.allowsTraining
    {
      throw GraphError(
        code: .unsupportedOperator,
        message: "operator \(node.domain).\(node.opType) is not supported",
        node: node.displayName)
    }
  }

  private static func checkInputs(
    _ graph: Graph, _ options: ModelOptions
  ) throws(GraphError) {
    for input in graph.inputs
    where input.dataType == nil || (input.form != .tensor && !options.allowsContainers) {
      throw GraphError(
        code: .unsupportedType, message: "input '\(input.name)' is not a tensor")
    }
    for input in graph.inputs {
      if let type = input.dataType { try checkType(type, "input '\(input.name)'", options) }
    }
  }

  /// What crosses the model's edge must have a name in the Open Inference Protocol.
  private static func checkType(
    _ type: DataType, _ what: String, _ options: ModelOptions
  ) throws(GraphError) {
    guard type.isInProtocol || options.allowsContainers else {
      throw GraphError(
        code: .unsupportedType, message: "\(what) is \(type), which requests cannot hold")
    }
  }

  /// The specs callers see: what the file declares, completed by what was inferred.
  private static func addInterface(
    of graph: Graph, types: [String: TensorType], to program: inout Program
  ) throws(GraphError) {
    let options = program.options
    for input in graph.inputs {
      guard let dataType = input.dataType,
        let shape = input.shape ?? (input.form == .tensor ? nil : [])
      else {
        throw GraphError(
          code: .invalidGraph,
          message: "input '\(input.name)' must declare a tensor type and a rank")
      }
      program.inputForms.append(input.form)
      program.inputSpecs.append(
        TensorSpec(
          name: input.name, dataType: dataType, shape: shape,
          dimensionNames: input.dimensionNames))
    }
    for output in graph.outputs {
      guard let type = types[output.name] else {
        throw GraphError(
          code: .missingInput, message: "no node writes the output '\(output.name)'")
      }
      if let declared = output.dataType, declared != type.dataType {
        throw GraphError(
          code: .typeMismatch,
          message: "output '\(output.name)' is declared \(declared), but is \(type.dataType)")
      }
      guard type.form == .tensor || options.allowsContainers else {
        throw GraphError(
          code: .unsupportedType, message: "output '\(output.name)' is not a tensor")
      }
      try checkType(type.dataType, "output '\(output.name)'", options)
      program.outputForms.append(type.form)
      // A file may leave an output's rank open, and so may we when it depends on values.
      let shape = type.shape ?? output.shape ?? [-1]
      var names = [String?](repeating: nil, count: shape.count)
      if output.dimensionNames.count == shape.count {
        for index in shape.indices where shape[index] < 0 {
          names[index] = output.dimensionNames[index]
        }
      }
      program.outputSpecs.append(
        TensorSpec(
          name: output.name, dataType: type.dataType, shape: shape, dimensionNames: names))
    }
  }
}
