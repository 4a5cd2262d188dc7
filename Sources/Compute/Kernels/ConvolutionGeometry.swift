/// Where the values of a tensor of images lie.
public enum ImageLayout: Sendable {
  /// [batch, channels, height, width], as ONNX has it.
  case nchw
  /// [batch, height, width, channels], where the kernels are fastest.
  case nhwc
}

/// The sizes of a two-dimensional convolution or pooling window, in pixels.
public struct WindowGeometry: Sendable, Equatable {
  /// Rows and columns of the window.
  public var kernelHeight: Int, kernelWidth: Int
  /// Pixels from one window to the next.
  public var strideHeight: Int, strideWidth: Int
  /// Pixels from one tap of the window to the next.
  public var dilationHeight: Int, dilationWidth: Int
  /// Pixels added around the image.
  public var padTop: Int, padLeft: Int, padBottom: Int, padRight: Int

  /// A window that moves by one pixel over an image without padding, unless told otherwise.
  public init(
    kernelHeight: Int, kernelWidth: Int, strideHeight: Int = 1, strideWidth: Int = 1,
    dilationHeight: Int = 1, dilationWidth: Int = 1, padTop: Int = 0, padLeft: Int = 0,
    padBottom: Int = 0, padRight: Int = 0
  ) {
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideHeight = strideHeight
    self.strideWidth = strideWidth
    self.dilationHeight = dilationHeight
    self.dilationWidth = dilationWidth
    self.padTop = padTop
    self.padLeft = padLeft
    self.padBottom = padBottom
    self.padRight = padRight
  }

  var hasPadding: Bool { padTop > 0 || padLeft > 0 || padBottom > 0 || padRight > 0 }
  /// One pixel in, one pixel out: the convolution is a plain matrix product.
  var isPointwise: Bool {
    kernelHeight == 1 && kernelWidth == 1 && strideHeight == 1 && strideWidth == 1 && !hasPadding
  }

  /// The window is one pixel wide, and nothing is added at the sides: on images as narrow as that,
  /// what is done is the same with rows and columns exchanged. Kernels work along rows.
  var isColumn: Bool { kernelWidth == 1 && padLeft == 0 && padRight == 0 }

  /// With rows and columns exchanged.
  var turned: WindowGeometry {
    WindowGeometry(
      kernelHeight: kernelWidth, kernelWidth: kernelHeight, strideHeight: strideWidth,
      strideWidth: strideHeight, dilationHeight: dilationWidth, dilationWidth: dilationHeight,
      padTop: padLeft, padLeft: padTop, padBottom: padRight, padRight: padBottom)
  }

  /// Rows and columns of the output; 0 where the window does not fit. With `roundsUp`, a last
  /// window that starts inside the image or its leading padding may hang over the end.
  public func outputSize(
    height: Int, width: Int, roundsUp: Bool = false
  ) -> (height: Int, width: Int) {
    func size(_ input: Int, _ before: Int, _ after: Int, _ kernel: Int, _ d: Int, _ s: Int) -> Int {
      let room = input + before + after - (kernel - 1) * d - 1
      guard room >= 0 else { return 0 }
      var count = room / s + 1
      if roundsUp, room % s != 0, count * s < input + before { count += 1 }
      return count
    }
    return (
      size(height, padTop, padBottom, kernelHeight, dilationHeight, strideHeight),
      size(width, padLeft, padRight, kernelWidth, dilationWidth, strideWidth)
    )
  }

  func validate() {
    precondition(
      kernelHeight > 0 && kernelWidth > 0 && strideHeight > 0 && strideWidth > 0
        && dilationHeight > 0 && dilationWidth > 0 && padTop >= 0 && padLeft >= 0 && padBottom >= 0
        && padRight >= 0, "a window has positive sizes and no negative padding")
  }
}
