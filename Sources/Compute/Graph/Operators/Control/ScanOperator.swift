/// Scan: runs its body over slices of its inputs, handing states from one to the next.
struct ScanOperator: ValueOperator {
  private let body: Body
  private let stateCount: Int
  private let scanCount: Int
  private let inputAxes: [Int]
  private let outputAxes: [Int]
  private let inputReversed: [Bool]
  private let outputReversed: [Bool]
  /// Before opset 9 there was a leading input of lengths, and a leading dimension of cases.
  private let isBatched: Bool

  var isFoldable: Bool { false }
  var weightByteCount: Int { body.memoryByteCount }

  func reads(input index: Int) -> Bool { !body.absorbed.contains(index) }

  private var first: Int { isBatched ? 1 : 0 }

  init(_ context: OperatorContext) throws(GraphError) {
    isBatched = context.opset < 9
    let first = isBatched ? 1 : 0
    guard let count = try context.int("num_scan_inputs"), count >= 1,
      count <= context.formalInputCount - first
    else {
      throw GraphError(
        code: .invalidAttribute, message: "Scan's num_scan_inputs must fit its inputs")
    }
    scanCount = count
    stateCount = context.formalInputCount - first - count
    inputAxes = try context.ints("scan_input_axes") ?? [Int](repeating: 0, count: count)
    let directions = try context.ints(isBatched ? "directions" : "scan_input_directions")
    inputReversed = (directions ?? [Int](repeating: 0, count: count)).map { $0 != 0 }
    guard inputAxes.count == count, inputReversed.count == count else {
      throw GraphError(
        code: .invalidAttribute, message: "Scan needs axes and directions for \(count) inputs")
    }
    var types: [TensorType] = []
    for index in 0..<stateCount {
      types.append(TensorType(try context.known.type(first + index).dataType, nil))
    }
    for index in 0..<count {
      let type = try context.known.type(first + stateCount + index)
      var shape = type.shape
      if let full = shape, !isBatched {
        guard !full.isEmpty else {
          throw GraphError(code: .shapeMismatch, message: "Scan cannot cut a scalar")
        }
        shape?.remove(at: try normalizedAxis(inputAxes[index], rank: full.count))
      }
      types.append(TensorType(type.dataType, isBatched ? nil : shape))
    }
    body = try Body("body", context, inputs: types)
    let outputCount = body.outputs.count - stateCount
    outputAxes =
      try context.ints("scan_output_axes") ?? [Int](repeating: 0, count: max(0, outputCount))
    outputReversed =
      (try context.ints("scan_output_directions")
      ?? [Int](repeating: 0, count: max(0, outputCount))).map { $0 != 0 }
    guard outputCount >= 0, outputAxes.count == outputCount, outputReversed.count == outputCount
    else {
      throw GraphError(
        code: .invalidGraph,
        message: "Scan's body must give \(stateCount) states and what the axes name, got "
          + "\(body.outputs.count) outputs")
    }
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    body.outputs.map { TensorType($0.dataType, nil) }
  }

  func evaluate(_ call: ValueCall) throws(ExecutionError) -> [ModelValue?] {
    var values: [Tensor] = []
    for index in 0..<stateCount + scanCount { values.append(try call.tensor(first + index)) }
    if !isBatched { return try scan(values, length: nil, call).map { .tensor($0) } }
    let lengths = call.optional(0)?.tensor?.integerElements
    guard let cases = values[0].shape.first,
      values.allSatisfy({ $0.shape.first == cases }), lengths?.count ?? cases == cases
    else {
      throw ExecutionError(
        code: .shapeMismatch, message: "Scan's inputs must have as many cases each")
    }
    var results: [[Tensor]] = []
    for index in 0..<cases {
      let slices = values.map { $0.slice(axis: 0, index..<index + 1, drops: true) }
      results.append(try scan(slices, length: lengths?[index], call))
    }
    return try evaluating { () throws(GraphError) in
      var outputs: [ModelValue?] = []
      for output in body.outputs.indices {
        outputs.append(.tensor(try Tensor.stack(results.map { $0[output] }, axis: 0)))
      }
      return outputs
    }
  }

  private func scan(
    _ values: [Tensor], length: Int?, _ call: ValueCall
  ) throws(ExecutionError) -> [Tensor] {
    var states = Array(values[..<stateCount])
    var axes: [Int] = []
    for (index, tensor) in values[stateCount...].enumerated() {
      axes.append(
        try evaluating { () throws(GraphError) in
          try normalizedAxis(inputAxes[index], rank: tensor.shape.count)
        })
      guard !tensor.shape.isEmpty else {
        throw ExecutionError(code: .shapeMismatch, message: "Scan cannot cut a scalar")
      }
    }
    let sizes = zip(axes, values[stateCount...]).map { $1.shape[$0] }
    guard sizes.allSatisfy({ $0 == sizes[0] }), (0...sizes[0]).contains(length ?? sizes[0]) else {
      throw ExecutionError(
        code: .shapeMismatch, message: "Scan's inputs must be equally long, got \(sizes)")
    }
    let count = length ?? sizes[0]
    var collected = [[Tensor]](repeating: [], count: body.outputs.count - stateCount)
    for step in 0..<count {
      var inputs = states.map { ModelValue.tensor($0) }
      for index in 0..<scanCount {
        try call.interpreter.spend(Double(values[stateCount + index].elementCount))
        let at = inputReversed[index] ? count - 1 - step : step
        inputs.append(
          .tensor(values[stateCount + index].slice(axis: axes[index], at..<at + 1, drops: true)))
      }
      let outputs = try body.run(inputs, call)
      var tensors: [Tensor] = []
      for output in outputs {
        guard let tensor = output.tensor else {
          throw ExecutionError(code: .invalidValue, message: "Scan's body must give tensors")
        }
        tensors.append(tensor)
      }
      states = Array(tensors[..<stateCount])
      for index in collected.indices {
        try call.interpreter.hold(
          tensors[stateCount + index].storage.byteCount + Tensor.overheadByteCount)
        collected[index].append(tensors[stateCount + index])
      }
    }
    for (index, tensors) in collected.enumerated() {
      let ordered = outputReversed[index] ? tensors.reversed() : tensors
      let type = body.outputs[stateCount + index]
      let rank = (ordered.first?.shape ?? type.shape ?? []).count + 1
      let axis = try evaluating { () throws(GraphError) in
        try normalizedAxis(outputAxes[index], rank: rank)
      }
      states.append(try LoopOperator.stack(ordered, axis: axis, like: type))
    }
    return states
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Scan") { context throws(GraphError) in try ScanOperator(context) }
  }
}
