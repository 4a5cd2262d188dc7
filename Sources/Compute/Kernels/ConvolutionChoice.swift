/// Picks the fastest algorithm for a convolution by what each would take. `martlet bench kernels
/// --assert` times every algorithm on the layers of real networks and fails where the pick is not the
/// fastest; the constants are what it measured on Zen 4, one core, AVX2 and AVX-512 alike.
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
  private static let weightBytesPerNanosecond = 25.0
  /// What transforming an element of a plane takes, before and behind the products.
  private static let inputNanoseconds = 0.26, outputNanoseconds = 0.2
  /// Copying a byte of an image, to put zeros around it.
  private static let copyNanoseconds = 0.03
  /// What a product costs beside the product, its first rows of weights included.
  private static let callNanoseconds = 200.0

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
    let product = 2 * pixels * columns * depth / Self.flopsPerNanosecond + weights
    let imageByteCount =
      4 * Double(images.batch * images.height * images.width) * Double(problem.inputChannels)
    switch algorithm {
    case .direct:
      return product + (geometry.hasPadding ? imageByteCount * Self.copyNanoseconds : 0)
    case .product:
      // Tiles are full, because rows of pixels join.
      return 0.97 * product
    case .im2col:
      // Nothing else computes NCHW.
      return product
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
      let products = 2 * planes * tiles * columns * channels / Self.flopsPerNanosecond
      let transforms =
        planes * tiles
        * (padded(problem.inputChannels) * Self.inputNanoseconds + columns * Self.outputNanoseconds)
      return products + weights + transforms + planes * Self.callNanoseconds
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
