internal import CKernels

/// Both gradients of a convolution in NHWC of one group without dilation: image by image where little arrives,
/// as products of matrices for the other images.
struct ConvolutionGradient {
  private let dense: ConvolutionWeightGradient
  private let sparse: SparseConvolutionGradient?
  /// What arrives is convolved with the turned windows: each pixel gets what its readers give.
  private let back: Convolution2D?
  private let batch: Int
  private let size: (height: Int, width: Int)

  /// - Parameter wantsData: whether the images' gradient is asked for; windows move by one pixel then.
  init(
    _ geometry: WindowGeometry, inputChannels: Int, outputChannels: Int, batch: Int, height: Int,
    width: Int, wantsData: Bool
  ) {
    self.batch = batch
    size = geometry.outputSize(height: height, width: width)
    dense = ConvolutionWeightGradient(
      geometry, inputChannels: inputChannels, outputChannels: outputChannels, height: height,
      width: width)
    sparse = SparseConvolutionGradient(
      geometry, inputChannels: inputChannels, outputChannels: outputChannels, height: height,
      width: width)
    guard wantsData else {
      back = nil
      return
    }
    let (tall, wide) = (geometry.kernelHeight - 1, geometry.kernelWidth - 1)
    back = Convolution2D.trained(
      WindowGeometry(
        kernelHeight: tall + 1, kernelWidth: wide + 1, padTop: tall - geometry.padTop,
        padLeft: wide - geometry.padLeft, padBottom: tall - geometry.padBottom,
        padRight: wide - geometry.padRight), inputChannels: outputChannels,
      outputChannels: inputChannels, hasBias: false)
  }

  private var weightCount: Int {
    dense.geometry.kernelHeight * dense.geometry.kernelWidth * dense.inputChannels
      * dense.outputChannels
  }

  /// Floats of scratch memory for a run on so many threads.
  func scratchCount(_ threadCount: Int) -> Int {
    let turned = 2 * weightCount + dense.scratchCount(threadCount)
    guard let sparse else { return turned }
    return turned + batch * 2 + threadCount * (weightCount + sparse.scratchCount)
  }

  /// Computes what is asked for.
  /// - Parameters:
  ///   - input: [batch, height, width, inputChannels].
  ///   - arriving: [batch, output's height, its width, outputChannels].
  ///   - weights: [kernelHeight, kernelWidth, inputChannels, outputChannels].
  ///   - weightGradient: as the weights, written; or nil.
  ///   - dataGradient: as the input, written; or nil.
  func run(
    _ input: UnsafePointer<Float>, _ arriving: UnsafePointer<Float>, weights: UnsafePointer<Float>,
    weightGradient: UnsafeMutablePointer<Float>?, dataGradient: UnsafeMutablePointer<Float>?,
    scratch: UnsafeMutablePointer<Float>, threads: ThreadPool?
  ) {
    let (turned, rest) = (scratch, scratch + 2 * weightCount)
    let threadCount = threads?.participantCount ?? 1
    guard let sparse, batch >= threadCount else {
      if let weightGradient {
        dense.run(
          input, arriving, batch: batch, into: weightGradient, scratch: rest, threads: threads)
      }
      runBack(arriving, weights, into: dataGradient, nil, batch, turned, threads)
      return
    }
    let denseScratch = rest + threadCount * (weightCount + sparse.scratchCount)
    let left = UnsafeMutableRawPointer(denseScratch + dense.scratchCount(threadCount))
      .assumingMemoryBound(to: Int32.self)
    runSparse(
      sparse, input, arriving, weights, weightGradient != nil, dataGradient, turned, rest, left,
      threads)
    // What is left is for products of whole matrices.
    var leftCount = 0
    for image in 0..<batch where left[image] != 0 {
      left[leftCount] = Int32(image)
      leftCount += 1
    }
    if let weightGradient {
      if leftCount > 0 {
        dense.run(
          input, arriving, batch: leftCount, images: leftCount == batch ? nil : left,
          into: weightGradient, scratch: denseScratch, threads: threads)
      }
      if leftCount < batch {
        addSums(
          rest, sparse.scratchCount, threadCount, turned, adds: leftCount > 0, to: weightGradient)
      }
    }
    if leftCount > 0 {
      runBack(
        arriving, weights, into: dataGradient, leftCount == batch ? nil : left, leftCount, turned,
        threads)
    }
  }

