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

  private func fill(
    _ taps: PlaneTaps, _ point: Int, x: Float, y: Float, height: Int, width: Int
  ) {
    // The grid's first number is the column's.
    let rows = line(y, size: height)
    let columns = line(x, size: width)
    let count = tapCount
    for row in 0..<count {
      for column in 0..<count {
        let (a, b) = (rows[row], columns[column])
        taps.set(
          point, row * count + column,
          offset: a.pixel < 0 || b.pixel < 0 ? -1 : a.pixel * width + b.pixel,
          weight: a.weight * b.weight)
      }
    }
    taps.finish(point)
  }

  /// Up to four pixels of a line and their weights.
  private struct Line {
    var taps: ((Int, Float), (Int, Float), (Int, Float), (Int, Float)) = (
      (-1, 0), (-1, 0), (-1, 0), (-1, 0)
    )

    subscript(_ index: Int) -> (pixel: Int, weight: Float) {
      index == 0 ? taps.0 : index == 1 ? taps.1 : index == 2 ? taps.2 : taps.3
    }
  }

  private func line(_ normalized: Float, size: Int) -> Line {
    let at = position(Double(normalized), size: size)
    func pixel(_ index: Double) -> Int { self.pixel(index, size: size) }
    let left = at.rounded(.down)
    let ratio = at - left
    switch mode {
    case .nearest: return Line(taps: ((pixel(at), 1), (-1, 0), (-1, 0), (-1, 0)))
    case .linear:
      return Line(
        taps: (
          (pixel(left), Float(1 - ratio)), (pixel(left + 1), Float(ratio)), (-1, 0), (-1, 0)
        ))
    case .cubic:
      func weight(_ step: Double) -> Float { Float(Self.cubic((step - ratio).magnitude)) }
      return Line(
        taps: (
          (pixel(left - 1), weight(-1)), (pixel(left), weight(0)), (pixel(left + 1), weight(1)),
          (pixel(left + 2), weight(2))
        ))
    }
  }
}
