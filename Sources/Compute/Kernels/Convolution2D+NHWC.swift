internal import CKernels

extension Convolution2D {
  /// Bytes of output that are finished together, by `tail`, while the second cache holds them.
  private static var tailByteCount: Int { 256 << 10 }

  func runNHWC(
    _ input: UnsafePointer<Float>, batch: Int, height: Int, width: Int,
    residual: UnsafePointer<Float>?, into output: UnsafeMutablePointer<Float>,
    cost: Parallel.Cost, threads: ThreadPool?
  ) {
    if case .winograd(let filters) = weights {
      return runWinograd(
        filters, input, batch: batch, height: height, width: width, residual: residual,
        into: output, cost: cost, threads: threads)
    }
    if algorithm == .product, case .right(let packed) = weights {
      runPointwise(
        packed, input, pixels: batch * height * width, residual: residual, into: output,
        cost: cost, threads: threads)
      return
    }
    if width == 1, geometry.isColumn, !poolsTwoByTwo {
      return convolve(
        geometry.turned, input, batch: batch, height: 1, width: height, residual: residual,
        into: output, cost: cost, threads: threads)
    }
    convolve(
      geometry, input, batch: batch, height: height, width: width, residual: residual,
      into: output, cost: cost, threads: threads)
  }

  private func convolve(
    _ geometry: WindowGeometry, _ input: UnsafePointer<Float>, batch: Int, height: Int,
    width: Int, residual: UnsafePointer<Float>?, into output: UnsafeMutablePointer<Float>,
    cost: Parallel.Cost, threads: ThreadPool?
  ) {
    let size = outputSize(geometry, height: height, width: width)
    let imageCount = height * width * inputChannels
    let outputCount = size.height * size.width * outputChannels
    // By rows of the output, but whole images where there are several: what is copied to put
    // zeros around an image is copied once.
    Parallel.rows(
      batch * size.height, multipleOf: batch > 1 ? size.height : 1, cost: cost, on: threads,
      evenly: true
    ) { rows in
      var row = rows.lowerBound
      while row < rows.upperBound {
        let image = row / size.height
        let end = min(rows.upperBound, (image + 1) * size.height)
        convolveImage(
          geometry, input + image * imageCount, height: height, width: width,
          rows: row - image * size.height..<end - image * size.height,
          residual: residual.map { $0 + image * outputCount },
          into: output + image * outputCount)
        row = end
      }
    }
  }

  private func runPointwise(
    _ packed: [PackedMatrix], _ input: UnsafePointer<Float>, pixels: Int,
    residual: UnsafePointer<Float>?, into output: UnsafeMutablePointer<Float>,
    cost: Parallel.Cost, threads: ThreadPool?
  ) {
    let channels = inputChannels / groups
    let outputs = outputChannels / groups
    func compute(_ pixels: Range<Int>, _ threads: ThreadPool?) {
      let start = pixels.lowerBound
      for group in 0..<groups {
        SGEMM.run(
          m: pixels.count,
          Matrix(input + (start * inputChannels + group * channels), rowStride: inputChannels),
          packed[group], into: output + (start * outputChannels + group * outputs),
          rowStride: outputChannels,
          epilogue: Epilogue(
            biasColumn: bias.map { UnsafePointer($0.base + group * outputs) },
            activation: activation), threads: threads)
      }
      finish(
        start * outputChannels..<pixels.upperBound * outputChannels, of: output, residual)
    }
    if tail.isEmpty { return compute(0..<pixels, threads) }
    let step = SGEMM.rowsPerBlock(kernels)
    let block = max(1, Self.tailByteCount / (4 * max(1, outputChannels)) / step) * step
    Parallel.rows(pixels, multipleOf: step, cost: cost, on: threads) { range in
      for first in stride(from: range.lowerBound, to: range.upperBound, by: block) {
        compute(first..<min(range.upperBound, first + block), nil)
      }
    }
  }

  /// Does to some elements of the output what follows the activation, up to a residual that is
  /// not there.
  func finish(
    _ range: Range<Int>, of output: UnsafeMutablePointer<Float>, _ residual: UnsafePointer<Float>?
  ) {
    for step in tail {
      if step == .residual, residual == nil { return }
      step.apply(
        to: output + range.lowerBound, residual.map { $0 + range.lowerBound }, count: range.count,
        kernels)
    }
  }

