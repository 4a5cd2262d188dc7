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
    gradientUnits = Self.units(0x1p62 / room, most: gradientMax)
    curvatureUnits = Self.units(Double(Int64(1) << (countShift - 1)) / room, most: curvatureMax)
    gradientInverse = 1 / gradientUnits
    curvatureInverse = 1 / curvatureUnits
    curvatureMask = 1 << countShift - 1
  }

  /// So many that numbers up to `most` become whole ones up to `whole`. Of numbers so small that these would have no end,
  /// the most there are.
  private static func units(_ whole: Double, most: Double) -> Double {
    most > 0 ? min(whole / most, .greatestFiniteMagnitude) : 1
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

  /// Adds up the examples `rows`, whose words lie in the same order, for some features.
  func fill(
    _ histogram: GradientHistogram, features: Range<Int>, _ rows: UnsafePointer<UInt32>,
    _ words: UnsafePointer<SIMD2<Int64>>, count: Int
  ) {
    guard !features.isEmpty else { return }
    let first = offsets[features.lowerBound]
    (histogram.base + first).update(
      repeating: .zero, count: offsets[features.upperBound] - first)
    // Each feature reads the words: some of them at a time come from the second cache.
    let block = 8192
    for start in stride(from: 0, to: count, by: block) {
      let size = min(block, count - start)
      var feature = features.lowerBound
      while feature < features.upperBound {
        if feature + 4 <= features.upperBound,
          addFour(histogram, feature, rows + start, words + start, size)
        {
          feature += 4
          continue
        }
        let bins = histogram.base + offsets[feature]
        switch table.features[feature].codes {
        case .bytes(let codes): add(codes.base, rows + start, words + start, size, bins)
        case .shorts(let codes): add(codes.base, rows + start, words + start, size, bins)
        case .words(let codes): add(codes.base, rows + start, words + start, size, bins)
        }
        feature += 1
      }
    }
  }

  /// Four features at once, whose histograms fit the first cache: a word is read once for all of them. false
  /// unless their codes are bytes.
  private func addFour(
    _ histogram: GradientHistogram, _ feature: Int, _ rows: UnsafePointer<UInt32>,
    _ words: UnsafePointer<SIMD2<Int64>>, _ count: Int
  ) -> Bool {
    guard case .bytes(let codes0) = table.features[feature].codes,
      case .bytes(let codes1) = table.features[feature + 1].codes,
      case .bytes(let codes2) = table.features[feature + 2].codes,
      case .bytes(let codes3) = table.features[feature + 3].codes
    else { return false }
    let (c0, c1, c2, c3) = (codes0.base, codes1.base, codes2.base, codes3.base)
    let base = histogram.base
    let (b0, b1) = (base + offsets[feature], base + offsets[feature + 1])
    let (b2, b3) = (base + offsets[feature + 2], base + offsets[feature + 3])
    for index in 0..<count {
      let (row, word) = (Int(rows[index]), words[index])
      b0[Int(c0[row])] &+= word
      b1[Int(c1[row])] &+= word
      b2[Int(c2[row])] &+= word
      b3[Int(c3[row])] &+= word
    }
    return true
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
