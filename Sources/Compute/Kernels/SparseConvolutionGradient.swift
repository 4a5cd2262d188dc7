internal import CKernels

/// Both gradients of one image's convolution in NHWC where most of what arrives is zero, as behind max pooling and
/// ReLU: each number that is not zero costs one run over a window (decision 158).
struct SparseConvolutionGradient {
  let geometry: WindowGeometry
  let inputChannels: Int
  let outputChannels: Int
  let height: Int
  let width: Int
  let kernels: Kernels
  private let size: (height: Int, width: Int)
  private let paddedHeight: Int
  private let paddedWidth: Int

  /// nil where the kernel does not take such windows: they must be whole vectors, without dilation.
  init?(
    _ geometry: WindowGeometry, inputChannels: Int, outputChannels: Int, height: Int, width: Int,
    kernels: Kernels = .active
  ) {
    self.geometry = geometry
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.height = height
    self.width = width
    self.kernels = kernels
    size = geometry.outputSize(height: height, width: width)
    paddedHeight = height + geometry.padTop + geometry.padBottom
    paddedWidth = width + geometry.padLeft + geometry.padRight
    // The kernel counts in 32 bits.
    let most = Int(Int32.max)
    guard geometry.dilationHeight == 1, geometry.dilationWidth == 1, inputChannels > 0,
      geometry.kernelWidth * inputChannels % kernels.vectorLanes == 0,
      size.height > 0, size.width > 0, outputChannels > 0,
      paddedHeight * paddedWidth * inputChannels <= most, weightCount <= most,
      size.height * size.width * outputChannels <= most
    else { return nil }
  }

  /// Floats that lie between two weights of neighbouring filters.
  var depth: Int { geometry.kernelHeight * geometry.kernelWidth * inputChannels }
  var weightCount: Int { depth * outputChannels }

  private var paddedCount: Int {
    geometry.hasPadding ? paddedHeight * paddedWidth * inputChannels : 0
  }

  /// Floats of scratch memory for one call.
  var scratchCount: Int {
    let pixels = size.height * size.width
    return 2 * paddedCount + (ck_sparse_scratch(pixels, outputChannels) + 3) / 4
  }

  /// Adds one image's gradient by the weights, and writes that by the image.
  ///
  /// - Parameters:
  ///   - input: [height, width, inputChannels].
  ///   - arriving: [output's height, its width, outputChannels].
  ///   - weights: [outputChannels, kernelHeight, kernelWidth, inputChannels]; read for the image's gradient.
  ///   - weightGradient: as the weights, added to; or nil.
  ///   - dataGradient: as the input, written; or nil.
  /// - Returns: false, with nothing done, if more than half of what arrives is not zero: products of whole
  ///   matrices are faster then.
  func run(
    _ input: UnsafePointer<Float>, _ arriving: UnsafePointer<Float>, weights: UnsafePointer<Float>,
    addingTo weightGradient: UnsafeMutablePointer<Float>?,
    into dataGradient: UnsafeMutablePointer<Float>?, scratch: UnsafeMutablePointer<Float>
  ) -> Bool {
    var call = ck_sparse_gradient()
    call.arriving = arriving
    (call.outputHeight, call.outputWidth) = (size.height, size.width)
    (call.filters, call.channels) = (outputChannels, inputChannels)
    (call.kernelHeight, call.kernelWidth) = (geometry.kernelHeight, geometry.kernelWidth)
    call.rowStride = paddedWidth * inputChannels
    call.stepDown = geometry.strideHeight * call.rowStride
    call.stepRight = geometry.strideWidth * inputChannels
    call.weights = weights
    call.weightGradient = weightGradient
    call.limit = size.height * size.width * outputChannels / 2
    call.scratch = UnsafeMutableRawPointer(scratch + 2 * paddedCount)
    guard geometry.hasPadding else {
      call.input = input
      call.dataGradient = dataGradient
      dataGradient?.update(repeating: 0, count: height * width * inputChannels)
      return kernels.table.pointee.sparseConvolutionGradient(&call)
    }
    let (image, padded) = (scratch, scratch + paddedCount)
    image.update(repeating: 0, count: paddedCount)
    copyRows(input, inputChannels * width, image + inside, call.rowStride)
    call.input = UnsafePointer(image)
    if dataGradient != nil {
      padded.update(repeating: 0, count: paddedCount)
      call.dataGradient = padded
    }
    guard kernels.table.pointee.sparseConvolutionGradient(&call) else { return false }
    if let dataGradient {
      copyRows(padded + inside, call.rowStride, dataGradient, inputChannels * width)
    }
    return true
  }

  /// Where the image begins in one with zeros around it.
  private var inside: Int {
    (geometry.padTop * paddedWidth + geometry.padLeft) * inputChannels
  }

  private func copyRows(
    _ from: UnsafePointer<Float>, _ fromRow: Int, _ to: UnsafeMutablePointer<Float>, _ toRow: Int
  ) {
    for row in 0..<height {
      (to + row * toRow).update(from: from + row * fromRow, count: width * inputChannels)
    }
  }
}
