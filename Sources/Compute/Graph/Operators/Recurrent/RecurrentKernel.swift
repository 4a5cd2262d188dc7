/// RNN, GRU and LSTM in FP32 through the packed kernels: with the standard's own functions at the
/// gates. Constant weights are packed at load; others are by `RecurrentPacking`, in every run. Other
/// functions and types are computed by `CellRunner`.
struct RecurrentKernel: Sendable {
  /// One for each direction.
  private let layers: [RecurrentLayer]
  /// Inputs that live in the layers, with their types.
  let types: [Int: TensorType]

  /// nil where the kernels do not suit.
  init?(_ cell: RecurrentCell, directions: Int, _ context: OperatorContext) {
    let places = [1, 2, 3] + (cell.hasCellState ? [7] : [])
    var types: [Int: TensorType] = [:]
    for place in places where context.known.optional(place) != nil {
      guard let constant = context.constant(place), constant.dataType == .fp32 else { return nil }
      types[place] = TensorType(.fp32, constant.shape)
    }
    guard context.packsWeights, cell.usesStandardFunctions,
      let weights = types[1]?.shape, let recurrent = types[2]?.shape, weights.count == 3,
      recurrent.count == 3
    else { return nil }
    let (input, hidden) = (weights[2], recurrent[2])
    let width = cell.gateCount * hidden
    let shapes = [
      1: [directions, width, input], 2: [directions, width, hidden], 3: [directions, 2 * width],
      7: [directions, 3 * hidden],
    ]
    // What does not fit is refused by the operator, with its reason.
    guard hidden > 0, types.allSatisfy({ shapes[$0.key] == $0.value.shape }) else { return nil }
    func values(_ place: Int, _ direction: Int, _ count: Int) -> UnsafePointer<Float>? {
      context.constant(place).map {
        UnsafePointer($0.storage.base.assumingMemoryBound(to: Float.self)) + direction * count
      }
    }
    var layers: [RecurrentLayer] = []
    for direction in 0..<directions {
      guard let w = values(1, direction, width * input),
        let r = values(2, direction, width * hidden)
      else { return nil }
      layers.append(
        RecurrentLayer(
          cell.kernelCell, inputSize: input, hiddenSize: hidden, clip: cell.clip.map(Float.init),
          .init(
            input: w, recurrent: r, bias: values(3, direction, 2 * width),
            peepholes: cell.hasCellState ? values(7, direction, 3 * hidden) : nil)))
    }
    self.layers = layers
    self.types = types
  }

  var byteCount: Int { layers.reduce(0) { $0 + $1.byteCount } }

  /// The inputs' types with those of the weights put back.
  func completing(_ inputs: KnownInputs) -> KnownInputs {
    var result = inputs
    for (index, type) in types {
      while result.types.count <= index { result.types.append(nil) }
      result.types[index] = type
    }
    return result
  }

  func step(
    _ operands: Operands, _ sizes: RecurrentOperator.Sizes,
    _ directions: [RecurrentOperator.Direction], isBatchFirst: Bool
  ) throws(GraphError) -> Step {
    try Self.step(layers, operands, sizes, directions, isBatchFirst: isBatchFirst)
  }

  static func step(
    _ layers: [RecurrentLayer], _ operands: Operands, _ sizes: RecurrentOperator.Sizes,
    _ directions: [RecurrentOperator.Direction], isBatchFirst: Bool
  ) throws(GraphError) -> Step {
    let input = try operands.input(0)
    let (time, batch, hidden, count) = (sizes.time, sizes.batch, sizes.hidden, directions.count)
    let lengths = operands.optional(4).map { UnsafePointer($0.pointer(Int32.self)) }
    let stateStride = isBatchFirst ? count * hidden : hidden
    let sequences = directions.enumerated().map { number, direction in
      let first = isBatchFirst ? number * hidden : number * batch * hidden
      func initial(_ index: Int) -> UnsafePointer<Float>? {
        operands.optional(index).map { UnsafePointer($0.f32) + first }
      }
      func last(_ index: Int) -> UnsafeMutablePointer<Float>? {
        operands.optionalOutput(index).map { $0.f32 + first }
      }
      return RecurrentSequences(
        time: time, isReverse: direction == .reverse, lengths: lengths,
        input: UnsafePointer(input.f32),
        inputTimeStride: (isBatchFirst ? 1 : batch) * sizes.input,
        inputBatchStride: (isBatchFirst ? time : 1) * sizes.input, output: last(0),
        outputTimeStride: (isBatchFirst ? 1 : batch) * count * hidden,
        outputBatchStride: (isBatchFirst ? time * count : 1) * hidden, initialState: initial(5),
        initialCell: initial(6), lastState: last(1), lastCell: last(2), stateStride: stateStride)
    }
    // Directions, or shares of at least four cases, are computed side by side.
    let threads = operands.threadPool
    let unit = count >= threads?.participantCount ?? 1 ? batch : 4
    let cost = Parallel.Cost.flops(
      layers.reduce(0.0) { $0 + Double($1.byteCount) / 2 } * Double(batch * time))
    return { () throws(ExecutionError) in
      if let lengths {
        for row in 0..<batch where lengths[row] < 0 || Int(lengths[row]) > time {
          throw ExecutionError(code: .invalidValue, message: "lengths must be in 0...\(time)")
        }
      }
      Parallel.rows(count * batch, multipleOf: unit, cost: cost, on: threads, evenly: true) {
        for number in 0..<count {
          let rows = $0.clamped(to: number * batch..<(number + 1) * batch)
          if rows.isEmpty { continue }
          layers[number].run(
            sequences[number],
            rows: rows.lowerBound - number * batch..<rows.upperBound - number * batch)
        }
      }
    }
  }
}

extension RecurrentCell {
  var usesStandardFunctions: Bool {
    let functions: [RecurrentActivation] =
      switch kind {
      case .plain: [.tanh]
      case .gated: [.sigmoid, .tanh]
      case .longShort: [.sigmoid, .tanh, .tanh]
      }
    return activations.enumerated().allSatisfy { $1 == functions[$0 % functions.count] }
      && clip.map { $0 >= 0 } ?? true
  }

  var kernelCell: RecurrentLayer.Cell {
    switch kind {
    case .plain: .plain
    case .gated: .gated(resetsAfterwards: resetsAfterwards)
    case .longShort: .longShort(couplesForget: couplesForget)
    }
  }
}
