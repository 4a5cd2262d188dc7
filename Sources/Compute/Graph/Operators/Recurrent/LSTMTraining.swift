extension RecurrentTraining {
  /// Rows whose sums are kept apart while an LSTM's gradient is computed, and the least that threads share.
  static let rowsPerBlock = 8
}

// An LSTM in single precision. Examples do not know each other, so that threads take some of them through all of
// time, and what a step wrote is in the second cache when the next one reads it.

extension RecurrentForward where T == Float {
  /// An LSTM's `run`.
  func runLSTM() {
    let (batch, hidden, time) = (sizes.batch, sizes.hidden, sizes.time)
    let (block, gateCount) = (batch * hidden, 4 * sizes.hidden)
    let isReverse = layer.directions[number]
    guard let cells else { return }
    inputProduct.load(w, row: sizes.input)
    stateProduct.load(r, row: hidden)
    let start = isReverse ? time * block : 0
    Self.copy(initial, states + start, block)
    Self.copy(initialCell, cells + start, block)
    let sums = Scratch.staging.floats(gateCount)
    for index in 0..<gateCount {
      sums[index] = bias.map { $0[index] + $0[gateCount + index] } ?? 0
    }
    let flops = 2 * Double(time * batch * gateCount) * Double(hidden + sizes.input)
    Parallel.rows(
      batch, multipleOf: RecurrentTraining.rowsPerBlock, cost: .flops(flops), on: threads,
      evenly: true
    ) { rows in
      for step in 0..<time {
        let at = isReverse ? time - 1 - step : step
        let (before, after) = isReverse ? (at + 1, at) : (at, at + 1)
        let own = gates + (at * batch + rows.lowerBound) * gateCount
        let from = states + (before * block + rows.lowerBound * hidden)
        let to = states + (after * block + rows.lowerBound * hidden)
        inputProduct.multiply(
          rows.count, x + (at * batch + rows.lowerBound) * sizes.input, row: sizes.input,
          into: own, row: gateCount, Epilogue(biasColumn: UnsafePointer(sums)))
        // Zeros in front of the first step add nothing.
        if step > 0 || initial != nil {
          stateProduct.multiply(
            rows.count, from, row: hidden, into: own, row: gateCount, Epilogue(beta: 1))
        }
        GradientKernels.lstmForward(
          gates: own, before: cells + (before * block + rows.lowerBound * hidden),
          after: cells + (after * block + rows.lowerBound * hidden), state: to, rows: rows.count,
          hidden: hidden)
        if let y {
          (y + (at * sizes.directions + number) * block + rows.lowerBound * hidden)
            .update(from: to, count: rows.count * hidden)
        }
      }
    }
    let end = isReverse ? 0 : time * block
    last?.update(from: states + end, count: block)
    lastCell?.update(from: cells + end, count: block)
  }
}

extension RecurrentBackward where T == Float {
  /// An LSTM's `run`.
  func runLSTM() {
    let (batch, hidden, time) = (sizes.batch, sizes.hidden, sizes.time)
    let (block, gateCount) = (batch * hidden, 4 * sizes.hidden)
    guard cells != nil else { return }
    stateProduct.load(r, depthStride: hidden, columnStride: 1)
    Self.copy(dlast, dstate, block)
    Self.copy(dlastCell, dcell, block)
    // Each block of rows has sums of its own, so that threads change nothing.
    let unit = RecurrentTraining.rowsPerBlock
    let blocks = (batch + unit - 1) / unit
    let sums = spare + block
    sums.update(repeating: 0, count: blocks * gateCount)
    let flops = 2 * Double(time * batch * gateCount) * Double(hidden)
    Parallel.rows(batch, multipleOf: unit, cost: .flops(flops), on: threads, evenly: true) { rows in
      for step in 0..<time { stepBack(step, rows, sums) }
    }
    dinitial?.update(from: dstate, count: block)
    dinitialCell?.update(from: dcell, count: block)
    sumInputs()
    if let dr { sumStates(into: dr) }
    guard let dbias else { return }
    dbias.update(repeating: 0, count: gateCount)
    for block in 0..<blocks {
      for index in 0..<gateCount { dbias[index] += sums[block * gateCount + index] }
    }
    (dbias + gateCount).update(from: dbias, count: gateCount)
  }

  /// Some rows, one step back.
  private func stepBack(_ step: Int, _ rows: Range<Int>, _ sums: UnsafeMutablePointer<Float>) {
    guard let cells else { return }
    let (batch, hidden, time) = (sizes.batch, sizes.hidden, sizes.time)
    let (block, gateCount) = (batch * hidden, 4 * sizes.hidden)
    let isReverse = layer.directions[number]
    let at = isReverse ? step : time - 1 - step
    let (before, after) = isReverse ? (at + 1, at) : (at, at + 1)
    let own = dstate + rows.lowerBound * hidden
    if let dy {
      let arriving = dy + (at * sizes.directions + number) * block + rows.lowerBound * hidden
      for index in 0..<rows.count * hidden { own[index] += arriving[index] }
    }
    let unit = RecurrentTraining.rowsPerBlock
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: unit) {
      let (place, row) = (first * hidden, at * batch + first)
      GradientKernels.lstm(
        into: dgates + row * gateCount, gates: gates + row * gateCount,
        before: cells + before * block + place, after: cells + after * block + place,
        dh: dstate + place, dc: dcell + place, sums: sums + first / unit * gateCount,
        rows: min(unit, rows.upperBound - first), hidden: hidden)
    }
    // Nobody asks for what the zeros in front of the first step get.
    if step < time - 1 || dinitial != nil {
      stateProduct.multiply(
        rows.count, dgates + (at * batch + rows.lowerBound) * gateCount, row: gateCount, into: own,
        row: hidden, Epilogue())
    }
  }

  /// The gradient by the recurrent weights. The states in front of the first step may be zeros.
  private func sumStates(into dr: UnsafeMutablePointer<Float>) {
    let (batch, hidden) = (sizes.batch, sizes.hidden)
    let isReverse = layer.directions[number]
    let skipped = hasInitial ? 0 : min(1, sizes.time)
    let first = isReverse ? 0 : skipped
    let (gateCount, count) = (4 * hidden, (sizes.time - skipped) * batch)
    // States lie one step further where time runs backwards.
    let previous = states + (isReverse ? batch * hidden : 0) + first * batch * hidden
    Float.sumProducts(
      count, dgates + first * batch * gateCount, row: gateCount, columns: gateCount, previous,
      row: hidden, columns: hidden, into: dr, threads)
  }
}
