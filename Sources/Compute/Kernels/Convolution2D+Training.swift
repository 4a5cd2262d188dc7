extension Convolution2D {
  /// Replaces the weights and the bias of a convolution in NHWC that reads windows where they lie. Nobody
  /// may run it meanwhile.
  /// - Parameter weights: [kernelHeight, kernelWidth, inputChannels, outputChannels], one group.
  func replaceWeights(_ weights: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil) {
    guard case .right(let packed) = self.weights, groups == 1 else {
      preconditionFailure("only direct convolutions of one group take other weights")
    }
    packed[0].pack(Matrix(weights, rowStride: outputChannels))
    if let bias, let own = self.bias { own.base.update(from: bias, count: outputChannels) }
  }

  /// A direct convolution of one group in NHWC whose weights will be given before each run.
  static func trained(
    _ geometry: WindowGeometry, inputChannels: Int, outputChannels: Int, hasBias: Bool,
    activation: Epilogue.Activation = .none
  ) -> Convolution2D {
    let taps = geometry.kernelHeight * geometry.kernelWidth
    let zeros = AlignedFloats(count: max(taps * inputChannels, 1) * outputChannels)
    return Convolution2D(
      geometry: geometry, inputChannels: inputChannels, outputChannels: outputChannels,
      layout: .nhwc, weights: zeros.base, bias: hasBias ? UnsafePointer(zeros.base) : nil,
      activation: activation, algorithm: .direct)
  }
}

/// The gradient of a convolution in NHWC by its weights, for windows without dilation: sums over all
/// pixels of what is under a window times what arrives there.
struct ConvolutionWeightGradient {
  let geometry: WindowGeometry
  let inputChannels: Int
  let outputChannels: Int
  let height: Int
  let width: Int
  private let size: (height: Int, width: Int)
  private let paddedWidth: Int

  init(
    _ geometry: WindowGeometry, inputChannels: Int, outputChannels: Int, height: Int, width: Int
  ) {
    self.geometry = geometry
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.height = height
    self.width = width
    size = geometry.outputSize(height: height, width: width)
    paddedWidth = width + geometry.padLeft + geometry.padRight
  }

  /// Whether rows of windows are read where they lie: they overlap as the columns of a matrix do, and the
  /// arriving rows get zeros for the pixels where no window begins. Else windows are gathered.
  private var readsInPlace: Bool {
    geometry.strideHeight == 1 && geometry.strideWidth == 1 && !geometry.hasPadding
      && geometry.kernelWidth * inputChannels >= 32
  }

  private var depth: Int { geometry.kernelHeight * geometry.kernelWidth * inputChannels }

  /// Floats that one thread works in.
  private var workCount: Int {
    readsInPlace ? size.height * width * outputChannels : size.height * size.width * depth
  }

  /// Floats of scratch memory for a run on so many threads: work, and all sums but the first thread's.
  func scratchCount(_ threadCount: Int) -> Int {
    threadCount * workCount + (threadCount - 1) * depth * outputChannels
  }

  /// Sums up the gradients of images.
  /// - Parameters:
  ///   - input: [batch, height, width, inputChannels].
  ///   - arriving: [batch, output's height, its width, outputChannels].
  ///   - images: which images are meant, `batch` of them; nil: all.
  ///   - gradient: [kernelHeight, kernelWidth, inputChannels, outputChannels], written.
  func run(
    _ input: UnsafePointer<Float>, _ arriving: UnsafePointer<Float>, batch: Int,
    images: UnsafePointer<Int32>? = nil, into gradient: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>,
    threads: ThreadPool?
  ) {
    let count = depth * outputChannels
    let parts = max(1, min(threads?.participantCount ?? 1, batch))
    let sums = scratch + parts * workCount
    let flops = 2 * Double(batch * size.height * size.width) * Double(count)
    Parallel.rows(parts, cost: .flops(flops), on: threads) { range in
      for part in range {
        add(
          input, arriving, batch * part / parts..<batch * (part + 1) / parts, images,
          into: part == 0 ? gradient : sums + (part - 1) * count, scratch + part * workCount)
      }
    }
    for part in 1..<max(parts, 1) {
      let other = sums + (part - 1) * count
      for index in 0..<count { gradient[index] += other[index] }
    }
  }

  private func add(
    _ input: UnsafePointer<Float>, _ arriving: UnsafePointer<Float>, _ range: Range<Int>,
    _ images: UnsafePointer<Int32>?, into gradient: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let pixels = size.height * size.width
    if readsInPlace { scratch.update(repeating: 0, count: workCount) }
    for index in range {
      let image = images.map { Int($0[index]) } ?? index
      let from = input + image * height * width * inputChannels
      let dy = arriving + image * pixels * outputChannels
      let epilogue = Epilogue(beta: index == range.lowerBound ? 0 : 1)
      if readsInPlace {
        addInPlace(from, dy, gradient, scratch, epilogue)
      } else {
        gather(from, scratch)
        SGEMM.run(
          m: depth, n: outputChannels, k: pixels, Matrix(scratch, rowStride: pixels),
          Matrix(dy, rowStride: outputChannels), into: gradient, rowStride: outputChannels,
          epilogue: epilogue)
      }
    }
  }

  private func addInPlace(
    _ from: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
    _ gradient: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>,
    _ epilogue: Epilogue
  ) {
    let row = size.width * outputChannels
    for y in 0..<size.height {
      (scratch + y * width * outputChannels).update(from: dy + y * row, count: row)
    }
    // Behind the last window there is nothing to read.
    let count = (size.height - 1) * width + size.width
    let lines = geometry.kernelWidth * inputChannels
    for y in 0..<geometry.kernelHeight {
      SGEMM.run(
        m: lines, n: outputChannels, k: count,
        Matrix(from + y * width * inputChannels, rowStride: 1, columnStride: inputChannels),
        Matrix(scratch, rowStride: outputChannels), into: gradient + y * lines * outputChannels,
        rowStride: outputChannels, epilogue: epilogue)
    }
  }

  /// What lies under each tap of all windows, a line for each tap and channel; zeros outside the image.
  private func gather(_ from: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Float>) {
    var target = scratch
    for ky in 0..<geometry.kernelHeight {
      for kx in 0..<geometry.kernelWidth {
        // Windows whose tap lies inside the image's rows.
        let first = kx - geometry.padLeft
        let step = geometry.strideWidth
        let begin = min(size.width, first >= 0 ? 0 : (-first + step - 1) / step)
        let end = max(begin, first >= width ? 0 : min(size.width, (width - 1 - first) / step + 1))
        for channel in 0..<inputChannels {
          for oy in 0..<size.height {
            let y = oy * geometry.strideHeight + ky - geometry.padTop
            let row = target + oy * size.width
            guard y >= 0, y < height else {
              row.update(repeating: 0, count: size.width)
              continue
            }
            let source = from + (y * width + first) * inputChannels + channel
            for ox in 0..<begin { row[ox] = 0 }
            if inputChannels == 1, step == 1 {
              (row + begin).update(from: source + begin, count: end - begin)
            } else {
              for ox in begin..<end { row[ox] = source[ox * step * inputChannels] }
            }
            for ox in end..<size.width { row[ox] = 0 }
          }
          target += size.height * size.width
        }
      }
    }
  }
}
