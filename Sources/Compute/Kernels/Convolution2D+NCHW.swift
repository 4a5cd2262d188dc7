internal import CKernels

extension Convolution2D {
  /// Positions of the output plane whose windows are gathered together: with
  /// `depthPerBlock` rows, about half of the second cache.
  private static var positionsPerBlock: Int { 320 }
  /// Rows of im2col that are gathered together, in whole channels.
  static var depthPerBlock: Int { 384 }

  func runNCHW(
    _ input: UnsafePointer<Float>, batch: Int, height: Int, width: Int,
    into output: UnsafeMutablePointer<Float>, cost: Parallel.Cost, threads: ThreadPool?
  ) {
    guard case .left(let packed, let channelsPerBlock) = weights else {
      preconditionFailure("weights in the order of \(algorithm)")
    }
    let size = geometry.outputSize(height: height, width: width)
    let positions = size.height * size.width
    let blocks = (positions + Self.positionsPerBlock - 1) / Self.positionsPerBlock
    let tasks = batch * groups * blocks
    func compute(_ task: Int) {
      let block = task % blocks
      let group = task / blocks % groups
      let image = task / blocks / groups
      let first = block * Self.positionsPerBlock
      let range = first..<min(first + Self.positionsPerBlock, positions)
      let channels = inputChannels / groups
      let outputs = outputChannels / groups
      convolvePositions(
        range, of: positions, outputWidth: size.width, packed[group], channelsPerBlock,
        input + (image * inputChannels + group * channels) * height * width, height: height,
        width: width, into: output + (image * outputChannels + group * outputs) * positions,
        bias: bias.map { UnsafePointer($0.base + group * outputs) })
    }
    Parallel.rows(tasks, cost: cost, on: threads) { tasks in
      for task in tasks { compute(task) }
    }
  }

  /// One block of positions of one image and group: C[outputs × positions] += W · im2col, one block
  /// of channels after the other.
  private func convolvePositions(
    _ range: Range<Int>, of positions: Int, outputWidth: Int, _ packed: [PackedLeftMatrix],
    _ channelsPerBlock: Int, _ input: UnsafePointer<Float>, height: Int, width: Int,
    into output: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?
  ) {
    let channels = inputChannels / groups
    var gather = ck_im2col()
    gather.height = height
    gather.width = width
    gather.kernelHeight = geometry.kernelHeight
    gather.kernelWidth = geometry.kernelWidth
    gather.strideHeight = geometry.strideHeight
    gather.strideWidth = geometry.strideWidth
    gather.dilationHeight = geometry.dilationHeight
    gather.dilationWidth = geometry.dilationWidth
    gather.padTop = geometry.padTop
    gather.padLeft = geometry.padLeft
    gather.outputWidth = outputWidth
    gather.positionFirst = range.lowerBound
    gather.positionCount = range.count
    let panelColumns = kernels.panelColumns
    let panels = (range.count + panelColumns - 1) / panelColumns
    for (index, weights) in packed.enumerated() {
      let firstChannel = index * channelsPerBlock
      gather.channels = min(channelsPerBlock, channels - firstChannel)
      gather.input = input + firstChannel * height * width
      let depth = weights.columnCount
      let scratch = Scratch.right.floats(panels * panelColumns * depth)
      gather.panels = scratch
      kernels.table.pointee.im2col(&gather)
      var epilogue = Epilogue(beta: index == 0 ? 0 : 1)
      if index == packed.count - 1 { (epilogue.biasRow, epilogue.activation) = (bias, activation) }
      multiply(
        weights, scratch, columns: range.count, into: output + range.lowerBound,
        rowStride: positions, epilogue)
    }
  }

  private func multiply(
    _ weights: PackedLeftMatrix, _ panels: UnsafeMutablePointer<Float>, columns: Int,
    into output: UnsafeMutablePointer<Float>, rowStride: Int, _ epilogue: Epilogue
  ) {
    var block = ck_gemm_block()
    block.n = columns
    block.k = weights.columnCount
    block.aIsPacked = true
    block.aPackedColumns = block.k
    block.b = UnsafePointer(panels)
    block.bIsPacked = true
    block.bPanel = block.k * kernels.panelColumns
    block.cRow = rowStride
    var row = 0
    while row < weights.rowCount {
      block.m = min(SGEMM.rowsPerBlock(kernels), weights.rowCount - row)
      block.a = UnsafePointer(weights.storage.base + row * block.k)
      block.c = output + row * rowStride
      block.epilogue = epilogue.kernelEpilogue(row: row)
      kernels.table.pointee.sgemm(&block)
      row += block.m
    }
  }
}
