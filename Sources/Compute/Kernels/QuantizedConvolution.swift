internal import CKernels

/// A two-dimensional convolution of bytes in NHWC, quantised again: as a product with windows of
/// the image for rows, or each channel on its own. Weights are packed once and shared by all threads.
final class QuantizedConvolution: Sendable {
  /// Channels of an image before and after.
  let inputChannels: Int
  let outputChannels: Int
  private let scales: QuantizedScales
  private let kernels: Kernels
  private let weights: Weights
  /// Per column of the product, or in the order of the chunks of channels.
  private let offsets: AlignedFloats
  private let factors: AlignedFloats

  private enum Weights {
    case product(PackedIntegerMatrix)
    case depthwise(AlignedFloats, tapGroups: Int)
  }

  /// Whether there is a kernel for so many groups.
  static func supports(groups: Int, filters: [Int]) -> Bool {
    groups == 1 || (filters[0] == groups && filters[1] == 1)
  }

  /// Copies the weights, which are [outputs, inputs / groups, height, width], less than 128 each if
  /// they are unsigned: their zero point is then 128, otherwise 0.
  init(
    filters: [Int], groups: Int, weights: UnsafeRawPointer, weightsAreUnsigned: Bool,
    scales: QuantizedScales, kernels: Kernels = .active
  ) {
    outputChannels = filters[0]
    inputChannels = filters[1] * groups
    self.scales = scales
    self.kernels = kernels
    let taps = filters[2] * filters[3]
    let bytes = weights.assumingMemoryBound(to: UInt8.self)
    if groups > 1 {
      let packed = Self.packDepthwise(
        bytes, flip: weightsAreUnsigned ? 128 : 0, channels: filters[0], taps: taps, kernels)
      let order = Self.order(channels: filters[0], kernels)
      (offsets, factors) = scales.columns(count: order.count, channel: { order[$0] }) { channel in
        (0..<taps).reduce(Int32(0)) {
          $0 &+ Int32(Int8(bitPattern: bytes[channel * taps + $1] ^ (weightsAreUnsigned ? 128 : 0)))
        }
      }
      self.weights = .depthwise(packed, tapGroups: (taps + 3) / 4)
      return
    }
    let (k, channels) = (filters[1] * taps, filters[1])
    // To the order of an image in NHWC.
    let turned = UnsafeMutablePointer<UInt8>.allocate(capacity: filters[0] * k)
    defer { turned.deallocate() }
    for filter in 0..<filters[0] {
      for channel in 0..<channels {
        for tap in 0..<taps {
          turned[(filter * taps + tap) * channels + channel] =
            bytes[(filter * channels + channel) * taps + tap]
        }
      }
    }
    let packed = PackedIntegerMatrix(
      turned, isUnsigned: weightsAreUnsigned, rowStride: 1, columnStride: k, rowCount: k,
      columnCount: filters[0], kernels: kernels)
    (offsets, factors) = scales.columns(of: packed)
    self.weights = .product(packed)
  }

  /// Bytes of memory held.
  var byteCount: Int {
    let parameters = (offsets.count + factors.count) * 4
    switch weights {
    case .product(let packed): return parameters + packed.byteCount
    case .depthwise(let packed, _): return parameters + packed.count * 4
    }
  }

  /// Which channel lies where in the chunks that the kernel computes together.
  private static func order(channels: Int, _ kernels: Kernels) -> [Int?] {
    let (width, lanes) = (4 * kernels.vectorLanes, kernels.vectorLanes / 4)
    var order: [Int?] = []
    for chunk in 0..<(channels + width - 1) / width {
      let first = channels < width ? 0 : min(chunk * width, channels - width)
      for part in 0..<4 {
        for lane in 0..<lanes {
          for index in 0..<4 {
            let channel = first + 16 * lane + 4 * part + index
            order.append(channel < channels ? channel : nil)
          }
        }
      }
    }
    return order
  }

