internal import CKernels

/// A two-dimensional convolution with its weights packed once, shared by all threads.
///
/// How it is computed is decided here, by `ConvolutionChoice` or the caller, because the weights' order
/// depends on it. Bias and activation, and in NHWC a 2×2 max pooling, are applied before a value is
/// first written.
public final class Convolution2D: Sendable {
  /// Window, strides, dilations and padding.
  public let geometry: WindowGeometry
  /// Channels of the input and of the output, all groups together.
  public let inputChannels: Int, outputChannels: Int
  /// The layout of input and output.
  public let layout: ImageLayout
  /// Groups: each output group sees only its input group.
  public let groups: Int
  /// How it is computed.
  public let algorithm: ConvolutionAlgorithm
  /// 2×2 max pooling with stride 2 after the activation; an odd last row or column is dropped.
  public let poolsTwoByTwo: Bool
  /// Bytes of packed weights.
  public let weightByteCount: Int
  let activation: Epilogue.Activation
  let tail: [Tail]
  let kernels: Kernels
  let bias: AlignedFloats?
  let weights: Weights

  enum Weights {
    /// NHWC: per group a (kernelHeight · kernelWidth · channels) × outputs matrix.
    case right([PackedMatrix])
    /// NCHW: per group an outputs × (channels · kernelHeight · kernelWidth) matrix, cut into blocks
    /// of input channels.
    case left([[PackedLeftMatrix]], channelsPerBlock: Int)
    /// NHWC with one channel per group: [kernelHeight, kernelWidth, channels].
    case depthwise(AlignedFloats)
    /// NHWC: 3×3 windows, transformed.
    case winograd(WinogradFilters)
  }

  /// Copies the weights.
  /// - Parameters:
  ///   - weights: [outputChannels, inputChannels / groups, kernelHeight, kernelWidth], row-major.
  ///   - bias: one value per output channel.
  ///   - tail: only in NHWC.
  ///   - poolsTwoByTwo: only in NHWC.
  ///   - images: what images to expect.
  ///   - algorithm: one that computes such a convolution; nil: the fastest whose weights take no more
  ///     than `weightByteCountMax`.
  public init(
    geometry: WindowGeometry, inputChannels: Int, outputChannels: Int, groups: Int = 1,
    layout: ImageLayout, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil,
    activation: Epilogue.Activation = .none, tail: [Tail] = [], poolsTwoByTwo: Bool = false,
    images: ExpectedImages = ExpectedImages(), algorithm: ConvolutionAlgorithm? = nil,
    weightByteCountMax: Int = .max, kernels: Kernels = .active
  ) {
    geometry.validate()
    precondition(
      groups > 0 && inputChannels % groups == 0 && outputChannels % groups == 0,
      "channels must divide into groups: \(inputChannels) → \(outputChannels), \(groups) groups")
    self.geometry = geometry
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.groups = groups
    self.layout = layout
    self.activation = activation
    self.tail = tail
    self.poolsTwoByTwo = poolsTwoByTwo
    self.kernels = kernels
    self.bias = bias.map { given in
      let copy = AlignedFloats(count: outputChannels)
      copy.base.update(from: given, count: outputChannels)
      return copy
    }
    let problem = ConvolutionProblem(
      geometry: geometry, inputChannels: inputChannels, outputChannels: outputChannels,
      groups: groups, layout: layout, poolsTwoByTwo: poolsTwoByTwo, images: images)
    let choice = ConvolutionChoice(problem, kernels: kernels)
    let algorithm = algorithm ?? choice.pick(weightByteCountMax: weightByteCountMax)
    precondition(algorithm.computes(problem), "\(algorithm) cannot compute \(problem)")
    self.algorithm = algorithm
    weightByteCount = Int(choice.weightByteCount(algorithm))
    let packing = WeightPacking(
      geometry: geometry, channels: inputChannels / groups, outputs: outputChannels / groups,
      groups: groups, weights: weights, kernels: kernels)
    switch algorithm {
    case .im2col: self.weights = packing.left()
    case .depthwise: self.weights = packing.depthwise()
    case .direct, .product: self.weights = packing.right()
    case .winograd2: self.weights = packing.winograd(size: 2)
    case .winograd4: self.weights = packing.winograd(size: 4)
    }
    precondition(
      layout == .nhwc || !poolsTwoByTwo && tail.isEmpty, "pooling and tails are fused in NHWC only")
  }

  /// Rows and columns of the output for images of this size, pooling included.
  public func outputSize(height: Int, width: Int) -> (height: Int, width: Int) {
    outputSize(geometry, height: height, width: width)
  }

  func outputSize(
    _ geometry: WindowGeometry, height: Int, width: Int
  ) -> (height: Int, width: Int) {
    let size = geometry.outputSize(height: height, width: width)
    return poolsTwoByTwo ? (size.height / 2, size.width / 2) : size
  }

  /// Convolves `batch` images. The output must overlap neither the input nor the residual, which
  /// has the output's size; without one, the tail ends where it would be added.
  public func run(
    _ input: UnsafePointer<Float>, batch: Int, height: Int, width: Int,
    residual: UnsafePointer<Float>? = nil, into output: UnsafeMutablePointer<Float>,
    threads: ThreadPool? = nil
  ) {
    let size = geometry.outputSize(height: height, width: width)
    let final = outputSize(height: height, width: width)
    guard batch > 0, final.height > 0, final.width > 0, outputChannels > 0 else { return }
    let work =
      2.0 * Double(batch * size.height * size.width) * Double(outputChannels)
      * Double(inputChannels / groups * geometry.kernelHeight * geometry.kernelWidth)
    switch layout {
    case .nhwc:
      runNHWC(
        input, batch: batch, height: height, width: width, residual: residual, into: output,
        cost: .flops(work), threads: threads)
    case .nchw:
      runNCHW(
        input, batch: batch, height: height, width: width, into: output, cost: .flops(work),
        threads: threads)
    }
  }
}
