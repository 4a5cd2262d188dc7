/// RNN, GRU and LSTM while training: they also keep what their gradients need, and read weights that change
/// from run to run. Without lengths of sequences, peepholes, clipping, and with the usual functions.
///
/// Outputs: those of the standard's operators (0 to 2), then for each direction the gates after their
/// functions [directions, time, batch, slots · hidden], the states before and after each step
/// [directions, time + 1, batch, hidden], and an LSTM's cell states likewise.
struct RecurrentTraining: Operator {
  enum Kind: String, Sendable {
    case simple = "RNN"
    case gru = "GRU"
    case lstm = "LSTM"

    var gateCount: Int {
      switch self {
      case .simple: 1
      case .gru: 3
      case .lstm: 4
      }
    }

    /// Runs of `hidden` numbers that are kept of each step: GRU has one more for what the reset gate is
    /// multiplied with.
    var slotCount: Int { self == .simple ? 1 : 4 }
  }

  let kind: Kind
  /// Whether each direction walks from the end.
  let directions: [Bool]
  let isRelu: Bool
  /// GRU: whether the reset gate is applied behind the product.
  let resetsAfter: Bool

  struct Sizes {
    var time: Int
    var batch: Int
    var input: Int
    var hidden: Int
    var directions: Int
    var gates: Int
    var slots: Int
    var rows: Int { time * batch }
    /// Elements of the kept gates of a step of one example.
    var stride: Int { slots * hidden }
    var isKnown: Bool { time >= 0 && batch >= 0 && input >= 0 && hidden >= 0 }
  }

  init(_ context: OperatorContext) throws(GraphError) {
    // A gradient's node says whose it is.
    let name = try context.string("kind") ?? context.node.opType
    guard let kind = Kind(rawValue: name) else {
      throw GraphError(
        code: .unsupportedOperator, message: "\(context.node.opType) is no recurrent operator")
    }
    self.kind = kind
    let direction = try context.string("direction") ?? "forward"
    directions = direction == "bidirectional" ? [false, true] : [direction == "reverse"]
    resetsAfter = try context.int("linear_before_reset", default: 0) != 0
    let names = try context.strings("activations").map { list in
      list.map { String(decoding: $0, as: UTF8.self).lowercased() }
    }
    let usual: [String] =
      switch kind {
      case .simple: ["tanh"]
      case .gru: ["sigmoid", "tanh"]
      case .lstm: ["sigmoid", "tanh", "tanh"]
      }
    isRelu = kind == .simple && names.map { $0.allSatisfy { $0 == "relu" } } ?? false
    let expected = directions.flatMap { _ in usual }
    guard names == nil || names == expected || isRelu, try context.float("clip") == nil,
      try context.int("layout", default: 0) == 0, try context.int("input_forget", default: 0) == 0,
      context.node.opType != name
        || context.known.optional(4) == nil && context.known.optional(7) == nil
    else {
      throw GraphError(
        code: .unsupportedAttribute,
        message:
          "\(kind.rawValue) is trained with its usual functions, time first, without lengths, "
          + "clipping and peepholes")
    }
  }

  func sizes(_ x: [Int], _ r: [Int]) -> Sizes {
    Sizes(
      time: x[0], batch: x[1], input: x[2], hidden: r[2], directions: directions.count,
      gates: kind.gateCount, slots: kind.slotCount)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: [.fp32, .fp64])
    _ = try inputs.type(1)
    guard let x = type.shape, let r = try inputs.type(2, among: [type.dataType]).shape,
      x.count == 3, r.count == 3
    else { throw GraphError(code: .shapeMismatch, message: "data and weights must have rank 3") }
    let sizes = sizes(x, r)
    let (count, gates) = (directions.count, kind.gateCount * sizes.hidden)
    let state = [count, sizes.batch, sizes.hidden]
    let expected: [Int: [Int]] = [
      1: [count, gates, sizes.input], 2: [count, gates, sizes.hidden], 3: [count, 2 * gates],
      5: state, 6: state,
    ]
    for (index, shape) in expected
    where inputs.optional(index) != nil && (index < 6 || kind == .lstm) {
      let found = try inputs.type(index, among: [type.dataType]).shape
      guard found == shape else {
        throw GraphError(
          code: .shapeMismatch,
          message: "input \(index) must be \(Shape.describe(shape)), got \(Shape.describe(found))")
      }
    }
    func tensor(_ shape: [Int]) -> TensorType { TensorType(type.dataType, shape) }
    let kept = tensor([count, sizes.time + 1, sizes.batch, sizes.hidden])
    return [
      tensor([sizes.time, count, sizes.batch, sizes.hidden]), tensor(state), tensor(state),
      tensor([count, sizes.time, sizes.batch, sizes.stride]), kept,
      kind == .lstm ? kept : tensor([0]),
    ]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let x = inputs.optional(0)?.shape, let r = inputs.optional(2)?.shape else { return 0 }
    let sizes = sizes(x, r)
    return Double(sizes.rows * directions.count) * Double(sizes.gates * sizes.hidden)
      * Double(sizes.hidden + sizes.input) / 32
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    try operands.input(0).dataType.gradientStep { type throws(GraphError) in
      try step(type, operands)
    }
  }

  private func step<T: GradientElement>(
    _ type: T.Type, _ operands: Operands
  ) throws(GraphError) -> Step {
    let sizes = sizes(try operands.input(0).shape, try operands.input(2).shape)
    var runs: [RecurrentForward<T>] = []
    for number in directions.indices {
      runs.append(try RecurrentForward(self, sizes, number, operands))
    }
    if kind == .lstm, let runs = runs as? [RecurrentForward<Float>] {
      return { for index in runs.indices { runs[index].runLSTM() } }
    }
    return { [runs] in for index in runs.indices { runs[index].run() } }
  }

  static func register(in registry: inout OperatorRegistry) {
    for kind in [Kind.simple, .gru, .lstm] {
      registry.register(kind.rawValue, domain: TrainingOperators.domain) {
        context throws(GraphError) in try RecurrentTraining(context)
      }
    }
    RecurrentGradient.register(in: &registry)
  }
}

