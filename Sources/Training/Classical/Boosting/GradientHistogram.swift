/// Sums of gradients, curvatures and examples by the bins of every feature.
///
/// They are whole numbers, scaled so that no sum overflows: adding two words counts an example, sums do
/// not depend on the order or the number of threads, and the histogram of one child is exactly its
/// parent's less the other's.
struct GradientScale {
  /// Units of a gradient of 1, and of a curvature of 1.
  let gradientUnits: Double
  let curvatureUnits: Double
  private let gradientInverse: Double
  private let curvatureInverse: Double
  private let curvatureMask: Int64
  /// The second word holds the count above so many bits of curvature.
  let countShift: Int64

  /// For derivatives of these sizes at most, of so many examples.
  init(count: Int, gradientMax: Double, curvatureMax: Double) {
    let bits = Int.bitWidth - count.leadingZeroBitCount
    countShift = Int64(62 - bits)
    let room = Double(max(1, count))
    gradientUnits = gradientMax > 0 ? 0x1p62 / (gradientMax * room) : 1
    curvatureUnits =
      curvatureMax > 0 ? Double(Int64(1) << (countShift - 1)) / (curvatureMax * room) : 1
    gradientInverse = 1 / gradientUnits
    curvatureInverse = 1 / curvatureUnits
    curvatureMask = 1 << countShift - 1
  }

  @inline(__always)
  func words(_ gradient: Double, _ curvature: Double) -> SIMD2<Int64> {
    SIMD2(
      Int64((gradient * gradientUnits).rounded(.toNearestOrEven)),
      Int64((curvature * curvatureUnits).rounded(.toNearestOrEven)) | 1 << countShift)
  }

  @inline(__always)
  func sums(_ words: SIMD2<Int64>) -> GradientSums {
    GradientSums(
      gradient: Double(words.x) * gradientInverse,
      curvature: Double(words.y & curvatureMask) * curvatureInverse,
      count: Int(words.y &>> countShift))
  }
}

/// Sums over some examples.
struct GradientSums {
  var gradient: Double
  var curvature: Double
  var count: Int

  static func - (left: GradientSums, right: GradientSums) -> GradientSums {
    GradientSums(
      gradient: left.gradient - right.gradient, curvature: left.curvature - right.curvature,
      count: left.count - right.count)
  }
}

/// The histograms of a node, one behind the other.
typealias GradientHistogram = Memory<SIMD2<Int64>>

/// Where each feature's histogram begins, and how they are filled.
struct HistogramLayout {
  let table: TreeTable
  /// Begins of the features' bins; the last is the number of all.
  let offsets: [Int]

  init(_ table: TreeTable) {
    self.table = table
    var offsets = [0]
    // One more bin, for what is missing.
    for feature in table.features {
      offsets.append(offsets[offsets.count - 1] + feature.low.count + 1)
    }
    self.offsets = offsets
  }

  /// Adds up the examples `rows`, whose words lie in the same order.
  func fill(
    _ histogram: GradientHistogram, feature: Int, _ rows: UnsafePointer<UInt32>,
    _ words: UnsafePointer<SIMD2<Int64>>, count: Int
  ) {
    let bins = histogram.base + offsets[feature]
    bins.update(repeating: .zero, count: offsets[feature + 1] - offsets[feature])
    switch table.features[feature].codes {
    case .bytes(let codes): add(codes.base, rows, words, count, bins)
    case .shorts(let codes): add(codes.base, rows, words, count, bins)
    case .words(let codes): add(codes.base, rows, words, count, bins)
    }
  }

  @inline(__always)
  private func add<Code: FixedWidthInteger>(
    _ codes: UnsafePointer<Code>, _ rows: UnsafePointer<UInt32>,
    _ words: UnsafePointer<SIMD2<Int64>>, _ count: Int, _ bins: UnsafeMutablePointer<SIMD2<Int64>>
  ) {
    for index in 0..<count {
      let bin = Int(codes[Int(rows[index])])
      bins[bin] &+= words[index]
    }
  }
}
