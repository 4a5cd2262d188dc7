/// Images of two dimensions in FP32: what a point reads is found once for all channels.
extension GridSampleOperator {
  /// Taps along one dimension.
  private var tapCount: Int { mode == .nearest ? 1 : mode == .linear ? 2 : 4 }

  /// Whether there are taps for these types and this shape.
  func isPlane(_ type: DataType, _ grid: DataType, _ shape: [Int]) -> Bool {
    // Offsets of taps have 32 bits.
    type == .fp32 && grid == .fp32 && shape.count == 4 && shape[2] * shape[3] <= Int32.max
  }

  func scratchByteCount(_ inputs: KnownInputs) -> Int {
    PlaneTaps.byteCount(width: tapCount * tapCount)
  }

  func planeStep(
    _ input: Operand, _ grid: Operand, _ output: Operand, _ operands: Operands
  ) -> Step {
    let (images, channels) = (input.shape[0], input.shape[1])
    let (height, width) = (input.shape[2], input.shape[3])
    let (plane, points) = (height * width, output.shape[2] * output.shape[3])
    let (source, places, target) = (UnsafePointer(input.f32), grid.f32, output.f32)
    let taps = PlaneTaps(width: tapCount * tapCount, scratch: operands.scratch)
    let (sampler, threads) = (self, operands.threadPool)
    return {
      for image in 0..<images {
        var first = 0
        while first < points {
          let (start, count) = (first, min(PlaneTaps.capacity, points - first))
          for point in 0..<count {
            let place = places + (image * points + start + point) * 2
            sampler.fill(taps, point, x: place[0], y: place[1], height: height, width: width)
          }
          let cost = Parallel.Cost.elements(
            channels * count, nanosecondsEach: 0.25 * Double(taps.width))
          Parallel.rows(channels, cost: cost, on: threads) { part in
            for channel in part {
              let index = image * channels + channel
              taps.sum(
                source + index * plane, into: target + index * points + start, count: count)
            }
          }
          first += count
        }
      }
    }
  }

  @inline(__always)
  private func fill(
    _ taps: PlaneTaps, _ point: Int, x: Float, y: Float, height: Int, width: Int
  ) {
    // The grid's first number is the column's.
    let rows = line(y, size: height)
    let columns = line(x, size: width)
    func set(_ tap: Int, _ row: (pixel: Int, weight: Float), _ column: (pixel: Int, weight: Float))
    {
      taps.set(
        point, tap,
        offset: row.pixel < 0 || column.pixel < 0 ? -1 : row.pixel * width + column.pixel,
        weight: row.weight * column.weight)
    }
    switch mode {
    case .nearest: set(0, rows.0, columns.0)
    case .linear:
      set(0, rows.0, columns.0)
      set(1, rows.0, columns.1)
      set(2, rows.1, columns.0)
      set(3, rows.1, columns.1)
    case .cubic:
      for (index, row) in [rows.0, rows.1, rows.2, rows.3].enumerated() {
        set(4 * index, row, columns.0)
        set(4 * index + 1, row, columns.1)
        set(4 * index + 2, row, columns.2)
        set(4 * index + 3, row, columns.3)
      }
    }
    taps.finish(point)
  }

  /// A pixel of a line, -1 for one outside that counts as zero, and its weight.
  private typealias Tap = (pixel: Int, weight: Float)

  @inline(__always)
  private func line(_ normalized: Float, size: Int) -> (Tap, Tap, Tap, Tap) {
    // No further than 1e9 from the image.
    let at = position(Double(normalized), size: size)
    // Without the C library's floor, which takes longer than all of the rest.
    let truncated = Int(at)
    let left = Double(truncated) > at ? truncated - 1 : truncated
    let ratio = at - Double(left)
    func tap(_ step: Int, _ weight: Double) -> Tap { (inside(left + step, size), Float(weight)) }
    switch mode {
    case .nearest: return (tap(0, 1), (-1, 0), (-1, 0), (-1, 0))
    case .linear: return (tap(0, 1 - ratio), tap(1, ratio), (-1, 0), (-1, 0))
    case .cubic:
      return (
        tap(-1, Self.cubic(1 + ratio)), tap(0, Self.cubic(ratio)), tap(1, Self.cubic(1 - ratio)),
        tap(2, Self.cubic(2 - ratio))
      )
    }
  }

  @inline(__always)
  private func inside(_ index: Int, _ size: Int) -> Int {
    if index >= 0 && index < size { return index }
    return padding == .zeros ? -1 : pixel(Double(index), size: size)
  }
}
