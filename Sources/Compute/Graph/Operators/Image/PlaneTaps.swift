/// Weighted sums of up to sixteen places of a plane, found once and read from every channel of an image.
struct PlaneTaps {
  /// Places of one output.
  let width: Int
  /// For some outputs, tap by tap: all first taps, then all second ones. Room for `capacity` outputs.
  private let offsets: UnsafeMutablePointer<Int32>
  private let weights: UnsafeMutablePointer<Float>
  /// Whether every tap of an output has a weight.
  private let wholes: UnsafeMutablePointer<Bool>

  /// Outputs at a time: their taps stay in the first cache while channels go by.
  static let capacity = 256

  /// Bytes of scratch memory for `width` taps.
  static func byteCount(width: Int) -> Int { capacity * (width * 8 + 1) }

  /// Taps in scratch memory.
  init(width: Int, scratch: UnsafeMutableRawPointer) {
    self.width = width
    offsets = scratch.assumingMemoryBound(to: Int32.self)
    weights = (scratch + Self.capacity * width * 4).assumingMemoryBound(to: Float.self)
    wholes = (scratch + Self.capacity * width * 8).assumingMemoryBound(to: Bool.self)
  }

  /// Says what tap `tap` of an output reads. A negative offset reads nothing: the place lies outside and
  /// counts as zero, whatever is at its border.
  @inline(__always)
  func set(_ output: Int, _ tap: Int, offset: Int, weight: Float) {
    offsets[tap * Self.capacity + output] = Int32(truncatingIfNeeded: max(offset, 0))
    weights[tap * Self.capacity + output] = offset < 0 ? 0 : weight
  }

  /// To be called when all taps of an output are said.
  @inline(__always)
  func finish(_ output: Int) {
    wholes[output] = (0..<width).allSatisfy { weights[$0 * Self.capacity + output] != 0 }
  }

  /// target[i] = Σ weight · source[offset] for the first `count` outputs.
  func sum(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int) {
    if width == 4 { return sumFour(source, into: target, count: count) }
    for output in 0..<count {
      var sum: Float = 0
      for tap in 0..<width {
        let place = tap * Self.capacity + output
        sum += term(weights[place], source[Int(offsets[place])])
      }
      target[output] = sum
    }
  }

  private func sumFour(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int
  ) {
    let (o, w, next) = (offsets, weights, Self.capacity)
    for i in 0..<count {
      if wholes[i] {
        let upper = w[i] * source[Int(o[i])] + w[i + next] * source[Int(o[i + next])]
        let lower =
          w[i + 2 * next] * source[Int(o[i + 2 * next])]
          + w[i + 3 * next] * source[Int(o[i + 3 * next])]
        target[i] = upper + lower
        continue
      }
      let upper =
        term(w[i], source[Int(o[i])]) + term(w[i + next], source[Int(o[i + next])])
      let lower =
        term(w[i + 2 * next], source[Int(o[i + 2 * next])])
        + term(w[i + 3 * next], source[Int(o[i + 3 * next])])
      target[i] = upper + lower
    }
  }

  /// What has no weight may be infinite.
  @inline(__always)
  private func term(_ weight: Float, _ value: Float) -> Float { weight == 0 ? 0 : weight * value }
}
