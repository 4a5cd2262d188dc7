/// How a two-dimensional convolution is computed. `ConvolutionChoice` picks one when the weights are
/// packed, because each wants them in an order of its own.
public enum ConvolutionAlgorithm: String, Sendable, CaseIterable {
  /// NHWC: a matrix product that reads the windows where they lie.
  case direct
  /// NHWC, one pixel in and one out: a plain matrix product over all pixels.
  case product
  /// NHWC, one channel in each group: each on its own.
  case depthwise
  /// NHWC, 3×3 windows that move by one: Winograd's tiles of 2×2 outputs.
  case winograd2
  /// The same with tiles of 4×4 outputs.
  case winograd4
  /// NCHW: blocks of windows are gathered as a matrix.
  case im2col

  /// Outputs of a tile, each way; nil if it has no tiles.
  var winogradSize: Int? {
    switch self {
    case .winograd2: 2
    case .winograd4: 4
    case .direct, .product, .depthwise, .im2col: nil
    }
  }

  /// Whether it can compute such a convolution.
  public func computes(_ problem: ConvolutionProblem) -> Bool {
    guard problem.layout == .nhwc else { return self == .im2col }
    switch self {
    case .direct: return true
    case .product: return problem.geometry.isPointwise && !problem.poolsTwoByTwo
    case .depthwise:
      return problem.groups > 1 && problem.inputChannels == problem.groups
        && problem.outputChannels == problem.groups && !problem.poolsTwoByTwo
    case .winograd2, .winograd4:
      return problem.geometry.isThreeByThree && problem.groups == 1 && !problem.poolsTwoByTwo
    case .im2col: return false
    }
  }
}

/// What is known of a convolution when its weights are packed.
public struct ConvolutionProblem: Sendable {
  /// Window, strides, dilations and padding.
  public var geometry: WindowGeometry
  /// Channels of all groups together.
  public var inputChannels: Int, outputChannels: Int
  /// Groups: each output group sees only its input group.
  public var groups: Int
  /// The layout of input and output.
  public var layout: ImageLayout
  /// 2×2 max pooling with stride 2 is part of it.
  public var poolsTwoByTwo: Bool
  /// What images to expect; any may come.
  public var images: ExpectedImages

  /// Images of a size that is not known, unless told otherwise.
  public init(
    geometry: WindowGeometry, inputChannels: Int, outputChannels: Int, groups: Int = 1,
    layout: ImageLayout = .nhwc, poolsTwoByTwo: Bool = false,
    images: ExpectedImages = ExpectedImages()
  ) {
    self.geometry = geometry
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.groups = groups
    self.layout = layout
    self.poolsTwoByTwo = poolsTwoByTwo
    self.images = images
  }
}

/// The images that a convolution is packed for.
public struct ExpectedImages: Sendable {
  /// How many, and their size. What is not known counts as one image of 40 × 40: the middle of
  /// networks that take images of any size.
  public var batch = 1, height = 40, width = 40

  /// Sizes; negative ones are not known.
  public init(batch: Int = -1, height: Int = -1, width: Int = -1) {
    if batch >= 0 { self.batch = batch }
    if height >= 0 { self.height = height }
    if width >= 0 { self.width = width }
  }
}

extension WindowGeometry {
  /// 3×3, pixel by pixel, without holes: what Winograd's tiles compute.
  var isThreeByThree: Bool {
    kernelHeight == 3 && kernelWidth == 3 && strideHeight == 1 && strideWidth == 1
      && dilationHeight == 1 && dilationWidth == 1
  }
}
