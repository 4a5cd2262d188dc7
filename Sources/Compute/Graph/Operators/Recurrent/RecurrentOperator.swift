/// RNN, GRU and LSTM: one layer over a sequence, in one or both directions.
struct RecurrentOperator: Operator {
  let cell: RecurrentCell
  let directions: [Direction]
  /// Whether the batch comes before time ("layout" 1).
  let isBatchFirst: Bool
  /// The kernel's layers, where all weights are known; then they are no inputs any more.
  let kernel: RecurrentKernel?

  var weightByteCount: Int { kernel?.byteCount ?? 0 }

  func reads(input index: Int) -> Bool { kernel?.types[index] == nil }

  enum Direction: Sendable { case forward, reverse }

  /// Sizes of everything, from the shapes.
  struct Sizes {
    var time: Int
    var batch: Int
    var input: Int
    var hidden: Int
    var directions: Int

    var isKnown: Bool { time >= 0 && batch >= 0 && input >= 0 && hidden >= 0 }
  }

  private func sizes(_ given: KnownInputs) throws(GraphError) -> Sizes {
    let inputs = kernel?.completing(given) ?? given
    let type = try inputs.type(0, among: DataType.floats)
    for index in [1, 2] { _ = try inputs.type(index, among: [type.dataType]) }
    for index in [3, 5, 6, 7] where inputs.optional(index) != nil && index < cell.inputCount {
      _ = try inputs.type(index, among: [type.dataType])
    }
    if inputs.optional(4) != nil { _ = try inputs.type(4, among: [.int32]) }
    let (x, r) = (inputs.optional(0)?.shape, inputs.optional(2)?.shape)
    guard x?.count ?? 3 == 3, r?.count ?? 3 == 3 else {
      throw mismatch("data and weights must have rank 3", inputs)
    }
    let sizes = Sizes(
      time: x?[isBatchFirst ? 1 : 0] ?? -1, batch: x?[isBatchFirst ? 0 : 1] ?? -1,
      input: x?[2] ?? -1, hidden: r?[2] ?? -1, directions: directions.count)
    guard sizes.hidden < 1 << 40 else {
      throw mismatch("the hidden size must be sane", inputs)
    }
    let (gates, state) = (
      cell.gateCount * sizes.hidden,
      isBatchFirst
        ? [sizes.batch, sizes.directions, sizes.hidden]
        : [sizes.directions, sizes.batch, sizes.hidden]
    )
    let expected: [[Int]] = [
      [], [sizes.directions, gates, sizes.input], [sizes.directions, gates, sizes.hidden],
      [sizes.directions, 2 * gates], [sizes.batch], state, state,
      [sizes.directions, 3 * sizes.hidden],
    ]
    for index in 1..<cell.inputCount {
      guard let shape = inputs.optional(index)?.shape, sizes.isKnown else { continue }
      guard shape.count == expected[index].count,
        zip(shape, expected[index]).allSatisfy({ $0 == $1 || $0 < 0 })
      else {
        throw mismatch("input \(index) must be \(Shape.describe(expected[index]))", inputs)
      }
    }
    return sizes
  }

