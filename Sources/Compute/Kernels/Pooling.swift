internal import CKernels

/// Max and average pooling over two-dimensional windows.
public struct Pooling: Sendable {
  /// What a window becomes.
  public enum Kind: Sendable, Equatable {
    /// The largest value; any NaN wins. A window wholly in the padding gives -infinity.
    case max
    /// The mean; with `countsPadding` the zeros of the padding count as values.
    case average(countsPadding: Bool)
  }
  /// What a window becomes.
  public var kind: Kind
  /// Window, strides, dilations and padding.
  public var geometry: WindowGeometry
  /// Whether a last window may hang over the end (ONNX ceil_mode).
  public var roundsUp: Bool
  /// The layout of input and output.
  public var layout: ImageLayout

  /// A pooling without rounding up unless told otherwise.
  public init(_ kind: Kind, _ geometry: WindowGeometry, layout: ImageLayout, roundsUp: Bool = false)
  {
    geometry.validate()
    self.kind = kind
    self.geometry = geometry
    self.roundsUp = roundsUp
    self.layout = layout
  }

  /// Rows and columns of the output for images of this size.
  public func outputSize(height: Int, width: Int) -> (height: Int, width: Int) {
    geometry.outputSize(height: height, width: width, roundsUp: roundsUp)
  }

  /// Pools `batch` images of `channels` × `height` × `width`.
  /// - Parameter indices: max pooling in NCHW only: where each maximum was, counted row-major over
  ///   the whole input tensor, as ONNX's second output with storage_order 0.
  public func run(
    _ input: UnsafePointer<Float>, batch: Int, channels: Int, height: Int, width: Int,
    into output: UnsafeMutablePointer<Float>, indices: UnsafeMutablePointer<Int64>? = nil,
    kernels: Kernels = .active, threads: ThreadPool? = nil
  ) {
    precondition(
      indices == nil || (kind == .max && layout == .nchw), "indices are for max pooling in NCHW")
    let size = outputSize(height: height, width: width)
    let inner = call(channels: channels, height: height, width: width)
    let taps = geometry.kernelHeight * geometry.kernelWidth
    let cost = Parallel.Cost.bytes(4 * batch * channels * size.height * size.width * (taps + 1))
    Parallel.rows(batch, cost: cost, on: threads) { images in
      run(inner, images, input, output, indices, kernels)
    }
  }

  /// What is the same for every image.
  func call(channels: Int, height: Int, width: Int) -> ck_pool {
    let size = outputSize(height: height, width: width)
    var call = ck_pool()
    call.channels = channels
    (call.height, call.width) = (height, width)
    (call.outputHeight, call.outputWidth) = (size.height, size.width)
    (call.kernelHeight, call.kernelWidth) = (geometry.kernelHeight, geometry.kernelWidth)
    (call.strideHeight, call.strideWidth) = (geometry.strideHeight, geometry.strideWidth)
    (call.dilationHeight, call.dilationWidth) = (geometry.dilationHeight, geometry.dilationWidth)
    (call.padTop, call.padLeft) = (geometry.padTop, geometry.padLeft)
    (call.padBottom, call.padRight) = (geometry.padBottom, geometry.padRight)
    switch layout {
    case .nchw:
      (call.inputChannelStride, call.outputChannelStride) = (
        height * width, size.height * size.width
      )
      (call.inputRowStride, call.outputRowStride) = (width, size.width)
      (call.inputPixelStride, call.outputPixelStride) = (1, 1)
    case .nhwc:
      (call.inputChannelStride, call.outputChannelStride) = (1, 1)
      (call.inputRowStride, call.outputRowStride) = (width * channels, size.width * channels)
      (call.inputPixelStride, call.outputPixelStride) = (channels, channels)
    }
    return call
  }

  private func run(
    _ call: ck_pool, _ images: Range<Int>, _ input: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, _ indices: UnsafeMutablePointer<Int64>?,
    _ kernels: Kernels
  ) {
    var call = call
    let (channels, height, width) = (call.channels, call.height, call.width)
    let plane = call.outputHeight * call.outputWidth
    let outputCount = channels * plane
    for image in images {
      call.input = input + image * channels * height * width
      call.output = output + image * outputCount
      switch kind {
      case .max:
        call.indices = indices.map { $0 + image * outputCount }
        kernels.table.pointee.maxPool(&call)
        if let indices {
          // The kernel counts within a plane.
          for i in 0..<outputCount {
            let channel = image * channels + i / max(1, plane)
            indices[image * outputCount + i] += Int64(channel * height * width)
          }
        }
      case .average(let countsPadding):
        call.countsPadding = countsPadding
        kernels.table.pointee.averagePool(&call)
      }
    }
  }
}
