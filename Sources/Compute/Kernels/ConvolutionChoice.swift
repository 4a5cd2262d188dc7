/// Picks the fastest algorithm for a convolution by what each would take. `martlet bench kernels
/// --assert` times every algorithm on the layers of real networks and fails where the pick is not the
/// fastest; the constants are what it measured on one core of Zen 4. On Zen 5 all of it takes 0.4 of the
/// time, so that the same algorithms are picked.
public struct ConvolutionChoice {
  private let problem: ConvolutionProblem
  private let kernels: Kernels

  /// The choice for a convolution.
  public init(_ problem: ConvolutionProblem, kernels: Kernels = .active) {
    self.problem = problem
    self.kernels = kernels
  }

  /// The algorithm that should take least, among those that can compute it and hold no more than so
  /// many bytes of weights; one whose weights grow little whatever the limit.
  public func pick(weightByteCountMax: Int = .max) -> ConvolutionAlgorithm {
    var best: ConvolutionAlgorithm = problem.layout == .nchw ? .im2col : .direct
    var least = nanoseconds(best)
    for algorithm in ConvolutionAlgorithm.allCases where algorithm.computes(problem) {
      let estimate = nanoseconds(algorithm)
      if estimate < least, weightByteCount(algorithm) <= Double(weightByteCountMax) {
        (best, least) = (algorithm, estimate)
      }
    }
    return best
  }

  /// Floating-point operations of a blocked product.
  private static let flopsPerNanosecond = 102.0
  /// Bytes of weights. They come from memory: a network's other layers have been through the caches
  /// since they were read.
  private static let weightBytesPerNanosecond = 26.0
  /// Weights arrive while others are multiplied. So much of the shorter one of both times is not hidden
  /// behind the longer one.
  private static let exposedShare = 0.5
  /// What transforming an element of a plane takes, before and behind the products.
  private static let inputNanoseconds = 0.4, outputNanoseconds = 0.25
  /// Copying a byte of an image, to put zeros around it.
  private static let copyNanoseconds = 0.09
  /// What a product costs beside the product.
  private static let callNanoseconds = 70.0
  /// A tile of fewer pixels than this waits for its weights to come from the second cache.
  private static let tilePixelsMin = 4.0

  /// An estimate of what a convolution takes on one core.
  public func nanoseconds(_ algorithm: ConvolutionAlgorithm) -> Double {
    let (images, geometry) = (problem.images, problem.geometry)
    let size = geometry.outputSize(height: images.height, width: images.width)
    let pixels = Double(images.batch * size.height * size.width)
    let depth =
      Double(problem.inputChannels / problem.groups)
      * Double(geometry.kernelHeight * geometry.kernelWidth)
    // Vectors are computed whole.
    let columns = padded(problem.outputChannels / problem.groups) * Double(problem.groups)
    let weights = weightByteCount(algorithm) / Self.weightBytesPerNanosecond
    func joined(_ flops: Double) -> Double {
      let time = flops / Self.flopsPerNanosecond
      return max(time, weights) + Self.exposedShare * min(time, weights)
    }
    let flops = 2 * pixels * columns * depth
    let imageByteCount =
      4 * Double(images.batch * images.height * images.width) * Double(problem.inputChannels)
    switch algorithm {
    case .direct:
      // A tile's pixels are of one row of the image.
      let waiting = max(1, Self.tilePixelsMin / Double(max(1, size.width)))
      return joined(flops * waiting)
        + (geometry.hasPadding ? imageByteCount * Self.copyNanoseconds : 0)
    case .product:
      // Rows of pixels join, but a deep product is cut into blocks.
      return 1.02 * joined(flops)
    case .im2col:
      // Nothing else computes NCHW.
      return joined(flops)
    case .depthwise:
      // Two loads for every multiplication.
      return 2 * 2 * pixels * padded(problem.outputChannels) * depth / Self.flopsPerNanosecond
    case .winograd2, .winograd4:
      let outputs = algorithm.winogradSize ?? 1
      let planes = Double((outputs + 2) * (outputs + 2))
      let tiles =
        Double(images.batch * ((size.height + outputs - 1) / outputs))
        * Double((size.width + outputs - 1) / outputs)
      let channels = Double(problem.inputChannels)
      let products = joined(2 * planes * tiles * columns * channels)
      let transforms =
        planes * tiles
        * (padded(problem.inputChannels) * Self.inputNanoseconds + columns * Self.outputNanoseconds)
      return products + transforms + planes * Self.callNanoseconds
    }
  }

  private func padded(_ channels: Int) -> Double {
    Double((channels + kernels.vectorLanes - 1) / kernels.vectorLanes * kernels.vectorLanes)
  }

  /// Bytes of packed weights. A Double, because it cannot overflow.
  func weightByteCount(_ algorithm: ConvolutionAlgorithm) -> Double {
    let geometry = problem.geometry
    let taps =
      algorithm.winogradSize.map { ($0 + 2) * ($0 + 2) }
      ?? geometry.kernelHeight * geometry.kernelWidth
    let outputs = problem.outputChannels / problem.groups
    let columns: Int
    switch algorithm {
    case .im2col, .depthwise: columns = outputs
    case .direct, .product, .winograd2, .winograd4:
      columns = (outputs + kernels.panelColumns - 1) / kernels.panelColumns * kernels.panelColumns
    }
    return 4 * Double(taps) * Double(problem.inputChannels) * Double(columns)
  }
}