  /// Takes the images of which little arrives, and says of each whether it is left.
  private func runSparse(
    _ sparse: SparseConvolutionGradient, _ input: UnsafePointer<Float>,
    _ arriving: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ wantsWeights: Bool,
    _ dataGradient: UnsafeMutablePointer<Float>?, _ turned: UnsafeMutablePointer<Float>,
    _ memory: UnsafeMutablePointer<Float>, _ left: UnsafeMutablePointer<Int32>,
    _ threads: ThreadPool?
  ) {
    let (depth, filters) = (sparse.depth, sparse.outputChannels)
    if dataGradient != nil {
      sparse.kernels.table.pointee.transpose(turned, depth, weights, filters, depth, filters, 4)
    }
    let inputCount = sparse.height * sparse.width * sparse.inputChannels
    let outputCount = size.height * size.width * filters
    let parts = threads?.participantCount ?? 1
    let each = weightCount + sparse.scratchCount
    let flops = Double(batch * size.height * size.width) * Double(weightCount)
    Parallel.rows(parts, cost: .flops(flops), on: threads) { range in
      for part in range {
        let sums = memory + part * each
        if wantsWeights { sums.update(repeating: 0, count: weightCount) }
        for image in batch * part / parts..<batch * (part + 1) / parts {
          let isDone = sparse.run(
            input + image * inputCount, arriving + image * outputCount, weights: turned,
            addingTo: wantsWeights ? sums : nil,
            into: dataGradient.map { $0 + image * inputCount }, scratch: sums + weightCount)
          left[image] = isDone ? 0 : 1
        }
      }
    }
  }

  /// Joins what the threads summed up, in the order of filters, to gradients in the order of taps.
  private func addSums(
    _ memory: UnsafeMutablePointer<Float>, _ scratchCount: Int, _ parts: Int,
    _ turned: UnsafeMutablePointer<Float>, adds: Bool, to gradient: UnsafeMutablePointer<Float>
  ) {
    let depth = weightCount / dense.outputChannels
    for part in 1..<max(parts, 1) {
      let other = memory + part * (weightCount + scratchCount)
      for index in 0..<weightCount { memory[index] += other[index] }
    }
    let target = adds ? turned + weightCount : gradient
    Kernels.active.table.pointee.transpose(
      target, dense.outputChannels, memory, depth, dense.outputChannels, depth, 4)
    if adds { for index in 0..<weightCount { gradient[index] += target[index] } }
  }

  /// The gradient by whole images, or by some of them.
  private func runBack(
    _ arriving: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
    into dataGradient: UnsafeMutablePointer<Float>?, _ images: UnsafePointer<Int32>?, _ count: Int,
    _ turned: UnsafeMutablePointer<Float>, _ threads: ThreadPool?
  ) {
    guard let dataGradient, let back else { return }
    let (channels, filters) = (dense.inputChannels, dense.outputChannels)
    let taps = dense.geometry.kernelHeight * dense.geometry.kernelWidth
    for tap in 0..<taps {
      Kernels.active.table.pointee.transpose(
        turned + tap * filters * channels, channels,
        weights + (taps - 1 - tap) * channels * filters, filters, channels, filters, 4)
    }
    back.replaceWeights(turned)
    guard let images else {
      back.run(
        arriving, batch: batch, height: size.height, width: size.width, into: dataGradient,
        threads: threads)
      return
    }
    let inputCount = dense.height * dense.width * channels
    let outputCount = size.height * size.width * filters
    let flops = 2 * Double(count * dense.height * dense.width) * Double(weightCount)
    Parallel.rows(count, cost: .flops(flops), on: threads) { range in
      for index in range {
        let image = Int(images[index])
        back.run(
          arriving + image * outputCount, batch: 1, height: size.height, width: size.width,
          into: dataGradient + image * inputCount, threads: nil)
      }
    }
  }
}
