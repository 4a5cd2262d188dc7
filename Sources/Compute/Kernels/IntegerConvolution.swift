internal import CKernels

/// A convolution of bytes of one or two dimensions in ONNX's order, of any groups and zero points:
/// the image is turned to NHWC with its zero point around it, windows of it become rows, and products
/// of rows and weights are turned back. Sums are exact modulo 2^32.
struct IntegerConvolution {
  /// Rows of windows that are made and multiplied together.
  private static let rowsPerBlock = 112

  let geometry: WindowGeometry
  let height: Int, width: Int
  let groups: Int
  /// Channels of a group.
  let channels: Int, outputs: Int
  let inputIsSigned: Bool
  private let size: (height: Int, width: Int)
  private let paddedRow: Int, paddedByteCount: Int

  /// Bytes of memory that `run` needs for an image; nil if no memory is that large.
  let imageByteCount: Int?

  init(
    geometry: WindowGeometry, height: Int, width: Int, groups: Int, channels: Int, outputs: Int,
    inputIsSigned: Bool
  ) {
    self.geometry = geometry
    (self.height, self.width) = (height, width)
    (self.groups, self.channels, self.outputs) = (groups, channels, outputs)
    self.inputIsSigned = inputIsSigned
    size = geometry.outputSize(height: height, width: width)
    imageByteCount = Shape.elementCount([
      height + geometry.padTop + geometry.padBottom, width + geometry.padLeft + geometry.padRight,
      groups * channels,
    ]).map { ($0 + Self.slack + 63) & ~63 }
    paddedRow = (width + geometry.padLeft + geometry.padRight) &* groups &* channels
    paddedByteCount = (height + geometry.padTop + geometry.padBottom) &* paddedRow
  }

  /// Bytes behind a padded image that may be read.
  private static let slack = 64
  private var taps: Int { geometry.kernelHeight * geometry.kernelWidth }
  /// Rows of a group's weights.
  var depth: Int { channels * taps }
  /// Windows of an image.
  var positions: Int { size.height * size.width }

  /// Packs weights, [groups · outputs, channels, kernelHeight, kernelWidth], a matrix a group whose
  /// rows are in the order of an NHWC window. `turned` holds a group's weights meanwhile.
  func pack(
    _ weights: UnsafeRawPointer, into packed: [PackedIntegerMatrix],
    turned: UnsafeMutablePointer<UInt8>
  ) {
    for (group, matrix) in packed.enumerated() {
      let from = weights.assumingMemoryBound(to: UInt8.self) + group * outputs * depth
      for output in 0..<outputs {
        let (row, to) = (from + output * depth, turned + output * depth)
        for channel in 0..<channels {
          for tap in 0..<taps { to[tap &* channels &+ channel] = row[channel &* taps &+ tap] }
        }
      }
      matrix.pack(turned, rowStride: 1, columnStride: depth)
    }
  }

  /// Calls `take` with a position, its first output channel and the sums from there on, for all
  /// positions of one image.
  func run(
    _ input: UnsafePointer<UInt8>, zero: Int32, weights: [PackedIntegerMatrix],
    rightZero: (Int) -> IGEMM.RightZero, image: UnsafeMutableRawPointer, threads: ThreadPool?,
    _ take: (Int, Int, UnsafeMutableBufferPointer<Int32>) -> Void
  ) {
    // The kernel takes unsigned bytes: signed ones and their zero point are 128 more.
    let shift: Int32 = inputIsSigned ? 128 : 0
    let padded = image.assumingMemoryBound(to: UInt8.self)
    pad(input, fill: UInt8(truncatingIfNeeded: zero &+ shift), into: padded)
    let windows = self.windows
    let stride = (depth + 3) / 4 * 4
    let blocks = (positions + Self.rowsPerBlock - 1) / Self.rowsPerBlock
    let work = 0.5 * Double(positions) * Double(groups * outputs) * Double(depth)
    Parallel.rows(blocks, cost: .flops(work), on: threads) { blocks in
      for block in blocks {
        let first = block * Self.rowsPerBlock
        let count = min(Self.rowsPerBlock, positions - first)
        for group in 0..<groups {
          var call = windows
          call.source = UnsafePointer(padded) + group * channels
          call.end = UnsafePointer(padded) + paddedByteCount
          (call.first, call.count) = (first, count)
          let rows = Scratch.right.bytes(count * stride + Self.slack)
            .assumingMemoryBound(to: UInt8.self)
          weights[group].kernels.table.pointee.windowsOfBytes(rows, stride, &call)
          IGEMM(
            right: weights[group], left: UnsafeRawPointer(rows), leftStride: stride,
            leftIsUnsigned: true, rowCount: count, leftZero: { _ in zero &+ shift },
            rightZero: rightZero(group * outputs)
          ).run(threads: nil) { row, column, sums in
            take(first + row, group * outputs + column, sums)
          }
        }
      }
    }
  }

  private var windows: ck_windows_bytes {
    let pixel = groups * channels
    // Pixels that lie together are one run.
    let isDense = geometry.dilationWidth == 1 && groups == 1
    var call = ck_windows_bytes()
    call.windowDown = geometry.strideHeight * paddedRow
    call.windowRight = geometry.strideWidth * pixel
    call.outputWidth = size.width
    call.runRows = geometry.kernelHeight
    call.runDown = geometry.dilationHeight * paddedRow
    call.runs = isDense ? 1 : geometry.kernelWidth
    call.runRight = geometry.dilationWidth * pixel
    call.runBytes = isDense ? geometry.kernelWidth * channels : channels
    return call
  }

  private func pad(
    _ input: UnsafePointer<UInt8>, fill: UInt8, into padded: UnsafeMutablePointer<UInt8>
  ) {
    let pixel = groups * channels
    if geometry.hasPadding { padded.initialize(repeating: fill, count: paddedByteCount) }
    (padded + paddedByteCount).initialize(repeating: 0, count: Self.slack)
    for y in 0..<height {
      let to = padded + ((y + geometry.padTop) * paddedRow + geometry.padLeft * pixel)
      Kernels.active.table.pointee.transpose(
        to, pixel, input + y * width, height * width, pixel, width, 1)
      if inputIsSigned { for index in 0..<width * pixel { to[index] ^= 128 } }
    }
  }
}
