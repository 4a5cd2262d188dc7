internal import CKernels

/// How windows lie over [depth, height, width], with sizes of 1 in front for fewer dimensions.
struct VolumeWindows: Sendable {
  struct Axis: Sendable {
    var size = 1, outputSize = 1, kernel = 1, stride = 1, dilation = 1, pad = 0
  }
  var axes: (Axis, Axis, Axis)

  var inputCount: Int { axes.0.size * axes.1.size * axes.2.size }
  var outputCount: Int { outputRows * axes.2.outputSize }
  /// Rows of the output, of all planes.
  var outputRows: Int { axes.0.outputSize * axes.1.outputSize }
  var taps: Int { axes.0.kernel * axes.1.kernel * axes.2.kernel }

  var kernelForm: ck_windows {
    func each<T>(_ path: KeyPath<Axis, T>) -> (T, T, T) {
      (axes.0[keyPath: path], axes.1[keyPath: path], axes.2[keyPath: path])
    }
    return ck_windows(
      size: each(\.size), outputSize: each(\.outputSize), kernel: each(\.kernel),
      stride: each(\.stride), dilation: each(\.dilation), pad: each(\.pad))
  }
}

/// A convolution of one to three dimensions in ONNX's order, with any groups, strides and dilations,
/// whose weights its caller keeps: those of a model that never change are packed once, others for
/// every run.
///
/// Taps become panels of a matrix, some positions and some of the depth at a time. Groups of few
/// outputs are no matrix: their filters run along the rows of the output.
struct VolumeConvolution: Sendable {
  let windows: VolumeWindows
  /// Channels of the input and of the output that a group has.
  let channels: Int, outputs: Int
  let groups: Int
  let activation: Epilogue.Activation
  let kernels: Kernels

  private static let positionsPerBlock = 320
  private static let depthPerBlock = 384
  /// Below so many outputs a group's filters take less time than making the matrix.
  private static let outputsOfMatrix = 4

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

  /// Whether weights have to be packed; else `run` takes them as they are.
  static func packs(outputsPerGroup outputs: Int) -> Bool { outputs >= outputsOfMatrix }

  /// Packs [outputs · groups, depth] weights into as many floats.
  static func pack(
    _ weights: UnsafePointer<Float>, outputs: Int, depth: Int, groups: Int,
    into packed: UnsafeMutablePointer<Float>, kernels: Kernels = .active
  ) {
    for group in 0..<groups {
      let from = weights + group * outputs * depth
      var to = packed + group * outputs * depth
      for first in stride(from: 0, to: depth, by: depthPerBlock) {
        let count = min(depthPerBlock, depth - first)
        for row in stride(from: 0, to: outputs, by: SGEMM.rowsPerBlock(kernels)) {
          let rows = min(SGEMM.rowsPerBlock(kernels), outputs - row)
          kernels.table.pointee.sgemmPackA(
            to, from + row * depth + first, depth, 1, rows, count)
          to += rows * count
        }
      }
    }
  }

  /// Convolves `batch` volumes. The output overlaps nothing; `bias` has a value per output channel.
  func run(
    _ input: UnsafePointer<Float>, batch: Int, weights: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, into output: UnsafeMutablePointer<Float>, threads: ThreadPool?
  ) {
    let positions = windows.outputCount
    guard batch > 0, positions > 0, outputs > 0 else { return }
    let isMatrix = Self.packs(outputsPerGroup: outputs)
    let blocks =
      isMatrix ? (positions + Self.positionsPerBlock - 1) / Self.positionsPerBlock : outputs
    let tasks = batch * groups * blocks
    func compute(_ task: Int) {
      let (block, group) = (task % blocks, task / blocks % groups)
      let image = task / blocks / groups
      let from = input + (image * groups + group) * channels * windows.inputCount
      let first = group * outputs
      let to = output + (image * groups * outputs + first) * positions
      if isMatrix {
        let start = block * Self.positionsPerBlock
        multiply(
          from, weights + first * channels * windows.taps, bias.map { $0 + first },
          positions: start..<min(start + Self.positionsPerBlock, positions), into: to)
      } else {
        filter(
          from, weights + (first + block) * channels * windows.taps,
          bias.map { $0[first + block] } ?? 0, into: to + block * positions)
      }
    }
    let work =
      2 * Double(batch * positions) * Double(groups * outputs) * Double(channels * windows.taps)
    Parallel.rows(tasks, cost: .flops(work), on: threads) { for task in $0 { compute(task) } }
  }

  private func filter(
    _ input: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ bias: Float,
    into output: UnsafeMutablePointer<Float>
  ) {
    var call = ck_window_filter()
    call.windows = windows.kernelForm
    (call.input, call.weights, call.output) = (input, weights, output)
    call.channels = channels
    call.rowCount = windows.outputRows
    let form = Epilogue(activation: activation).kernelEpilogue()
    (call.bias, call.low, call.high, call.clamps) = (bias, form.low, form.high, form.clamps)
    kernels.table.pointee.windowFilter(&call)
  }

  private func multiply(
    _ input: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
    positions: Range<Int>, into output: UnsafeMutablePointer<Float>
  ) {
    let depth = channels * windows.taps
    let panels = (positions.count + kernels.panelColumns - 1) / kernels.panelColumns
    var gather = ck_window_panels()
    gather.windows = windows.kernelForm
    gather.input = input
    (gather.positionFirst, gather.positionCount) = (positions.lowerBound, positions.count)
    var block = ck_gemm_block()
    block.n = positions.count
    (block.aIsPacked, block.bIsPacked) = (true, true)
    block.cRow = windows.outputCount
    var packed = weights
    var first = 0
    repeat {
      let count = min(Self.depthPerBlock, depth - first)
      let scratch = Scratch.right.floats(panels * kernels.panelColumns * count)
      (gather.rowFirst, gather.rowCount, gather.panels) = (first, count, scratch)
      kernels.table.pointee.windowPanels(&gather)
      block.k = count
      block.aPackedColumns = count
      block.b = UnsafePointer(scratch)
      block.bPanel = count * kernels.panelColumns
      var epilogue = Epilogue(beta: first == 0 ? 0 : 1)
      if first + count == depth { (epilogue.biasRow, epilogue.activation) = (bias, activation) }
      for row in stride(from: 0, to: outputs, by: SGEMM.rowsPerBlock(kernels)) {
        block.m = min(SGEMM.rowsPerBlock(kernels), outputs - row)
        block.a = packed
        block.c = output + row * windows.outputCount + positions.lowerBound
        block.epilogue = epilogue.kernelEpilogue(row: row)
        kernels.table.pointee.sgemm(&block)
        packed += block.m * count
      }
      first += count
    } while first < depth
  }
}
