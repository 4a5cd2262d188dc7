internal import CKernels

/// One direction of an RNN, GRU or LSTM with tanh and sigmoid, its weights packed once.
///
/// The input's part of all gates is one matrix product for many steps; a step then is one product
/// of the states with the recurrent weights, and the gates of each case. Steps are handled in
/// stretches whose sums stay in the second cache.
final class RecurrentLayer: Sendable {
  /// What a step computes.
  enum Cell: Sendable, Equatable {
    case plain
    /// GRU; whether the reset gate comes after the matrix.
    case gated(resetsAfterwards: Bool)
    /// LSTM; whether one gate is for input and forgetting.
    case longShort(couplesForget: Bool)

    var gateCount: Int {
      switch self {
      case .plain: 1
      case .gated: 3
      case .longShort: 4
      }
    }
  }

  /// Weights as ONNX has them, of one direction; copied.
  struct Weights {
    /// [gates · hidden, input] and [gates · hidden, hidden].
    var input: UnsafePointer<Float>
    var recurrent: UnsafePointer<Float>
    /// [2 · gates · hidden]: of the input, then of the state.
    var bias: UnsafePointer<Float>?
    /// LSTM: [3 · hidden].
    var peepholes: UnsafePointer<Float>?
  }

  /// Floats of the gates' sums that are made in one product: 1 MiB.
  private static let sumsPerStretch = 1 << 18

  let cell: Cell
  let inputSize: Int, hiddenSize: Int
  private let clip: Float
  private let kernels: Kernels
  private let inputWeights: PackedMatrix
  private let recurrentWeights: PackedMatrix
  /// GRU with the reset gate before the matrix: the hidden gate's part.
  private let hiddenWeights: PackedMatrix?
  private let inputBias: AlignedFloats
  private let recurrentBias: AlignedFloats
  private let peepholes: AlignedFloats?

  /// Copies the weights.
  convenience init(
    _ cell: Cell, inputSize: Int, hiddenSize: Int, clip: Float? = nil, _ weights: Weights,
    kernels: Kernels = .active
  ) {
    var space = PackingSpace()
    self.init(
      cell, inputSize: inputSize, hiddenSize: hiddenSize, clip: clip,
      hasPeepholes: weights.peepholes != nil, kernels: kernels, in: &space)
    pack(weights)
  }

  /// Memory for weights, which have to be packed before each run they are new for.
  init(
    _ cell: Cell, inputSize: Int, hiddenSize: Int, clip: Float?, hasPeepholes: Bool,
    kernels: Kernels = .active, in space: inout PackingSpace
  ) {
    self.cell = cell
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.clip = clip ?? .infinity
    self.kernels = kernels
    let width = cell.gateCount * hiddenSize
    func matrix(_ rows: Int, _ columns: Int) -> PackedMatrix {
      PackedMatrix(rowCount: rows, columnCount: columns, kernels: kernels, in: &space)
    }
    let isEarly = cell == .gated(resetsAfterwards: false)
    inputWeights = matrix(inputSize, width)
    recurrentWeights = matrix(hiddenSize, isEarly ? 2 * hiddenSize : width)
    hiddenWeights = isEarly ? matrix(hiddenSize, hiddenSize) : nil
    inputBias = space.floats(width)
    recurrentBias = space.floats(width)
    peepholes = hasPeepholes ? space.floats(3 * hiddenSize) : nil
  }

  /// Floats of a plan's memory that such a layer takes; nil if no memory is that large.
  static func floatCount(
    _ cell: Cell, inputSize: Int, hiddenSize: Int, hasPeepholes: Bool, kernels: Kernels = .active
  ) -> Int? {
    let (width, overflow) = cell.gateCount.multipliedReportingOverflow(by: hiddenSize)
    guard !overflow, width <= Self.floatCountMax else { return nil }
    let isEarly = cell == .gated(resetsAfterwards: false)
    var matrices = [(inputSize, width), (hiddenSize, isEarly ? 2 * hiddenSize : width)]
    if isEarly { matrices.append((hiddenSize, hiddenSize)) }
    var total = 2 * PackingSpace.floatCount(width)
    if hasPeepholes { total += PackingSpace.floatCount(3 * hiddenSize) }
    for (rows, columns) in matrices {
      guard
        let byteCount = PackedMatrix.byteCount(
          rowCount: rows, columnCount: columns, kernels: kernels),
        byteCount / 4 <= Self.floatCountMax
      else { return nil }
      total += PackingSpace.floatCount(byteCount / 4)
    }
    return total
  }

  /// Sizes above this cannot be meant, and their sums would overflow.
  private static let floatCountMax = 1 << 48

