/// What one step of RNN, GRU and LSTM computes, apart from its weights.
struct RecurrentCell: Sendable {
  enum Kind: Sendable { case plain, gated, longShort }

  let kind: Kind
  let activations: [RecurrentActivation]
  /// Bounds what goes into an activation.
  let clip: Double?
  /// GRU: the reset gate comes after the matrix.
  let resetsAfterwards: Bool
  /// LSTM: one gate for input and forgetting.
  let couplesForget: Bool

  init(_ context: OperatorContext, directions: Int) throws(GraphError) {
    let defaults: [RecurrentActivation]
    switch context.node.opType {
    case "RNN": (kind, defaults) = (.plain, [.tanh])
    case "GRU": (kind, defaults) = (.gated, [.sigmoid, .tanh])
    default: (kind, defaults) = (.longShort, [.sigmoid, .tanh, .tanh])
    }
    activations = try RecurrentActivation.list(
      context, defaults: defaults, directions: directions)
    clip = try context.float("clip").map(Double.init)
    resetsAfterwards = try context.bool("linear_before_reset", default: false)
    couplesForget = try context.bool("input_forget", default: false)
  }

  var gateCount: Int {
    switch kind {
    case .plain: 1
    case .gated: 3
    case .longShort: 4
    }
  }

  var activationCount: Int { kind == .plain ? 1 : kind == .gated ? 2 : 3 }
  var hasCellState: Bool { kind == .longShort }
  var inputCount: Int { hasCellState ? 8 : 6 }

  @inline(__always)
  func clipped(_ x: Double) -> Double {
    guard let clip else { return x }
    return min(max(x, -clip), clip)
  }
}

/// One direction's weights and the state of the case that it works on.
struct CellRunner<T: Element> {
  private let cell: RecurrentCell
  private let activations: ArraySlice<RecurrentActivation>
  private let hidden: Int
  private let inputSize: Int
  private let weights: UnsafeMutablePointer<T>
  private let recurrent: UnsafeMutablePointer<T>
  private let bias: UnsafeMutablePointer<T>?
  private let peepholes: UnsafeMutablePointer<T>?
  /// Sums per gate: of the input with both biases, and of the state.
  private let fromInput: UnsafeMutablePointer<Double>
  private let fromState: UnsafeMutablePointer<Double>
  let state: UnsafeMutablePointer<Double>
  let cellState: UnsafeMutablePointer<Double>
  private let reset: UnsafeMutablePointer<Double>

  init(
    _ cell: RecurrentCell, direction: Int, _ operands: Operands,
    sizes: RecurrentOperator.Sizes
  ) throws(GraphError) {
    self.cell = cell
    (hidden, inputSize) = (sizes.hidden, sizes.input)
    let count = cell.activationCount
    activations = cell.activations[direction * count..<(direction + 1) * count]
    let gates = cell.gateCount * hidden
    weights = try operands.input(1).pointer(T.self) + direction * gates * inputSize
    recurrent = try operands.input(2).pointer(T.self) + direction * gates * hidden
    bias = operands.optional(3).map { $0.pointer(T.self) + direction * 2 * gates }
    peepholes =
      cell.hasCellState
      ? operands.optional(7).map { $0.pointer(T.self) + direction * 3 * sizes.hidden } : nil
    fromInput = operands.scratch.assumingMemoryBound(to: Double.self)
    fromState = fromInput + gates
    state = fromState + gates
    cellState = state + hidden
    reset = cellState + hidden
  }

  func begin(_ initial: UnsafeMutablePointer<T>?, _ initialCell: UnsafeMutablePointer<T>?) {
    for index in 0..<hidden {
      state[index] = initial?[index].asDouble ?? 0
      cellState[index] = initialCell?[index].asDouble ?? 0
    }
  }

  private func activate(_ number: Int, _ x: Double) -> Double {
    activations[activations.startIndex + number](cell.clipped(x))
  }

  /// One time step.
  func run(_ input: UnsafeMutablePointer<T>) {
    let gates = cell.gateCount * hidden
    for gate in 0..<gates {
      var sum = bias?[gate].asDouble ?? 0
      let row = weights + gate * inputSize
      for index in 0..<inputSize { sum += row[index].asDouble * input[index].asDouble }
      fromInput[gate] = sum
    }
    // The hidden gate of a GRU needs the reset gate first.
    let early = cell.kind == .gated && !cell.resetsAfterwards ? 2 * hidden : gates
    multiply(0..<early, by: state)
    switch cell.kind {
    case .plain:
      for index in 0..<hidden {
        state[index] = activate(0, fromInput[index] + fromState[index])
      }
    case .gated: gated()
    case .longShort: longShort()
    }
  }

  private func multiply(_ gates: Range<Int>, by vector: UnsafeMutablePointer<Double>) {
    let total = cell.gateCount * hidden
    for gate in gates {
      var sum = bias?[total + gate].asDouble ?? 0
      let row = recurrent + gate * hidden
      for index in 0..<hidden { sum += row[index].asDouble * vector[index] }
      fromState[gate] = sum
    }
  }

  /// Gates in the order update, reset, hidden.
  private func gated() {
    for index in 0..<hidden {
      let gate = hidden + index
      reset[index] = activate(0, fromInput[gate] + fromState[gate])
    }
    if !cell.resetsAfterwards {
      for index in 0..<hidden { reset[index] *= state[index] }
      multiply(2 * hidden..<3 * hidden, by: reset)
    }
    for index in 0..<hidden {
      let update = activate(0, fromInput[index] + fromState[index])
      let gate = 2 * hidden + index
      let past = cell.resetsAfterwards ? reset[index] * fromState[gate] : fromState[gate]
      let candidate = activate(1, fromInput[gate] + past)
      state[index] = (1 - update) * candidate + update * state[index]
    }
  }

  /// Gates in the order input, output, forget, cell.
  private func longShort() {
    for index in 0..<hidden {
      func sum(_ gate: Int) -> Double {
        fromInput[gate * hidden + index] + fromState[gate * hidden + index]
      }
      func peephole(_ gate: Int) -> Double { peepholes?[gate * hidden + index].asDouble ?? 0 }
      let before = cellState[index]
      let input = activate(0, sum(0) + peephole(0) * before)
      let forget =
        cell.couplesForget ? 1 - input : activate(0, sum(2) + peephole(2) * before)
      let after = forget * before + input * activate(1, sum(3))
      cellState[index] = after
      let output = activate(0, sum(1) + peephole(1) * after)
      state[index] = output * activations[activations.startIndex + 2](after)
    }
  }
}
