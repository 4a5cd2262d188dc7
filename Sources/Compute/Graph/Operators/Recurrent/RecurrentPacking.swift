/// The weights of RNN, GRU and LSTM that come in or are computed: packed into the step's scratch
/// memory in every run, for the same kernels as constant ones.
struct RecurrentPacking {
  let cell: RecurrentCell
  let sizes: RecurrentOperator.Sizes
  let hasPeepholes: Bool

  /// nil where the kernels do not suit.
  init?(_ cell: RecurrentCell, _ sizes: RecurrentOperator.Sizes, _ inputs: KnownInputs) {
    guard inputs.optional(0)?.dataType == .fp32, cell.usesStandardFunctions, sizes.isKnown else {
      return nil
    }
    self.cell = cell
    self.sizes = sizes
    hasPeepholes = cell.hasCellState && inputs.optional(7) != nil
  }

  func scratchByteCount() throws(GraphError) -> Int {
    guard
      let count = RecurrentLayer.floatCount(
        cell.kernelCell, inputSize: sizes.input, hiddenSize: sizes.hidden,
        hasPeepholes: hasPeepholes)
    else {
      throw GraphError(
        code: .resourceExhausted, message: "a layer's weights are too large to be packed")
    }
    return count * sizes.directions * MemoryLayout<Float>.stride
  }

  func step(
    _ operands: Operands, _ directions: [RecurrentOperator.Direction], isBatchFirst: Bool
  ) throws(GraphError) -> Step {
    var space = PackingSpace(operands.scratch.assumingMemoryBound(to: Float.self))
    let layers = directions.map { _ in
      RecurrentLayer(
        cell.kernelCell, inputSize: sizes.input, hiddenSize: sizes.hidden,
        clip: cell.clip.map(Float.init), hasPeepholes: hasPeepholes, in: &space)
    }
    let run = try RecurrentKernel.step(
      layers, operands, sizes, directions, isBatchFirst: isBatchFirst)
    let (width, input, hidden) = (cell.gateCount * sizes.hidden, sizes.input, sizes.hidden)
    func values(_ operand: Operand, _ direction: Int, _ count: Int) -> UnsafePointer<Float> {
      UnsafePointer(operand.f32) + direction * count
    }
    var weights: [RecurrentLayer.Weights] = []
    for index in directions.indices {
      weights.append(
        .init(
          input: values(try operands.input(1), index, width * input),
          recurrent: values(try operands.input(2), index, width * hidden),
          bias: operands.optional(3).map { values($0, index, 2 * width) },
          peepholes: hasPeepholes
            ? operands.optional(7).map { values($0, index, 3 * hidden) } : nil))
    }
    return { () throws(ExecutionError) in
      for (layer, weights) in zip(layers, weights) { layer.pack(weights) }
      try run()
    }
  }
}