  /// Copies weights of the size it was made for.
  func pack(_ weights: Weights) {
    let width = cell.gateCount * hiddenSize
    inputWeights.pack(Matrix(weights.input, rowStride: inputSize).transposed)
    recurrentWeights.pack(Matrix(weights.recurrent, rowStride: hiddenSize).transposed)
    hiddenWeights?.pack(
      Matrix(weights.recurrent + 2 * hiddenSize * hiddenSize, rowStride: hiddenSize).transposed)
    for index in 0..<width {
      // A GRU's reset gate scales the hidden gate's own bias; all others are only added.
      let isApart = cell.gateCount == 3 && index >= 2 * hiddenSize
      let bias = weights.bias
      inputBias.base[index] = (bias?[index] ?? 0) + (isApart ? 0 : bias?[width + index] ?? 0)
      recurrentBias.base[index] = isApart ? bias?[width + index] ?? 0 : 0
    }
    if let peepholes, let given = weights.peepholes {
      peepholes.base.update(from: given, count: 3 * hiddenSize)
    }
  }

  /// Bytes of memory held.
  var byteCount: Int {
    inputWeights.byteCount + recurrentWeights.byteCount + (hiddenWeights?.byteCount ?? 0)
  }

  /// Runs the cases `rows` of a batch over their sequences, on the calling thread: no more of them
  /// side by side than one step's sums may take, so that a large batch asks for no more memory.
  func run(_ sequences: RecurrentSequences, rows: Range<Int>) {
    guard hiddenSize > 0 else { return }
    let most = max(1, Self.sumsPerStretch / (cell.gateCount * hiddenSize))
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: most) {
      runTogether(sequences, rows: first..<min(first + most, rows.upperBound))
    }
  }

  private func runTogether(_ sequences: RecurrentSequences, rows: Range<Int>) {
    let width = cell.gateCount * hiddenSize
    let stretch = max(
      1, min(sequences.time, Self.sumsPerStretch / max(1, rows.count * width)))
    let stateCount = rows.count * hiddenSize
    let memory = Scratch.staging.floats((stretch + 1) * rows.count * width + 3 * stateCount)
    let work = Work(
      rows: rows, sums: memory + (3 * stateCount + rows.count * width),
      fromState: memory + 3 * stateCount, state: memory, cell: memory + stateCount,
      reset: memory + 2 * stateCount)
    for (place, row) in rows.enumerated() {
      sequences.begin(row, work.state + place * hiddenSize, work.cell + place * hiddenSize, self)
    }
    var first = 0
    let longest = rows.reduce(0) { max($0, sequences.length($1)) }
    while first < longest {
      let steps = first..<min(first + stretch, longest)
      project(sequences, steps, work)
      for step in steps { self.step(sequences, step, steps, work) }
      first = steps.upperBound
    }
    for (place, row) in rows.enumerated() {
      sequences.end(row, work.state + place * hiddenSize, work.cell + place * hiddenSize, self)
    }
  }

  /// Memory of one call. `sums` has a row for each case of each step of a stretch.
  private struct Work {
    let rows: Range<Int>
    let sums: UnsafeMutablePointer<Float>
    let fromState: UnsafeMutablePointer<Float>
    let state: UnsafeMutablePointer<Float>
    let cell: UnsafeMutablePointer<Float>
    let reset: UnsafeMutablePointer<Float>
  }

  /// The gates' sums of the input for a stretch: sums[(step - first) · rows + place].
  private func project(_ sequences: RecurrentSequences, _ steps: Range<Int>, _ work: Work) {
    let rows = work.rows
    let width = cell.gateCount * hiddenSize
    func multiply(_ count: Int, _ from: Matrix, _ to: Int, rowStride: Int) {
      SGEMM.run(
        m: count, from, inputWeights, into: work.sums + to * width, rowStride: rowStride,
        epilogue: Epilogue(biasColumn: inputBias.base))
    }
    if sequences.isRagged && sequences.isReverse {
      // Every case stands somewhere else.
      for (place, row) in rows.enumerated() {
        for step in steps where step < sequences.length(row) {
          let from = sequences.input(row, step)
          multiply(
            1, Matrix(from, rowStride: inputSize), (step - steps.lowerBound) * rows.count + place,
            rowStride: width)
        }
      }
      return
    }
    if !sequences.isReverse, rows.count * inputSize == sequences.inputTimeStride {
      // All steps and cases lie behind each other.
      multiply(
        steps.count * rows.count,
        Matrix(sequences.input(rows.lowerBound, steps.lowerBound), rowStride: inputSize), 0,
        rowStride: width)
      return
    }
    for (place, row) in rows.enumerated() where rows.count < 4 {
      // Time runs backwards in a reversed sequence: a negative stride.
      let stride = sequences.isReverse ? -sequences.inputTimeStride : sequences.inputTimeStride
      multiply(
        steps.count, Matrix(sequences.input(row, steps.lowerBound), rowStride: stride), place,
        rowStride: rows.count * width)
    }
    for step in steps where rows.count >= 4 {
      multiply(
        rows.count,
        Matrix(
          sequences.input(rows.lowerBound, step), rowStride: sequences.inputBatchStride),
        (step - steps.lowerBound) * rows.count, rowStride: width)
    }
  }

  private func step(
    _ sequences: RecurrentSequences, _ step: Int, _ steps: Range<Int>, _ work: Work
  ) {
    let width = cell.gateCount * hiddenSize
    let rowCount = work.rows.count
    let table = kernels.table
    SGEMM.run(
      m: rowCount, Matrix(work.state, rowStride: hiddenSize), recurrentWeights,
      into: work.fromState, rowStride: width, epilogue: Epilogue(biasColumn: recurrentBias.base))
    var call = ck_recurrent_step()
    call.hidden = hiddenSize
    call.clip = clip
    call.peepholes = peepholes.map { UnsafePointer($0.base) }
    let finish: ck_recurrent_fn?
    switch cell {
    case .plain: finish = table.pointee.rnnStep
    case .longShort(let couplesForget):
      finish = table.pointee.lstmStep
      call.couplesForget = couplesForget
    case .gated(let resetsAfterwards):
      finish = table.pointee.gruStep
      call.resetsAfterwards = resetsAfterwards
    }
    func each(_ kernel: ck_recurrent_fn?) {
      for (place, row) in work.rows.enumerated() where step < sequences.length(row) {
        call.fromInput = UnsafePointer(
          work.sums + ((step - steps.lowerBound) * rowCount + place) * width)
        call.fromState = UnsafePointer(work.fromState + place * width)
        call.state = work.state + place * hiddenSize
        call.cell = work.cell + place * hiddenSize
        call.reset = work.reset + place * hiddenSize
        call.output = sequences.output(row, step)
        kernel?(&call)
      }
    }
    if let hiddenWeights {
      // Cases that have ended have no reset gate: what lies there must be a number all the same.
      if step == 0 { work.reset.update(repeating: 0, count: rowCount * hiddenSize) }
      each(table.pointee.gruReset)
      SGEMM.run(
        m: rowCount, Matrix(work.reset, rowStride: hiddenSize), hiddenWeights,
        into: work.fromState + 2 * hiddenSize, rowStride: width,
        epilogue: Epilogue(biasColumn: recurrentBias.base + 2 * hiddenSize))
    }
    each(finish)
  }
}

