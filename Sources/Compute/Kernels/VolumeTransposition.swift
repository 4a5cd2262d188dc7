internal import CKernels

/// A transposed convolution of one to three dimensions in ONNX's order, with any groups, strides and
/// dilations; weights are read as they are.
///
/// What each tap adds is a row of a matrix product, some filters and some positions at a time; rows
/// are then added to where their taps lie.
struct VolumeTransposition: Sendable {
  /// Of the convolution that this is the transposition of: `outputSize` is what is read.
  let windows: VolumeWindows
  /// Channels of the input and of the output that a group has.
  let channels: Int, outputs: Int
  let groups: Int
  let activation: Epilogue.Activation
  let kernels: Kernels

  /// Rows and columns of a product: 1 MiB of sums.
  private static let rowsPerBlock = 256, positionsPerBlock = 1024

  init(
    _ windows: VolumeWindows, channels: Int, outputs: Int, groups: Int,
    activation: Epilogue.Activation = .none, kernels: Kernels = .active
  ) {
    self.windows = windows
    self.channels = channels
    self.outputs = outputs
    self.groups = groups
    self.activation = activation
    self.kernels = kernels
  }

  /// Makes `batch` volumes. `weights` are [channels · groups, outputs, taps]; the output overlaps
  /// nothing.
  func run(
    _ input: UnsafePointer<Float>, batch: Int, weights: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, into output: UnsafeMutablePointer<Float>, threads: ThreadPool?
  ) {
    let size = windows.inputCount
    guard batch > 0, size > 0, outputs > 0, groups > 0 else { return }
    let filtersPerTask = max(1, min(outputs, Self.rowsPerBlock / max(1, windows.taps)))
    let blocks = (outputs + filtersPerTask - 1) / filtersPerTask
    let tasks = batch * groups * blocks
    func compute(_ task: Int) {
      let (block, group) = (task % blocks, task / blocks % groups)
      let image = task / blocks / groups
      let filters = block * filtersPerTask..<min(outputs, (block + 1) * filtersPerTask)
      let to = output + (image * groups + group) * outputs * size
      for filter in filters {
        (to + filter * size).update(
          repeating: bias.map { $0[group * outputs + filter] } ?? 0, count: size)
      }
      spread(
        input + (image * groups + group) * channels * windows.outputCount,
        weights + group * channels * outputs * windows.taps, filters, into: to)
      if case .clamp(let low, let high) = activation.bounds {
        let part = to + filters.lowerBound * size
        Elementwise.clamp(
          into: part, part, count: filters.count * size, low: low, high: high, kernels: kernels)
      }
    }
    let work =
      2 * Double(batch * windows.outputCount) * Double(groups * outputs)
      * Double(channels * windows.taps)
    Parallel.rows(tasks, cost: .flops(work), on: threads) { for task in $0 { compute(task) } }
  }

  /// Adds what some filters of a group make of one volume.
  private func spread(
    _ input: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ filters: Range<Int>,
    into output: UnsafeMutablePointer<Float>
  ) {
    let (taps, positions) = (windows.taps, windows.outputCount)
    guard channels > 0, positions > 0 else { return }
    let rows = filters.lowerBound * taps..<filters.upperBound * taps
    var call = ck_window_sums()
    call.windows = windows.kernelForm
    call.output = output
    for row in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.rowsPerBlock) {
      let rowCount = min(Self.rowsPerBlock, rows.upperBound - row)
      for position in stride(from: 0, to: positions, by: Self.positionsPerBlock) {
        let count = min(Self.positionsPerBlock, positions - position)
        let sums = Scratch.staging.floats(rowCount * count)
        SGEMM.run(
          m: rowCount, n: count, k: channels,
          Matrix(weights + row, rowStride: 1, columnStride: outputs * taps),
          Matrix(input + position, rowStride: positions), into: sums, rowStride: count,
          kernels: kernels)
        (call.rowFirst, call.rowCount) = (row, rowCount)
        (call.positionFirst, call.positionCount) = (position, count)
        (call.sums, call.sumsRow) = (UnsafePointer(sums), count)
        kernels.table.pointee.windowSums(&call)
      }
    }
  }
}

extension Epilogue.Activation {
  /// As a clamp, where it is one.
  fileprivate var bounds: Epilogue.Activation {
    self == .relu ? .clamp(low: 0, high: .infinity) : self
  }
}