  private static func packDepthwise(
    _ weights: UnsafePointer<UInt8>, flip: UInt8, channels: Int, taps: Int, _ kernels: Kernels
  ) -> AlignedFloats {
    let (order, groups, width) = (
      order(channels: channels, kernels), (taps + 3) / 4, 4 * kernels.vectorLanes
    )
    let packed = AlignedFloats(count: order.count * groups)
    let bytes = UnsafeMutableRawPointer(packed.base).assumingMemoryBound(to: UInt8.self)
    for (place, channel) in order.enumerated() {
      guard let channel else { continue }
      for tap in 0..<taps {
        let group = place / width * groups + tap / 4
        bytes[(group * width + place % width) * 4 + tap % 4] = weights[channel * taps + tap] ^ flip
      }
    }
    return packed
  }

  // MARK: - Running

  /// Bytes that `run` needs for a copy of an image; nil if there cannot be so many.
  func scratchByteCount(height: Int, width: Int, geometry: WindowGeometry) -> Int? {
    let image = padded(height: height, width: width, geometry)
    guard image.isCopied else { return 0 }
    let rows = height + geometry.padTop + geometry.padBottom
    let columns = width + geometry.padLeft + geometry.padRight
    return Shape.elementCount([rows, columns, inputChannels]).map { $0 + PaddedBytes.slack }
  }

  private func padded(height: Int, width: Int, _ geometry: WindowGeometry) -> PaddedBytes {
    var reads = 0
    // The kernel reads whole vectors.
    if case .depthwise = weights { reads = 4 * kernels.vectorLanes }
    return PaddedBytes(
      height: height, width: width, channels: inputChannels, geometry: geometry,
      fill: scales.inputFill, flip: scales.inputIsSigned ? 128 : 0, copies: reads > inputChannels)
  }

  /// Convolves `batch` images, one after the other, through `scratch` where that is needed.
  func run(
    _ input: UnsafePointer<UInt8>, batch: Int, height: Int, width: Int, geometry: WindowGeometry,
    into output: UnsafeMutablePointer<UInt8>, scratch: UnsafeMutableRawPointer,
    threads: ThreadPool?
  ) {
    let size = geometry.outputSize(height: height, width: width)
    guard batch > 0, size.height > 0, size.width > 0 else { return }
    if case .product(let packed) = weights, geometry.isPointwise, !scales.inputIsSigned,
      inputChannels % 4 == 0
    {
      let channels = inputChannels
      product(packed, into: output).run(
        rowCount: batch * height * width, threads: threads
      ) { (input + $0.lowerBound * channels, channels) }
      return
    }
    let image = padded(height: height, width: width, geometry)
    for index in 0..<batch {
      let source = image.make(input + index * height * width * inputChannels, in: scratch)
      let target = output + index * size.height * size.width * outputChannels
      switch weights {
      case .product(let packed):
        windows(packed, source, image, geometry, size, into: target, threads: threads)
      case .depthwise(let packed, let tapGroups):
        depthwise(packed, tapGroups, source, image, geometry, size, into: target, threads: threads)
      }
    }
  }

  private func product(
    _ packed: PackedIntegerMatrix, into output: UnsafeMutablePointer<UInt8>
  ) -> QuantizedProduct {
    QuantizedProduct(
      right: packed, offsets: offsets.integers, factors: factors.base,
      output: .bytes(output, scales.output))
  }

  private func windows(
    _ packed: PackedIntegerMatrix, _ source: UnsafePointer<UInt8>, _ image: PaddedBytes,
    _ geometry: WindowGeometry, _ size: (height: Int, width: Int),
    into output: UnsafeMutablePointer<UInt8>, threads: ThreadPool?
  ) {
    let isDense = geometry.dilationWidth == 1
    var call = ck_windows_bytes()
    call.source = source
    call.end = source + image.byteCount
    call.windowDown = geometry.strideHeight * image.rowStride
    call.windowRight = geometry.strideWidth * inputChannels
    call.outputWidth = size.width
    call.runRows = geometry.kernelHeight
    call.runDown = geometry.dilationHeight * image.rowStride
    call.runs = isDense ? 1 : geometry.kernelWidth
    call.runRight = geometry.dilationWidth * inputChannels
    call.runBytes = isDense ? geometry.kernelWidth * inputChannels : inputChannels
    let (windows, stride) = (call, QuantizedProduct.rowStride(packed.rowCount))
    product(packed, into: output).run(rowCount: size.height * size.width, threads: threads) {
      var call = windows
      call.first = $0.lowerBound
      call.count = $0.count
      let rows = Scratch.left.bytes($0.count * stride + 64).assumingMemoryBound(to: UInt8.self)
      kernels.table.pointee.windowsOfBytes(rows, stride, &call)
      return (UnsafePointer(rows), stride)
    }
  }