/// One direction of a recurrent layer over a sequence.
struct RecurrentForward<T: GradientElement> {
  let layer: RecurrentTraining
  let sizes: RecurrentTraining.Sizes
  let number: Int
  let x: UnsafeMutablePointer<T>
  let w: UnsafeMutablePointer<T>
  let r: UnsafeMutablePointer<T>
  let bias: UnsafeMutablePointer<T>?
  let initial: UnsafeMutablePointer<T>?
  let initialCell: UnsafeMutablePointer<T>?
  let y: UnsafeMutablePointer<T>?
  let last: UnsafeMutablePointer<T>?
  let lastCell: UnsafeMutablePointer<T>?
  let gates: UnsafeMutablePointer<T>
  let states: UnsafeMutablePointer<T>
  let cells: UnsafeMutablePointer<T>?
  let inputProduct: TurnedProduct<T>
  /// Of all gates, but a GRU's candidate.
  let stateProduct: TurnedProduct<T>
  let candidateProduct: TurnedProduct<T>?
  let threads: ThreadPool?

  init(
    _ layer: RecurrentTraining, _ sizes: RecurrentTraining.Sizes, _ number: Int,
    _ operands: Operands
  ) throws(GraphError) {
    (self.layer, self.sizes, self.number) = (layer, sizes, number)
    let (hidden, gateCount) = (sizes.hidden, sizes.gates * sizes.hidden)
    let state = number * sizes.batch * hidden
    x = try operands.input(0).pointer(T.self)
    w = try operands.input(1).pointer(T.self) + number * gateCount * sizes.input
    r = try operands.input(2).pointer(T.self) + number * gateCount * hidden
    bias = operands.optional(3).map { $0.pointer(T.self) + number * 2 * gateCount }
    initial = operands.optional(5).map { $0.pointer(T.self) + state }
    let hasCell = layer.kind == .lstm
    initialCell = hasCell ? operands.optional(6).map { $0.pointer(T.self) + state } : nil
    y = operands.optionalOutput(0)?.pointer(T.self)
    last = operands.optionalOutput(1).map { $0.pointer(T.self) + state }
    lastCell = hasCell ? operands.optionalOutput(2).map { $0.pointer(T.self) + state } : nil
    gates = try operands.output(3).pointer(T.self) + number * sizes.rows * sizes.stride
    let kept = number * (sizes.time + 1) * sizes.batch * hidden
    states = try operands.output(4).pointer(T.self) + kept
    cells = hasCell ? try operands.output(5).pointer(T.self) + kept : nil
    threads = operands.threadPool
    inputProduct = TurnedProduct(depth: sizes.input, columns: gateCount)
    let isGRU = layer.kind == .gru
    stateProduct = TurnedProduct(depth: hidden, columns: isGRU ? 2 * hidden : gateCount)
    candidateProduct = isGRU ? TurnedProduct(depth: hidden, columns: hidden) : nil
  }