  private func mismatch(_ reason: String, _ inputs: KnownInputs) -> GraphError {
    let shapes = inputs.types.map { Shape.describe($0?.shape) }.joined(separator: ", ")
    return GraphError(code: .shapeMismatch, message: "\(reason); got \(shapes)")
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let sizes = try sizes(inputs)
    let type = try inputs.type(0).dataType
    let (batch, count, hidden) = (sizes.batch, sizes.directions, sizes.hidden)
    let all =
      isBatchFirst
      ? [batch, sizes.time, count, hidden] : [sizes.time, count, batch, hidden]
    let last = isBatchFirst ? [batch, count, hidden] : [count, batch, hidden]
    let state = TensorType(type, last)
    return [TensorType(type, all), state] + (cell.hasCellState ? [state] : [])
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    if kernel != nil { return 0 }
    let sizes = try sizes(inputs)
    if let packing = RecurrentPacking(cell, sizes, inputs) {
      return try packing.scratchByteCount()
    }
    // The gates' sums of the input and of the state, and both states, of one case.
    return (2 * cell.gateCount + 3) * sizes.hidden * MemoryLayout<Double>.stride
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    let sizes = try sizes(inputs)
    // The kernels do some 32 multiplications in the time of a plain one.
    let isPacked = kernel != nil || RecurrentPacking(cell, sizes, inputs) != nil
    return Double(sizes.time * sizes.batch) * Double(sizes.directions * cell.gateCount)
      * Double(sizes.hidden) * Double(sizes.hidden + sizes.input) / (isPacked ? 32 : 1)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    if let kernel {
      return try kernel.step(
        operands, try sizes(operands.known), directions, isBatchFirst: isBatchFirst)
    }
    if let packing = RecurrentPacking(cell, try sizes(operands.known), operands.known) {
      return try packing.step(operands, directions, isBatchFirst: isBatchFirst)
    }
    if input.dataType == .fp32 { return try step(Float.self, input, operands) }
    return try step(try input.dataType.numeric(), input, operands)
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ operands: Operands
  ) throws(GraphError) -> Step {
    let sizes = try sizes(operands.known)
    let (hidden, batch, time) = (sizes.hidden, sizes.batch, sizes.time)
    let source = input.pointer(T.self)
    let lengths = operands.optional(4)?.pointer(Int32.self)
    let initial = operands.optional(5)?.pointer(T.self)
    let initialCell = cell.hasCellState ? operands.optional(6)?.pointer(T.self) : nil
    let all = operands.optionalOutput(0)?.pointer(T.self)
    let last = operands.optionalOutput(1)?.pointer(T.self)
    let lastCell = operands.optionalOutput(2)?.pointer(T.self)
    var runners: [CellRunner<T>] = []
    for direction in directions.indices {
      runners.append(
        try CellRunner(cell, direction: direction, operands, sizes: sizes))
    }
    let (directions, isBatchFirst) = (directions, isBatchFirst)
    return { () throws(ExecutionError) in
      for (number, direction) in directions.enumerated() {
        for row in 0..<batch {
          let place = isBatchFirst ? row * directions.count + number : number * batch + row
          let runner = runners[number]
          runner.begin(
            initial.map { $0 + place * hidden }, initialCell.map { $0 + place * hidden })
          let length = lengths.map { Int($0[row]) } ?? time
          guard length >= 0, length <= time else {
            throw ExecutionError(
              code: .invalidValue, message: "lengths must be in 0...\(time)")
          }
          for step in 0..<time {
            let isInside = step < length
            let at =
              direction == .reverse && isInside ? length - 1 - step : step
            if isInside {
              runner.run(
                source + (isBatchFirst ? row * time + at : at * batch + row) * sizes.input)
            }
            guard let all else { continue }
            let output =
              isBatchFirst
              ? (row * time + at) * directions.count + number
              : (at * directions.count + number) * batch + row
            for index in 0..<hidden {
              all[output * hidden + index] =
                isInside ? T(converting: runner.state[index]) : T.zero
            }
          }
          for index in 0..<hidden {
            last?[place * hidden + index] = T(converting: runner.state[index])
            lastCell?[place * hidden + index] = T(converting: runner.cellState[index])
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    for name in ["RNN", "GRU", "LSTM"] {
      registry.register(name) { context throws(GraphError) in
        let directions: [Direction]
        switch try context.string("direction") ?? "forward" {
        case "forward": directions = [.forward]
        case "reverse": directions = [.reverse]
        case "bidirectional": directions = [.forward, .reverse]
        case let other:
          throw context.unsupported(
            "direction", other, expected: "forward, reverse or bidirectional")
        }
        let cell = try RecurrentCell(context, directions: directions.count)
        return RecurrentOperator(
          cell: cell, directions: directions,
          isBatchFirst: try context.int("layout", default: 0) == 1,
          kernel: RecurrentKernel(cell, directions: directions.count, context))
      }
    }
  }
}
