import Glibc
import Testing

@testable import Compute

/// Whole layers against the cells' definition in f64, on every instruction set.
@Suite struct KernelsRecurrentTests {
  /// A layer's weights and data with everything that may vary.
  struct Case {
    var cell: RecurrentLayer.Cell
    var time, batch, input, hidden: Int
    var isReverse, isBatchFirst: Bool
    var clip: Float?
    var w, r, x: [Float]
    var bias, peepholes, initial, initialCell: [Float]?
    var lengths: [Int32]?

    init(_ random: inout Random, _ kernels: Kernels) {
      cell =
        [
          .plain, .gated(resetsAfterwards: true), .gated(resetsAfterwards: false),
          .longShort(couplesForget: false), .longShort(couplesForget: true),
        ].randomElement(using: &random) ?? .plain
      time = Int.random(in: 0...9, using: &random)
      batch = Int.random(in: 1...9, using: &random)
      input = Int.random(in: 1...20, using: &random)
      hidden = random.size(kernels, upTo: 40, zero: false)
      isReverse = .random(using: &random)
      isBatchFirst = .random(using: &random)
      clip = Bool.random(using: &random) ? 0.7 : nil
      let width = cell.gateCount * hidden
      w = random.reals(width * input)
      // As layers are initialised: larger ones double an error with every step, and then the test
      // would ask for more than FP32 has.
      let most = 1 / Float(hidden).squareRoot()
      r = random.reals(width * hidden, in: -most...most)
      x = random.reals(time * batch * input + 1)
      let has = (0..<4).map { _ in Bool.random(using: &random) }
      bias = has[0] ? random.reals(2 * width) : nil
      peepholes = has[1] && cell.gateCount == 4 ? random.reals(3 * hidden) : nil
      initial = has[2] ? random.reals(batch * hidden) : nil
      initialCell = has[2] ? random.reals(batch * hidden) : nil
      let longest = Int32(time)
      lengths =
        has[3] ? (0..<batch).map { _ in Int32.random(in: 0...longest, using: &random) } : nil
    }
  }