/// The sequences of one batch and direction in memory. Strides count floats; a step of a reversed
/// sequence counts from its end.
struct RecurrentSequences {
  var time: Int
  var isReverse = false
  /// Steps of each case, all within 0...time; nil for `time` steps each.
  var lengths: UnsafePointer<Int32>?
  var input: UnsafePointer<Float>
  var inputTimeStride: Int, inputBatchStride: Int
  /// All states, and where a case's first and last ones lie; each may be left out.
  var output: UnsafeMutablePointer<Float>?
  var outputTimeStride: Int, outputBatchStride: Int
  var initialState: UnsafePointer<Float>?
  var initialCell: UnsafePointer<Float>?
  var lastState: UnsafeMutablePointer<Float>?
  var lastCell: UnsafeMutablePointer<Float>?
  var stateStride: Int

  var isRagged: Bool { lengths != nil }
  func length(_ row: Int) -> Int { lengths.map { Int($0[row]) } ?? time }

  private func place(_ row: Int, _ step: Int) -> Int {
    isReverse ? length(row) - 1 - step : step
  }
  func input(_ row: Int, _ step: Int) -> UnsafePointer<Float> {
    input + place(row, step) * inputTimeStride + row * inputBatchStride
  }
  func output(_ row: Int, _ step: Int) -> UnsafeMutablePointer<Float>? {
    output.map { $0 + place(row, step) * outputTimeStride + row * outputBatchStride }
  }

  /// Sets a case's first state, and zeros behind its end.
  func begin(
    _ row: Int, _ state: UnsafeMutablePointer<Float>, _ cell: UnsafeMutablePointer<Float>,
    _ layer: RecurrentLayer
  ) {
    let hidden = layer.hiddenSize
    for (values, initial) in [(state, initialState), (cell, initialCell)] {
      if let initial {
        values.update(from: initial + row * stateStride, count: hidden)
      } else {
        values.update(repeating: 0, count: hidden)
      }
    }
    guard let output else { return }
    for step in length(row)..<time {
      (output + step * outputTimeStride + row * outputBatchStride)
        .update(repeating: 0, count: hidden)
    }
  }

  func end(
    _ row: Int, _ state: UnsafePointer<Float>, _ cell: UnsafePointer<Float>,
    _ layer: RecurrentLayer
  ) {
    lastState.map { ($0 + row * stateStride).update(from: state, count: layer.hiddenSize) }
    lastCell.map { ($0 + row * stateStride).update(from: cell, count: layer.hiddenSize) }
  }
}
