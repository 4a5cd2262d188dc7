extension RecurrentOperator {
  static func differentiate(in registry: inout OperatorRegistry) {
    registry.differentiate("RNN", "GRU", "LSTM") { nodes throws(GraphError) in
      let kept = (3...5).map { nodes.output($0) }
      let count = nodes.node.opType == "LSTM" ? 3 : 2
      var operands: [String?] = (0...2).map { $0 < count ? nodes.gradient($0) : nil }
      for index in 0...2 { operands.append(try nodes.input(index)) }
      operands += [nodes.optional(3), nodes.optional(5), nodes.optional(6)]
      operands += kept.map { $0 }
      // The training operator says what it does not take.
      _ = try RecurrentTraining(nodes.attributes)
      var attributes = nodes.node.attributes
      attributes["kind"] = .string(Array(nodes.node.opType.utf8))
      nodes.node.domain = TrainingOperators.domain
      nodes.node.opset = 1
      let results = nodes.values(
        6, RecurrentGradient.opType, operands, attributes, domain: TrainingOperators.domain)
      for (result, input) in [0, 1, 2, 3, 5, 6].enumerated() where nodes.optional(input) != nil {
        nodes.give(results[result], to: input)
      }
    }
  }
}

/// The gradients of a recurrent layer: back through time, then sums over all steps.
///
/// Inputs: the gradients by Y, Y_h and Y_c, each or all of them; X, W, R, B and the first states; and what
/// ``RecurrentTraining`` kept. Outputs: the gradients by X, W, R, B and the first states.
struct RecurrentGradient: Operator {
  static let opType = "RecurrentGradient"
  let forward: RecurrentTraining

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let x = try inputs.type(3, among: [.fp32, .fp64])
    let (w, r) = (try inputs.type(4), try inputs.type(5))
    guard let data = x.shape, let recurrent = r.shape, data.count == 3, recurrent.count == 3 else {
      throw GraphError(code: .shapeMismatch, message: "data and weights must have rank 3")
    }
    let sizes = forward.sizes(data, recurrent)
    let state = TensorType(x.dataType, [sizes.directions, sizes.batch, sizes.hidden])
    let bias = TensorType(x.dataType, [sizes.directions, 2 * sizes.gates * sizes.hidden])
    return [x, w, r, bias, state, state]
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    guard let x = inputs.optional(3), let data = x.shape, let r = inputs.optional(5)?.shape else {
      return 0
    }
    let sizes = forward.sizes(data, r)
    // The gates' gradients of all steps, those by the states, and the tanh of the cells or sums of blocks.
    return
      (sizes.rows * sizes.stride + 3 * sizes.batch * sizes.hidden
      + (sizes.batch / RecurrentTraining.rowsPerBlock + 1) * sizes.stride)
      * (x.dataType.elementByteCount ?? 8)
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let x = inputs.optional(3)?.shape, let r = inputs.optional(5)?.shape else { return 0 }
    let sizes = forward.sizes(x, r)
    return 2 * Double(sizes.rows * sizes.directions) * Double(sizes.gates * sizes.hidden)
      * Double(sizes.hidden + sizes.input) / 32
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    try operands.input(3).dataType.gradientStep { type throws(GraphError) in
      try step(type, operands)
    }
  }

  private func step<T: GradientElement>(
    _ type: T.Type, _ operands: Operands
  ) throws(GraphError) -> Step {
    let sizes = forward.sizes(try operands.input(3).shape, try operands.input(5).shape)
    var runs: [RecurrentBackward<T>] = []
    for number in forward.directions.indices {
      runs.append(try RecurrentBackward(forward, sizes, number, operands))
    }
    if forward.kind == .lstm, let runs = runs as? [RecurrentBackward<Float>] {
      return { for index in runs.indices { runs[index].runLSTM() } }
    }
    return { [runs] in for index in runs.indices { runs[index].run() } }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: TrainingOperators.domain) { context throws(GraphError) in
      RecurrentGradient(forward: try RecurrentTraining(context))
    }
  }
}

/// One direction of a recurrent layer, back through time.
struct RecurrentBackward<T: GradientElement> {
  let layer: RecurrentTraining
  let sizes: RecurrentTraining.Sizes
  let number: Int
  let dy: UnsafeMutablePointer<T>?
  let dlast: UnsafeMutablePointer<T>?
  let dlastCell: UnsafeMutablePointer<T>?
  let x: UnsafeMutablePointer<T>
  let w: UnsafeMutablePointer<T>
  let r: UnsafeMutablePointer<T>
  let hasInitial: Bool
  let gates: UnsafeMutablePointer<T>
  let states: UnsafeMutablePointer<T>
  let cells: UnsafeMutablePointer<T>?
  let dx: UnsafeMutablePointer<T>?
  let dw: UnsafeMutablePointer<T>?
  let dr: UnsafeMutablePointer<T>?
  let dbias: UnsafeMutablePointer<T>?
  let dinitial: UnsafeMutablePointer<T>?
  let dinitialCell: UnsafeMutablePointer<T>?
  let dgates: UnsafeMutablePointer<T>
  let dstate: UnsafeMutablePointer<T>
  let dcell: UnsafeMutablePointer<T>
  let spare: UnsafeMutablePointer<T>
  let stateProduct: TurnedProduct<T>
  let candidateProduct: TurnedProduct<T>?
  let inputProduct: TurnedProduct<T>
  let threads: ThreadPool?

