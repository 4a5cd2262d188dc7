/// SequenceMap: a body applied to every element of a sequence, or of several in step.
struct SequenceMapOperator: ValueOperator {
  private let body: Body
  private let inputCount: Int

  var isFoldable: Bool { false }
  var weightByteCount: Int { body.memoryByteCount }

  func reads(input index: Int) -> Bool { !body.absorbed.contains(index) }

  init(_ context: OperatorContext) throws(GraphError) {
    inputCount = context.formalInputCount
    var types: [TensorType] = []
    for index in 0..<inputCount {
      let type = try context.known.value(index)
      types.append(TensorType(type.dataType, type.form == .tensor ? type.shape : nil))
    }
    body = try Body("body", context, inputs: types)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    _ = try inputs.sequence(0)
    return body.outputs.map { TensorType($0.dataType, nil, .sequence) }
  }

  func evaluate(_ call: ValueCall) throws(ExecutionError) -> [ModelValue?] {
    let count = try call.sequence(0).count
    var outputs = [[Tensor]](repeating: [], count: body.outputs.count)
    for element in 0..<count {
      var inputs: [ModelValue] = []
      for index in 0..<inputCount {
        let value = try call.value(index)
        guard case .sequence(let tensors) = value else {
          inputs.append(value)
          continue
        }
        guard tensors.count == count else {
          throw ExecutionError(
            code: .shapeMismatch,
            message: "sequences must be equally long, got \(count) and \(tensors.count)")
        }
        inputs.append(.tensor(tensors[element]))
      }
      for (index, output) in try body.run(inputs, call).enumerated() {
        guard let tensor = output.tensor else {
          throw ExecutionError(code: .invalidValue, message: "the body must give tensors")
        }
        try call.interpreter.hold(tensor.storage.byteCount + Tensor.overheadByteCount)
        outputs[index].append(tensor)
      }
    }
    return outputs.map { .sequence($0) }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("SequenceMap") { context throws(GraphError) in
      try SequenceMapOperator(context)
    }
  }
}