  /// The given output rows of one image.
  private func convolveImage(
    _ geometry: WindowGeometry, _ image: UnsafePointer<Float>, height: Int, width: Int,
    rows: Range<Int>, residual: UnsafePointer<Float>?, into output: UnsafeMutablePointer<Float>
  ) {
    let size = geometry.outputSize(height: height, width: width)
    let final = outputSize(geometry, height: height, width: width)
    var source = image
    var sourceWidth = width
    if geometry.hasPadding, algorithm != .depthwise {
      sourceWidth = width + geometry.padLeft + geometry.padRight
      source = padded(geometry, image, height: height, width: width)
    }
    var call = ck_convolution_nhwc()
    call.pixelStride = inputChannels
    call.rowStride = sourceWidth * inputChannels
    call.channelCount = inputChannels / groups
    call.kernelHeight = geometry.kernelHeight
    call.kernelWidth = geometry.kernelWidth
    call.strideHeight = geometry.strideHeight
    call.strideWidth = geometry.strideWidth
    call.dilationHeight = geometry.dilationHeight
    call.dilationWidth = geometry.dilationWidth
    (call.height, call.width) = (height, width)
    (call.padTop, call.padLeft) = (geometry.padTop, geometry.padLeft)
    call.outputWidth = size.width
    call.outputPixelStride = outputChannels
    call.outputRowStride = final.width * outputChannels
    call.poolsTwoByTwo = poolsTwoByTwo
    let rowCount = final.width * outputChannels
    let rowsPerBlock = tail.isEmpty ? rows.count : max(1, Self.tailByteCount / 4 / max(1, rowCount))
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: max(1, rowsPerBlock)) {
      call.outputRowFirst = first
      call.outputRowCount = min(rowsPerBlock, rows.upperBound - first)
      convolveRows(&call, source, into: output)
      finish(
        first * rowCount..<(first + call.outputRowCount) * rowCount, of: output, residual)
    }
  }

  private func convolveRows(
    _ call: inout ck_convolution_nhwc, _ source: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>
  ) {
    let table = kernels.table
    switch weights {
    case .right(let packed):
      let channels = inputChannels / groups
      let outputs = outputChannels / groups
      for group in 0..<groups {
        call.input = source + group * channels
        call.weights = UnsafePointer(packed[group].storage.base)
        call.weightsPanel = packed[group].panelStride
        call.outputChannels = outputs
        call.output = output + group * outputs
        call.epilogue = Epilogue(
          biasColumn: bias.map { UnsafePointer($0.base + group * outputs) }, activation: activation
        ).kernelEpilogue()
        table.pointee.convolutionNHWC(&call)
      }
    case .depthwise(let turned):
      call.input = source
      call.weights = UnsafePointer(turned.base)
      call.outputChannels = outputChannels
      call.output = output
      call.epilogue = Epilogue(
        biasColumn: bias.map { UnsafePointer($0.base) }, activation: activation
      ).kernelEpilogue()
      table.pointee.depthwiseNHWC(&call)
    case .left, .winograd:
      preconditionFailure("weights in the order of \(algorithm)")
    }
  }

  /// A copy of the image with zeros around it. It costs one pass over the image, against one pass
  /// per output channel for the convolution itself.
  private func padded(
    _ geometry: WindowGeometry, _ image: UnsafePointer<Float>, height: Int, width: Int
  ) -> UnsafePointer<Float> {
    let row = (width + geometry.padLeft + geometry.padRight) * inputChannels
    let rows = height + geometry.padTop + geometry.padBottom
    let copy = Scratch.image.floats(rows * row)
    copy.initialize(repeating: 0, count: geometry.padTop * row)
    let left = geometry.padLeft * inputChannels
    let inner = width * inputChannels
    for y in 0..<height {
      let to = copy + (y + geometry.padTop) * row
      to.initialize(repeating: 0, count: left)
      (to + left).update(from: image + y * inner, count: inner)
      (to + (left + inner)).initialize(repeating: 0, count: row - left - inner)
    }
    (copy + (geometry.padTop + height) * row)
      .initialize(repeating: 0, count: geometry.padBottom * row)
    return UnsafePointer(copy)
  }
}