  func run() {
    let (batch, hidden, time) = (sizes.batch, sizes.hidden, sizes.time)
    let block = batch * hidden
    let isReverse = layer.directions[number]
    inputProduct.load(w, row: sizes.input)
    stateProduct.load(r, row: hidden)
    candidateProduct?.load(r + 2 * hidden * hidden, row: hidden)
    fillBias()
    inputProduct.run(
      sizes.rows, x, row: sizes.input, into: gates, row: sizes.stride, threads)
    // The state before the first step is at the end where time runs backwards.
    let start = isReverse ? time * block : 0
    Self.copy(initial, states + start, block)
    if let cells { Self.copy(initialCell, cells + start, block) }
    for number in 0..<time {
      let at = isReverse ? time - 1 - number : number
      let (before, after) = isReverse ? (at + 1, at) : (at, at + 1)
      let own = gates + at * batch * sizes.stride
      let (from, to) = (states + before * block, states + after * block)
      switch layer.kind {
      case .simple: simpleStep(own, from, to)
      case .gru: gruStep(own, from, to)
      case .lstm:
        if let cells { lstmStep(own, from, to, cells + before * block, cells + after * block) }
      }
      if let y {
        (y + (at * sizes.directions + self.number) * block).update(from: to, count: block)
      }
    }
    let end = isReverse ? 0 : time * block
    last?.update(from: states + end, count: block)
    if let cells { lastCell?.update(from: cells + end, count: block) }
  }

  static func copy(
    _ from: UnsafeMutablePointer<T>?, _ to: UnsafeMutablePointer<T>, _ count: Int
  ) {
    if let from {
      to.update(from: from, count: count)
    } else {
      to.update(repeating: 0, count: count)
    }
  }

  /// Every step's gates begin with the bias: that of the input, and that of the state where it is added
  /// and no more.
  private func fillBias() {
    let (count, hidden) = (sizes.gates * sizes.hidden, sizes.hidden)
    for row in 0..<sizes.rows {
      let target = gates + row * sizes.stride
      guard let bias else {
        target.update(repeating: 0, count: sizes.stride)
        continue
      }
      let isApart = layer.kind == .gru && layer.resetsAfter
      for index in 0..<count {
        target[index] = bias[index] + (isApart && index >= 2 * hidden ? 0 : bias[count + index])
      }
      if layer.kind == .gru {
        for index in 0..<hidden {
          target[count + index] = isApart ? bias[count + 2 * hidden + index] : 0
        }
      }
    }
  }

  private func simpleStep(
    _ own: UnsafeMutablePointer<T>, _ from: UnsafeMutablePointer<T>, _ to: UnsafeMutablePointer<T>
  ) {
    let count = sizes.batch * sizes.hidden
    stateProduct.run(
      sizes.batch, from, row: sizes.hidden, into: own, row: sizes.stride, threads)
    if layer.isRelu {
      for index in 0..<count { own[index] = max(0, own[index]) }
    } else {
      T.tanh(own, count)
    }
    to.update(from: own, count: count)
  }

  private func lstmStep(
    _ own: UnsafeMutablePointer<T>, _ from: UnsafeMutablePointer<T>, _ to: UnsafeMutablePointer<T>,
    _ before: UnsafeMutablePointer<T>, _ after: UnsafeMutablePointer<T>
  ) {
    let hidden = sizes.hidden
    stateProduct.run(
      sizes.batch, from, row: hidden, into: own, row: sizes.stride, threads)
    for row in 0..<sizes.batch {
      let gates = own + row * 4 * hidden
      T.sigmoid(gates, 3 * hidden)
      T.tanh(gates + 3 * hidden, hidden)
      let (i, o, f, g) = (gates, gates + hidden, gates + 2 * hidden, gates + 3 * hidden)
      let (old, new, state) = (before + row * hidden, after + row * hidden, to + row * hidden)
      for index in 0..<hidden { new[index] = f[index] * old[index] + i[index] * g[index] }
      state.update(from: new, count: hidden)
      T.tanh(state, hidden)
      for index in 0..<hidden { state[index] *= o[index] }
    }
  }

  private func gruStep(
    _ own: UnsafeMutablePointer<T>, _ from: UnsafeMutablePointer<T>, _ to: UnsafeMutablePointer<T>
  ) {
    let (hidden, batch, stride) = (sizes.hidden, sizes.batch, sizes.stride)
    stateProduct.run(
      batch, from, row: hidden, into: own, row: stride, threads)
    for row in 0..<batch { T.sigmoid(own + row * stride, 2 * hidden) }
    if layer.resetsAfter {
      candidateProduct?.run(
        batch, from, row: hidden, into: own + 3 * hidden, row: stride, threads)
    } else {
      for row in 0..<batch {
        let gates = own + row * stride
        for index in 0..<hidden {
          gates[3 * hidden + index] = gates[hidden + index] * from[row * hidden + index]
        }
      }
      candidateProduct?.run(
        batch, own + 3 * hidden, row: stride, into: own + 2 * hidden, row: stride, threads)
    }
    for row in 0..<batch {
      let gates = own + row * stride
      let (z, reset, n, q) = (gates, gates + hidden, gates + 2 * hidden, gates + 3 * hidden)
      if layer.resetsAfter { for index in 0..<hidden { n[index] += reset[index] * q[index] } }
      T.tanh(n, hidden)
      let (old, new) = (from + row * hidden, to + row * hidden)
      for index in 0..<hidden { new[index] = z[index] * old[index] + (1 - z[index]) * n[index] }
    }
  }
}