  private func depthwise(
    _ packed: AlignedFloats, _ tapGroups: Int, _ source: UnsafePointer<UInt8>,
    _ image: PaddedBytes, _ geometry: WindowGeometry, _ size: (height: Int, width: Int),
    into output: UnsafeMutablePointer<UInt8>, threads: ThreadPool?
  ) {
    var call = ck_depthwise_bytes()
    call.inputStep = geometry.strideWidth * inputChannels
    call.inputRowStep = geometry.strideHeight * image.rowStride
    call.tapGroups = tapGroups
    call.weights = UnsafeRawPointer(packed.base).assumingMemoryBound(to: Int8.self)
    call.offsets = UnsafePointer(offsets.integers)
    call.factors = UnsafePointer(factors.base)
    call.channels = inputChannels
    call.outputWidth = size.width
    (call.zero, call.low, call.high) = (scales.output.zero, scales.output.low, scales.output.high)
    let taps = Scratch.right.bytes(tapGroups * 4 * MemoryLayout<Int>.stride)
      .assumingMemoryBound(to: Int.self)
    for tap in 0..<tapGroups * 4 {
      let (y, x) = (tap / geometry.kernelWidth, tap % geometry.kernelWidth)
      // Missing taps read the first one, times zero.
      taps[tap] =
        y < geometry.kernelHeight
        ? y * geometry.dilationHeight * image.rowStride + x * geometry.dilationWidth * inputChannels
        : 0
    }
    call.taps = UnsafePointer(taps)
    let work = Double(size.height * size.width) * Double(inputChannels * tapGroups * 4)
    let whole = call
    Parallel.rows(size.height, cost: .flops(work), on: threads, evenly: true) { rows in
      var call = whole
      call.input = source + rows.lowerBound * call.inputRowStep
      call.output = output + rows.lowerBound * size.width * outputChannels
      call.outputHeight = rows.count
      kernels.table.pointee.depthwiseBytes(&call)
    }
  }
}

/// An NHWC image of unsigned bytes with its zero point around it.
private struct PaddedBytes {
  let height: Int, width: Int, channels: Int
  let geometry: WindowGeometry
  let fill: UInt8
  /// Makes signed bytes unsigned.
  let flip: UInt8
  /// Whether there must be room behind the last byte.
  let copies: Bool

  var rowStride: Int { (width + geometry.padLeft + geometry.padRight) * channels }
  var byteCount: Int { (height + geometry.padTop + geometry.padBottom) * rowStride }

  var isCopied: Bool { geometry.hasPadding || flip != 0 || copies }
  /// Bytes behind a copy that may be read.
  static let slack = 64

  /// The image itself if nothing has to be done, else a copy.
  func make(
    _ image: UnsafePointer<UInt8>, in scratch: UnsafeMutableRawPointer
  ) -> UnsafePointer<UInt8> {
    guard isCopied else { return image }
    let copy = scratch.assumingMemoryBound(to: UInt8.self)
    (copy + byteCount).initialize(repeating: 0, count: Self.slack)
    copy.initialize(repeating: fill, count: geometry.padTop * rowStride)
    let (left, inner) = (geometry.padLeft * channels, width * channels)
    for y in 0..<height {
      let (to, from) = (copy + (y + geometry.padTop) * rowStride, image + y * inner)
      to.initialize(repeating: fill, count: left)
      if flip == 0 {
        (to + left).update(from: from, count: inner)
      } else {
        for index in 0..<inner { to[left + index] = from[index] ^ flip }
      }
      (to + (left + inner)).initialize(repeating: fill, count: rowStride - left - inner)
    }
    (copy + (geometry.padTop + height) * rowStride)
      .initialize(repeating: fill, count: geometry.padBottom * rowStride)
    return UnsafePointer(copy)
  }
}
