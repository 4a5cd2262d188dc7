/// RoiAlign's averages of FP32 images. Samples of a bin form a grid, and each is a weighted sum of rows of
/// weighted sums of columns: so is their average. Rows come first, whole stretches of them at a time;
/// samples that share pixels share their products.
struct RoiAverages {
  /// What the bins along one side of a region read: pixels `first..<first + pixelCount`, those of bin b with
  /// weights [b · size, (b + 1) · size).
  private struct Side {
    let binCount: Int
    let size: Int
    let weights: UnsafeMutablePointer<Float>
    /// Per bin, the pixels with a weight.
    let bounds: UnsafeMutablePointer<Int>

    init(_ binCount: Int, size: Int, _ memory: UnsafeMutableRawPointer) {
      (self.binCount, self.size) = (binCount, size)
      bounds = memory.assumingMemoryBound(to: Int.self)
      weights = (memory + binCount * 16).assumingMemoryBound(to: Float.self)
    }

    static func byteCount(_ binCount: Int, size: Int) -> Int {
      (binCount * 16 + binCount * size * 4 + 63) & ~63
    }

    func range(_ bin: Int) -> Range<Int> { bounds[2 * bin]..<bounds[2 * bin + 1] }

    /// Adds up the weights of `count` samples of each bin from `start` on.
    func fill(start: Double, step: Double, count: Int) {
      weights.update(repeating: 0, count: binCount * size)
      let share = 1 / Double(max(1, count))
      for bin in 0..<binCount {
        let line = weights + bin * size
        var (low, high) = (size, 0)
        for sample in 0..<count {
          let at = start + step * (Double(bin) + (Double(sample) + 0.5) / Double(count))
          guard at >= -1, at <= Double(size) else { continue }
          let inside = min(max(at, 0), Double(size - 1))
          let left = Int(inside)
          let right = min(left + 1, size - 1)
          let ratio = inside - Double(left)
          line[left] += Float((1 - ratio) * share)
          line[right] += Float(ratio * share)
          low = min(low, left)
          high = max(high, right + 1)
        }
        bounds[2 * bin] = min(low, high)
        bounds[2 * bin + 1] = high
      }
    }
  }

  private let rows: Side
  private let columns: Side
  /// One row of a bin's weighted sums of rows.
  private let sums: UnsafeMutablePointer<Float>

  /// Bytes of scratch memory for bins of images of this size; nil where that is more than a region
  /// should take.
  static func byteCount(bins: (Int, Int), height: Int, width: Int) -> Int? {
    guard bins.0 * 4 <= byteCountMax / max(height, 16), bins.1 * 4 <= byteCountMax / max(width, 16)
    else { return nil }
    return Side.byteCount(bins.0, size: height) + Side.byteCount(bins.1, size: width) + width * 4
  }

  private static let byteCountMax = 1 << 21

  init(
    bins: (Int, Int), height: Int, width: Int, scratch: UnsafeMutableRawPointer
  ) {
    rows = Side(bins.0, size: height, scratch)
    let behind = scratch + Side.byteCount(bins.0, size: height)
    columns = Side(bins.1, size: width, behind)
    sums = (behind + Side.byteCount(bins.1, size: width)).assumingMemoryBound(to: Float.self)
  }

  /// A region: where its bins begin, how large one is and how many samples it has, along each side.
  func place(
    top: Double, stepY: Double, countY: Int, left: Double, stepX: Double, countX: Int
  ) {
    rows.fill(start: top, step: stepY, count: countY)
    columns.fill(start: left, step: stepX, count: countX)
  }

  /// The region's averages in one channel.
  func compute(_ plane: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    let width = columns.size
    var (low, high) = (width, 0)
    for bin in 0..<columns.binCount where !columns.range(bin).isEmpty {
      low = min(low, columns.range(bin).lowerBound)
      high = max(high, columns.range(bin).upperBound)
    }
    for bin in 0..<rows.binCount {
      let range = rows.range(bin)
      if low < high {
        var isFirst = true
        for row in range {
          let weight = rows.weights[bin * rows.size + row]
          // What has no weight may be infinite.
          if weight == 0 { continue }
          let (from, to) = (plane + row * width + low, sums + low)
          if isFirst {
            var weight = weight
            Elementwise.binary(
              .multiply, .fp32, into: to, from, &weight, count: high - low, operands: .rightScalar)
          } else {
            Elementwise.accumulate(into: to, from, count: high - low, factor: weight)
          }
          isFirst = false
        }
        if isFirst { (sums + low).update(repeating: 0, count: high - low) }
      }
      for column in 0..<columns.binCount {
        var sum: Float = 0
        let line = columns.weights + column * width
        for place in columns.range(column) where line[place] != 0 {
          sum += line[place] * sums[place]
        }
        target[bin * columns.binCount + column] = sum
      }
    }
  }
}
