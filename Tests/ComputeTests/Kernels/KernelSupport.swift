import TestSupport
import Testing

@testable import Compute

/// The seeded generator of kernel tests. Every test prints the seed, so that a failure can be run
/// again: set MARTLET_TEST_SEED.
struct Random: RandomNumberGenerator {
  private var generator: SplitMix64

  init(_ test: String, _ kernels: Kernels? = nil) {
    let seed = Random.givenSeed ?? UInt64.random(in: 0...0xffff_ffff)
    generator = SplitMix64(state: seed)
    print("seed \(seed) \(test) \(kernels?.name ?? "")")
  }

  private static let givenSeed = Environment.value("MARTLET_TEST_SEED").flatMap { UInt64($0) }

  mutating func next() -> UInt64 { generator.next() }

  /// A size that finds edges: 0, 1, and around one, two and several vectors.
  mutating func size(_ kernels: Kernels, upTo most: Int = 100, zero: Bool = true) -> Int {
    let lanes = kernels.vectorLanes
    let edges = [
      zero ? 0 : 1, 1, 2, lanes - 1, lanes, lanes + 1, 2 * lanes - 1, 2 * lanes, 2 * lanes + 1,
      kernels.panelRows - 1, kernels.panelRows, kernels.panelRows + 1,
    ]
    let choice = Int.random(in: 0..<2 * edges.count, using: &self)
    let size = choice < edges.count ? edges[choice] : Int.random(in: 1...most, using: &self)
    return min(size, most)
  }

  /// Small whole numbers: products and sums of them are exact in f32, in any order, so a kernel
  /// must equal the reference bit for bit.
  mutating func wholes(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float(Int.random(in: -8...8, using: &self)) }
  }

  mutating func reals(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}

/// Distance in units in the last place of `want`; NaN equals NaN.
func ulps(_ got: Float, _ want: Float) -> Double {
  if got.isNaN || want.isNaN { return got.isNaN && want.isNaN ? 0 : .infinity }
  if got == want { return 0 }
  if got.isInfinite || want.isInfinite { return .infinity }
  return Double(abs(Double(got) - Double(want))) / Double(want.ulp)
}

/// Memory of known address, with a guard behind it to see writes past the end. A kernel gets no
/// more than it may touch: what lies behind is not zero.
final class Memory {
  private static let mark: Float = -77_777
  private static let guardCount = 64
  let count: Int
  let base: UnsafeMutablePointer<Float>

  init(_ values: [Float]) {
    count = values.count
    base = .allocate(capacity: count + Self.guardCount)
    for (index, value) in values.enumerated() { (base + index).initialize(to: value) }
    (base + count).initialize(repeating: Self.mark, count: Self.guardCount)
  }

  convenience init(count: Int) { self.init([Float](repeating: .nan, count: count)) }

  deinit { base.deallocate() }

  var values: [Float] { (0..<count).map { base[$0] } }
  var isIntact: Bool { (count..<count + Self.guardCount).allSatisfy { base[$0] == Self.mark } }
}
