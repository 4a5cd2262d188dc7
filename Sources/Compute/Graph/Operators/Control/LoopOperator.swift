/// Loop: repeats its body while a count and a condition allow it, handing some values from one
/// iteration to the next and collecting others.
struct LoopOperator: ValueOperator {
  private let body: Body
  private let carriedCount: Int

  var isFoldable: Bool { false }
  var weightByteCount: Int { body.memoryByteCount }

  func reads(input index: Int) -> Bool { !body.absorbed.contains(index) }

  init(_ context: OperatorContext) throws(GraphError) {
    carriedCount = max(0, context.formalInputCount - 2)
    var types = [TensorType(.int64, []), TensorType(.bool, nil)]
    for index in 0..<carriedCount {
      // Its shape may change from one iteration to the next.
      let type = try context.known.value(2 + index)
      types.append(TensorType(type.dataType, nil, type.form))
    }
    body = try Body("body", context, inputs: types)
    guard body.outputs.count > carriedCount else {
      throw GraphError(
        code: .invalidGraph,
        message: "Loop's body must give a condition and \(carriedCount) values, got "
          + "\(body.outputs.count) outputs")
    }
    for index in 0..<carriedCount
    where body.outputs[1 + index].dataType != types[2 + index].dataType {
      throw GraphError(
        code: .typeMismatch,
        message: "Loop's body must give back \(types[2 + index].dataType) as value \(index), "
          + "got \(body.outputs[1 + index].dataType)")
    }
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    if inputs.optional(0) != nil { _ = try inputs.type(0, among: [.int64]) }
    if inputs.optional(1) != nil { _ = try inputs.type(1, among: [.bool]) }
    return body.outputs.dropFirst().enumerated().map { index, type in
      index < carriedCount
        ? TensorType(type.dataType, nil, type.form)
        : TensorType(type.dataType, type.shape.map { [-1] + $0 })
    }
  }

  func evaluate(_ call: ValueCall) throws(ExecutionError) -> [ModelValue?] {
    let count = try call.integer(0) ?? .max
    var goesOn = try call.flag(1) ?? true
    var carried: [ModelValue] = []
    for index in 0..<carriedCount { carried.append(try call.value(2 + index)) }
    var collected = [[Tensor]](repeating: [], count: body.outputs.count - 1 - carriedCount)
    var iteration = 0
    while iteration < count && goesOn {
      let outputs = try body.run(
        [
          .tensor(Tensor(int64: [Int64(iteration)], shape: [])),
          .tensor(Tensor([UInt8(1)], shape: [], dataType: .bool)),
        ] + carried, call)
      guard let flag = outputs[0].tensor, flag.dataType == .bool, flag.elementCount == 1 else {
        throw ExecutionError(code: .invalidValue, message: "Loop's condition must be one BOOL")
      }
      goesOn = flag.elements(as: UInt8.self)[0] != 0
      carried = Array(outputs[1..<1 + carriedCount])
      for index in collected.indices {
        guard let tensor = outputs[1 + carriedCount + index].tensor else {
          throw ExecutionError(code: .invalidValue, message: "Loop collects tensors only")
        }
        try call.interpreter.hold(tensor.storage.byteCount + Tensor.overheadByteCount)
        collected[index].append(tensor)
      }
      iteration += 1
    }
    var scans: [ModelValue] = []
    for (index, tensors) in collected.enumerated() {
      scans.append(
        .tensor(try Self.stack(tensors, axis: 0, like: body.outputs[1 + carriedCount + index])))
    }
    return carried + scans
  }

  /// What was collected, as one tensor; with size 0 after no iteration at all.
  static func stack(
    _ tensors: [Tensor], axis: Int, like type: TensorType
  ) throws(ExecutionError) -> Tensor {
    try evaluating { () throws(GraphError) in
      if !tensors.isEmpty { return try Tensor.stack(tensors, axis: axis) }
      var shape = (type.shape ?? []).map { max($0, 0) }
      shape.insert(0, at: min(axis, shape.count))
      return Tensor(
        dataType: type.dataType, shape: shape, storage: TensorStorage(byteCount: 0))
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Loop") { context throws(GraphError) in try LoopOperator(context) }
  }
}