  /// One step of one case: the new state and cell.
  private func step(
    _ c: Case, _ x: ArraySlice<Float>, _ state: [Double], _ cell: [Double]
  ) -> ([Double], [Double]) {
    let width = c.cell.gateCount * c.hidden
    func clipped(_ x: Double) -> Double { c.clip.map { min(max(x, -Double($0)), Double($0)) } ?? x }
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-clipped(x))) }
    func fromInput(_ gate: Int, _ i: Int) -> Double {
      let row = gate * c.hidden + i
      return zip(x, c.w[row * c.input..<(row + 1) * c.input])
        .reduce(Double(c.bias?[row] ?? 0)) { $0 + Double($1.0) * Double($1.1) }
    }
    func fromState(_ gate: Int, _ i: Int, _ state: [Double]) -> Double {
      let row = gate * c.hidden + i
      return zip(state, c.r[row * c.hidden..<(row + 1) * c.hidden])
        .reduce(Double(c.bias?[width + row] ?? 0)) { $0 + $1.0 * Double($1.1) }
    }
    func sum(_ gate: Int, _ i: Int) -> Double { fromInput(gate, i) + fromState(gate, i, state) }
    func peephole(_ gate: Int, _ i: Int) -> Double {
      Double(c.peepholes?[gate * c.hidden + i] ?? 0)
    }
    let all = 0..<c.hidden
    switch c.cell {
    case .plain: return (all.map { tanh(clipped(sum(0, $0))) }, cell)
    case .gated(let resetsAfterwards):
      let reset = all.map { sigmoid(sum(1, $0)) }
      let scaled = zip(reset, state).map(*)
      return (
        all.map { i in
          let update = sigmoid(sum(0, i))
          let past =
            resetsAfterwards ? reset[i] * fromState(2, i, state) : fromState(2, i, scaled)
          return (1 - update) * tanh(clipped(fromInput(2, i) + past)) + update * state[i]
        }, cell
      )
    case .longShort(let couplesForget):
      let after = all.map { i in
        let input = sigmoid(sum(0, i) + peephole(0, i) * cell[i])
        let forget =
          couplesForget ? 1 - input : sigmoid(sum(2, i) + peephole(2, i) * cell[i])
        return forget * cell[i] + input * tanh(clipped(sum(3, i)))
      }
      return (
        all.map { sigmoid(sum(1, $0) + peephole(1, $0) * after[$0]) * tanh(after[$0]) }, after
      )
    }
  }

  @Test(arguments: Kernels.available)
  func layersEqualTheirDefinition(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for _ in 0..<80 {
      let c = Case(&random, kernels)
      let layer = c.w.withUnsafeBufferPointer { w in
        c.r.withUnsafeBufferPointer { r in
          withExtendedLifetime((c.bias.map(Memory.init), c.peepholes.map(Memory.init))) { more in
            RecurrentLayer(
              c.cell, inputSize: c.input, hiddenSize: c.hidden, clip: c.clip,
              .init(
                input: w.baseAddress!, recurrent: r.baseAddress!,
                bias: more.0.map { UnsafePointer($0.base) },
                peepholes: more.1.map { UnsafePointer($0.base) }), kernels: kernels)
          }
        }
      }
      let all = Memory(count: c.time * c.batch * c.hidden)
      let (last, lastCell) = (Memory(count: c.batch * c.hidden), Memory(count: c.batch * c.hidden))
      let (x, initial) = (Memory(c.x), c.initial.map(Memory.init))
      let initialCell = c.initialCell.map(Memory.init)
      (c.lengths ?? []).withUnsafeBufferPointer { lengths in
        let sequences = RecurrentSequences(
          time: c.time, isReverse: c.isReverse,
          lengths: c.lengths == nil ? nil : lengths.baseAddress, input: UnsafePointer(x.base),
          inputTimeStride: (c.isBatchFirst ? 1 : c.batch) * c.input,
          inputBatchStride: (c.isBatchFirst ? c.time : 1) * c.input, output: all.base,
          outputTimeStride: (c.isBatchFirst ? 1 : c.batch) * c.hidden,
          outputBatchStride: (c.isBatchFirst ? c.time : 1) * c.hidden,
          initialState: initial.map { UnsafePointer($0.base) },
          initialCell: initialCell.map { UnsafePointer($0.base) }, lastState: last.base,
          lastCell: lastCell.base, stateStride: c.hidden)
        // In two parts, as threads do it.
        let cut = Int.random(in: 0...c.batch, using: &random)
        layer.run(sequences, rows: 0..<cut)
        layer.run(sequences, rows: cut..<c.batch)
      }
      #expect(all.isIntact && last.isIntact && lastCell.isIntact)
      for row in 0..<c.batch {
        let places = row * c.hidden..<(row + 1) * c.hidden
        var state = c.initial.map { $0[places].map(Double.init) } ?? places.map { _ in 0.0 }
        var cell = c.initialCell.map { $0[places].map(Double.init) } ?? places.map { _ in 0.0 }
        let length = c.lengths.map { Int($0[row]) } ?? c.time
        var want = [[Double]](repeating: places.map { _ in 0 }, count: c.time)
        func index(_ time: Int) -> Int {
          c.isBatchFirst ? row * c.time + time : time * c.batch + row
        }
        for step in 0..<length {
          let at = c.isReverse ? length - 1 - step : step
          let from = index(at) * c.input
          (state, cell) = self.step(c, c.x[from..<from + c.input], state, cell)
          want[at] = state
        }
        // Functions of 3e-7, over a few steps that pass errors on.
        func isClose(_ got: [Float], _ want: [Double]) -> Bool {
          zip(got, want).allSatisfy { abs(Double($0) - $1) <= 4e-6 }
        }
        for time in 0..<c.time {
          let from = index(time) * c.hidden
          #expect(isClose(Array(all.values[from..<from + c.hidden]), want[time]), "\(c.cell)")
        }
        #expect(isClose(Array(last.values[places]), state), "\(c.cell)")
        if c.cell.gateCount == 4 { #expect(isClose(Array(lastCell.values[places]), cell)) }
      }
    }
  }

  @Test func aBatchTooLargeForOneStretchIsRunInPieces() {
    var random = Random(#function, .active)
    let (hidden, input, time, batch) = (64, 3, 2, 2_100)
    let (w, r) = (
      Memory(random.reals(4 * hidden * input)), Memory(random.reals(4 * hidden * hidden))
    )
    let layer = RecurrentLayer(
      .longShort(couplesForget: false), inputSize: input, hiddenSize: hidden,
      .init(input: w.base, recurrent: r.base))
    let x = Memory(random.reals(time * batch * input))
    // All at once, and in shares that fit.
    let results = [batch, 70].map { share in
      let (all, last) = (Memory(count: time * batch * hidden), Memory(count: batch * hidden))
      let sequences = RecurrentSequences(
        time: time, input: UnsafePointer(x.base), inputTimeStride: batch * input,
        inputBatchStride: input, output: all.base, outputTimeStride: batch * hidden,
        outputBatchStride: hidden, lastState: last.base, stateStride: hidden)
      for first in stride(from: 0, to: batch, by: share) {
        layer.run(sequences, rows: first..<min(first + share, batch))
      }
      #expect(all.isIntact && last.isIntact)
      return all.values + last.values
    }
    #expect(zip(results[0], results[1]).allSatisfy { abs($0 - $1) <= 1e-5 })
  }

  @Test(arguments: Kernels.available)
  func noNumberStaysNone(_ kernels: Kernels) {
    let (w, r, x) = (Memory([1, 1, 1, 1]), Memory([0, 0, 0, 0]), Memory([Float.nan]))
    let layer = RecurrentLayer(
      .longShort(couplesForget: false), inputSize: 1, hiddenSize: 1,
      .init(input: w.base, recurrent: r.base), kernels: kernels)
    let last = Memory(count: 1)
    layer.run(
      RecurrentSequences(
        time: 1, input: UnsafePointer(x.base), inputTimeStride: 1, inputBatchStride: 1,
        outputTimeStride: 1, outputBatchStride: 1, lastState: last.base, stateStride: 1),
      rows: 0..<1)
    #expect(last.values[0].isNaN)
  }
}