  init(
    _ layer: RecurrentTraining, _ sizes: RecurrentTraining.Sizes, _ number: Int,
    _ operands: Operands
  ) throws(GraphError) {
    (self.layer, self.sizes, self.number) = (layer, sizes, number)
    let (hidden, gateCount) = (sizes.hidden, sizes.gates * sizes.hidden)
    let state = number * sizes.batch * hidden
    dy = operands.optional(0)?.pointer(T.self)
    dlast = operands.optional(1).map { $0.pointer(T.self) + state }
    dlastCell = operands.optional(2).map { $0.pointer(T.self) + state }
    x = try operands.input(3).pointer(T.self)
    w = try operands.input(4).pointer(T.self) + number * gateCount * sizes.input
    r = try operands.input(5).pointer(T.self) + number * gateCount * hidden
    hasInitial = operands.optional(7) != nil
    gates = try operands.input(9).pointer(T.self) + number * sizes.rows * sizes.stride
    let kept = number * (sizes.time + 1) * sizes.batch * hidden
    states = try operands.input(10).pointer(T.self) + kept
    cells = layer.kind == .lstm ? try operands.input(11).pointer(T.self) + kept : nil
    dx = operands.optionalOutput(0)?.pointer(T.self)
    dw = operands.optionalOutput(1).map { $0.pointer(T.self) + number * gateCount * sizes.input }
    dr = operands.optionalOutput(2).map { $0.pointer(T.self) + number * gateCount * hidden }
    dbias = operands.optionalOutput(3).map { $0.pointer(T.self) + number * 2 * gateCount }
    dinitial = operands.optionalOutput(4).map { $0.pointer(T.self) + state }
    dinitialCell = operands.optionalOutput(5).map { $0.pointer(T.self) + state }
    dgates = operands.scratch.assumingMemoryBound(to: T.self)
    dstate = dgates + sizes.rows * sizes.stride
    dcell = dstate + sizes.batch * hidden
    spare = dcell + sizes.batch * hidden
    let isGRU = layer.kind == .gru
    stateProduct = TurnedProduct(depth: isGRU ? 2 * hidden : gateCount, columns: hidden)
    candidateProduct = isGRU ? TurnedProduct(depth: hidden, columns: hidden) : nil
    inputProduct = TurnedProduct(depth: gateCount, columns: sizes.input)
    threads = operands.threadPool
  }

