internal import CKernels
internal import Synchronization

/// The sums of one of Winograd's tiles add and subtract all of its pixels, so that one infinity among them
/// makes NaN of outputs that do not see it. Such tiles are computed once more, window by window, as by a
/// direct convolution.
extension Convolution2D {
  func convolveDirectly(
    _ filters: WinogradFilters, _ before: ck_winograd_input, _ behind: ck_winograd_output, tile: Int
  ) {
    let (tiles, channels) = (before.tiles, inputChannels)
    let perImage = tiles.across * tiles.down
    let (image, place) = (tile / perImage, tile % perImage)
    let (top, left) = (place / tiles.across * tiles.size, place % tiles.across * tiles.size)
    let rows = min(tiles.size, behind.height - top)
    let columns = min(tiles.size, behind.width - left)
    let depth = 9 * channels
    let windows = Scratch.image.floats(rows * columns * depth)
    for index in 0..<rows * columns {
      let (y, x) = (top + index / columns - before.padTop, left + index % columns - before.padLeft)
      for tap in 0..<9 {
        let (row, column) = (y + tap / 3, x + tap % 3)
        let isInside =
          row >= 0 && row < before.height && column >= 0 && column < before.width
        let pixel =
          isInside
          ? before.input + ((image * before.height + row) * before.width + column) * channels
          : before.zeros!
        (windows + index * depth + tap * channels).update(from: pixel, count: channels)
      }
    }
    let sums = Scratch.staging.floats(rows * columns * outputChannels)
    SGEMM.run(
      m: rows * columns, Matrix(windows, rowStride: depth), filters.plain.matrix(of: filters),
      into: sums, rowStride: outputChannels,
      epilogue: Epilogue(
        biasColumn: bias.map { UnsafePointer($0.base) }, activation: activation))
    for row in 0..<rows {
      let start = ((image * behind.height + top + row) * behind.width + left) * outputChannels
      (behind.output + start).update(
        from: sums + row * columns * outputChannels, count: columns * outputChannels)
    }
  }
}

/// The filters of 3×3 windows that transformed ones were made of, as a matrix with a row for each tap of
/// each channel. Made when it is first needed, which is never where numbers are finite.
final class PlainFilters: Sendable {
  private let made = Mutex<PackedMatrix?>(nil)

  func matrix(of filters: WinogradFilters) -> PackedMatrix {
    made.withLock { made in
      if let made { return made }
      let matrix = Self.recover(filters)
      made = matrix
      return matrix
    }
  }

  private static func recover(_ filters: WinogradFilters) -> PackedMatrix {
    let planes = filters.planes
    let (channels, outputs) = (planes[0].rowCount, planes[0].columnCount)
    let points = filters.size + 2
    let taps = AlignedFloats(uninitializedCount: max(1, 9 * channels * outputs))
    var plane = [Float](repeating: 0, count: points * points)
    for channel in 0..<channels {
      for output in 0..<outputs {
        for index in plane.indices { plane[index] = planes[index].element(channel, output) }
        // What is left of a zero is the rounding of what was added and taken off.
        let noise = 5e-7 * plane.reduce(0) { max($0, $1.magnitude) }
        for tap in 0..<9 {
          let column = (0..<points).map { row in
            recover(tap % 3, filters.size) { plane[row * points + $0] }
          }
          let value = recover(tap / 3, filters.size) { column[$0] }
          taps.base[(tap * channels + channel) * outputs + output] =
            value.magnitude <= noise ? 0 : value
        }
      }
    }
    return PackedMatrix(
      Matrix(taps.base, rowStride: outputs), rowCount: 9 * channels, columnCount: outputs,
      kernels: planes[0].kernels)
  }

  /// A tap of three from the values at all points, see winograd.h.
  private static func recover(_ tap: Int, _ size: Int, _ value: (Int) -> Float) -> Float {
    switch (tap, size) {
    case (0, _): value(0)
    case (2, _): value(size + 1)
    case (_, 2): value(1) - value(2)
    default: (value(2) - value(1)) * (0.75 / Float(0.5).squareRoot())
    }
  }
}
