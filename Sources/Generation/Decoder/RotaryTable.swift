internal import Glibc

/// Cosines and sines of positions, computed when a position is first used.
struct RotaryTable {
  let half: Int
  let isInterleaved: Bool
  private let frequencies: [Double]
  private let magnitude: Double
  private var cosines: [Float] = []
  private var sines: [Float] = []

  init(_ configuration: RotaryConfiguration) {
    half = configuration.dimension / 2
    isInterleaved = configuration.pairs == .neighbours
    (frequencies, magnitude) = configuration.frequencies()
  }

  /// Makes sure that positions below `count` are there.
  mutating func extend(to count: Int) {
    for position in cosines.count / max(half, 1)..<max(count, cosines.count / max(half, 1)) {
      for frequency in frequencies {
        // Angles in double precision: in single, a position of 30,000 is off by a thousandth.
        let angle = Double(position) * frequency
        cosines.append(Float(cos(angle) * magnitude))
        sines.append(Float(sin(angle) * magnitude))
      }
    }
  }

  func withAngles<R>(
    of position: Int, _ body: (UnsafePointer<Float>, UnsafePointer<Float>) -> R?
  ) -> R? {
    cosines.withUnsafeBufferPointer { cosines in
      sines.withUnsafeBufferPointer { sines in
        guard let c = cosines.baseAddress, let s = sines.baseAddress else { return nil }
        return body(c + position * half, s + position * half)
      }
    }
  }
}