  func run() {
    let (batch, hidden, time) = (sizes.batch, sizes.hidden, sizes.time)
    let block = batch * hidden
    let isReverse = layer.directions[number]
    stateProduct.load(r, depthStride: hidden, columnStride: 1)
    candidateProduct?.load(r + 2 * hidden * hidden, depthStride: hidden, columnStride: 1)
    Self.copy(dlast, dstate, block)
    Self.copy(dlastCell, dcell, block)
    for number in 0..<time {
      let at = isReverse ? number : time - 1 - number
      let (before, after) = isReverse ? (at + 1, at) : (at, at + 1)
      if let dy {
        let arriving = dy + (at * sizes.directions + self.number) * block
        for index in 0..<block { dstate[index] += arriving[index] }
      }
      let (own, down) = (gates + at * batch * sizes.stride, dgates + at * batch * sizes.stride)
      switch layer.kind {
      case .simple: simpleStep(own, down)
      case .gru: gruStep(own, down, states + before * block)
      case .lstm:
        if let cells { lstmStep(own, down, cells + before * block, cells + after * block) }
      }
    }
    dinitial?.update(from: dstate, count: block)
    if layer.kind == .lstm { dinitialCell?.update(from: dcell, count: block) }
    sumUp(states + (isReverse ? block : 0))
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

  private func simpleStep(_ own: UnsafeMutablePointer<T>, _ down: UnsafeMutablePointer<T>) {
    let count = sizes.batch * sizes.hidden
    for index in 0..<count {
      let h = own[index]
      down[index] = layer.isRelu ? (h > 0 ? dstate[index] : 0) : dstate[index] * (1 - h * h)
    }
    dstate.update(repeating: 0, count: count)
    stateProduct.run(
      sizes.batch, down, row: sizes.hidden, into: dstate, row: sizes.hidden, threads)
  }

  private func lstmStep(
    _ own: UnsafeMutablePointer<T>, _ down: UnsafeMutablePointer<T>,
    _ before: UnsafeMutablePointer<T>, _ after: UnsafeMutablePointer<T>
  ) {
    let (hidden, count) = (sizes.hidden, sizes.batch * sizes.hidden)
    spare.update(from: after, count: count)
    T.tanh(spare, count)
    for row in 0..<sizes.batch {
      let (gates, out, place) = (own + row * 4 * hidden, down + row * 4 * hidden, row * hidden)
      let (dh, dc, t, old) = (dstate + place, dcell + place, spare + place, before + place)
      for index in 0..<hidden {
        let (i, o) = (gates[index], gates[hidden + index])
        let (f, g) = (gates[2 * hidden + index], gates[3 * hidden + index])
        let c = dh[index] * o * (1 - t[index] * t[index]) + dc[index]
        out[index] = c * g * i * (1 - i)
        out[hidden + index] = dh[index] * t[index] * o * (1 - o)
        out[2 * hidden + index] = c * old[index] * f * (1 - f)
        out[3 * hidden + index] = c * i * (1 - g * g)
        dc[index] = c * f
      }
    }
    dstate.update(repeating: 0, count: count)
    stateProduct.run(
      sizes.batch, down, row: 4 * hidden, into: dstate, row: hidden, threads)
  }

  private func gruStep(
    _ own: UnsafeMutablePointer<T>, _ down: UnsafeMutablePointer<T>,
    _ before: UnsafeMutablePointer<T>
  ) {
    let (hidden, batch, stride) = (sizes.hidden, sizes.batch, sizes.stride)
    for row in 0..<batch {
      let (gates, out) = (own + row * stride, down + row * stride)
      let (dh, old) = (dstate + row * hidden, before + row * hidden)
      for index in 0..<hidden {
        let (z, reset) = (gates[index], gates[hidden + index])
        let (n, q) = (gates[2 * hidden + index], gates[3 * hidden + index])
        let dn = dh[index] * (1 - z) * (1 - n * n)
        out[index] = dh[index] * (old[index] - n) * z * (1 - z)
        out[2 * hidden + index] = dn
        if layer.resetsAfter {
          out[hidden + index] = dn * q * reset * (1 - reset)
          out[3 * hidden + index] = dn * reset
        }
        dh[index] *= z
      }
    }
    if layer.resetsAfter {
      candidateProduct?.run(
        batch, down + 3 * hidden, row: stride, into: dstate, row: hidden, threads)
    } else {
      spare.update(repeating: 0, count: batch * hidden)
      candidateProduct?.run(
        batch, down + 2 * hidden, row: stride, into: spare, row: hidden, threads)
      for row in 0..<batch {
        let (gates, out) = (own + row * stride, down + row * stride)
        for index in 0..<hidden {
          let (place, reset) = (row * hidden + index, gates[hidden + index])
          out[hidden + index] = spare[place] * before[place] * reset * (1 - reset)
          dstate[place] += spare[place] * reset
        }
      }
    }
    stateProduct.run(batch, down, row: stride, into: dstate, row: hidden, threads)
  }

  /// What all steps together give.
  private func sumUp(_ previous: UnsafeMutablePointer<T>) {
    sumInputs()
    sumStates(previous)
    sumBias()
  }

  /// The gradients by the data and their weights.
  func sumInputs() {
    let (hidden, rows, stride) = (sizes.hidden, sizes.rows, sizes.stride)
    let gateCount = sizes.gates * hidden
    if let dx {
      inputProduct.load(w, depthStride: sizes.input, columnStride: 1)
      if number == 0 { dx.update(repeating: 0, count: rows * sizes.input) }
      inputProduct.run(rows, dgates, row: stride, into: dx, row: sizes.input, threads)
    }
    if let dw {
      T.sumProducts(
        rows, dgates, row: stride, columns: gateCount, x, row: sizes.input, columns: sizes.input,
        into: dw, threads)
    }
  }

  private func sumStates(_ previous: UnsafeMutablePointer<T>) {
    let (hidden, rows, stride) = (sizes.hidden, sizes.rows, sizes.stride)
    let gateCount = sizes.gates * hidden
    if let dr {
      let isGRU = layer.kind == .gru
      T.sumProducts(
        rows, dgates, row: stride, columns: isGRU ? 2 * hidden : gateCount, previous, row: hidden,
        columns: hidden, into: dr, threads)
      if isGRU {
        let isAfter = layer.resetsAfter
        T.sumProducts(
          rows, dgates + (isAfter ? 3 : 2) * hidden, row: stride, columns: hidden,
          isAfter ? previous : gates + 3 * hidden, row: isAfter ? hidden : stride, columns: hidden,
          into: dr + 2 * hidden * hidden, threads)
      }
    }
  }

  /// The bias's gradient: both halves get the same, but a GRU's candidate that is added to behind the reset gate.
  private func sumBias() {
    let (hidden, rows, stride) = (sizes.hidden, sizes.rows, sizes.stride)
    let gateCount = sizes.gates * hidden
    guard let dbias else { return }
    dbias.update(repeating: 0, count: gateCount)
    for row in 0..<rows {
      let from = dgates + row * stride
      for index in 0..<gateCount { dbias[index] += from[index] }
    }
    (dbias + gateCount).update(from: dbias, count: gateCount)
    if layer.kind == .gru, layer.resetsAfter {
      let own = dbias + gateCount + 2 * hidden
      own.update(repeating: 0, count: hidden)
      for row in 0..<rows {
        let from = dgates + row * stride + 3 * hidden
        for index in 0..<hidden { own[index] += from[index] }
      }
    }
  }
}
