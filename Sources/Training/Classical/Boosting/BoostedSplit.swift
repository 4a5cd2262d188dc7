/// The best split of a leaf.
struct BoostedSplit {
  var feature: Int
  var gain: Double
  var threshold: Double
  var lastLeftCode: Int
  var categories: [Int32]?
  var missingGoesLeft: Bool
  var left: GradientSums
}

/// Looks for the best split in a leaf's histograms.
struct BoostedSplitSearch {
  private let layout: HistogramLayout
  private let scale: GradientScale
  private let limits: BoostingLimits
  private let histogram: GradientHistogram
  private let sums: GradientSums
  /// What the leaf is worth unsplit.
  private let own: Double

  init(
    _ layout: HistogramLayout, _ scale: GradientScale, _ limits: BoostingLimits,
    _ histogram: GradientHistogram, _ sums: GradientSums
  ) {
    self.layout = layout
    self.scale = scale
    self.limits = limits
    self.histogram = histogram
    self.sums = sums
    own = sums.gradient * sums.gradient / (sums.curvature + limits.penalty)
  }

  /// Takes another leaf's sums of a feature from this one's: they were those of both.
  func subtract(_ sibling: GradientHistogram, _ feature: Int) {
    for bin in layout.offsets[feature]..<layout.offsets[feature + 1] {
      histogram.base[bin] &-= sibling.base[bin]
    }
  }

  /// Takes the best split of a feature if it gains more than the best one so far.
  func improve(_ best: inout BoostedSplit?, _ feature: Int) {
    if let found = self.best(feature), found.gain > best?.gain ?? 0 { best = found }
  }

  /// The best split of one feature; nil if none gains.
  func best(_ index: Int) -> BoostedSplit? {
    let feature = layout.table.features[index]
    let bins = histogram.base + layout.offsets[index]
    let count = feature.low.count
    let missing = scale.sums(bins[count])
    if feature.isCategory { return bestOfCategories(index, bins, count) }
    var best: BoostedSplit?
    for missingGoesLeft in missing.count > 0 ? [false, true] : [false] {
      var words = missingGoesLeft ? bins[count] : .zero
      for bin in 0..<count {
        let isEmpty = bins[bin] == .zero
        words &+= bins[bin]
        // Behind the last bin is only what is missing.
        guard !isEmpty, bin + 1 < count || (missing.count > 0 && !missingGoesLeft) else {
          continue
        }
        let left = scale.sums(words)
        if left.count < limits.leafSampleCountMin { continue }
        if sums.count - left.count < limits.leafSampleCountMin { break }
        guard let gain = gain(left), gain > best?.gain ?? 0 else { continue }
        let isLast = bin + 1 == count
        best = BoostedSplit(
          feature: index, gain: gain,
          threshold: isLast ? .infinity : feature.threshold(bin, bin + 1), lastLeftCode: bin,
          categories: nil,
          missingGoesLeft: missing.count > 0
            ? missingGoesLeft : left.count > sums.count - left.count, left: left)
      }
    }
    return best
  }

  /// How much better two leaves are than one; nil if one of them would be too light.
  @inline(__always)
  private func gain(_ left: GradientSums) -> Double? {
    let right = sums - left
    guard left.curvature >= limits.curvatureMin, right.curvature >= limits.curvatureMin else {
      return nil
    }
    return left.gradient * left.gradient / (left.curvature + limits.penalty)
      + right.gradient * right.gradient / (right.curvature + limits.penalty) - own
  }

  /// Categories in the order of their mean gradient; what is missing goes right.
  private func bestOfCategories(
    _ index: Int, _ bins: UnsafePointer<SIMD2<Int64>>, _ count: Int
  ) -> BoostedSplit? {
    var members: [(key: Double, code: Int)] = []
    for code in 0..<count where bins[code] != .zero {
      let own = scale.sums(bins[code])
      // Ten more units of curvature keep rare categories in the middle.
      members.append((own.gradient / (own.curvature + 10), code))
    }
    members.sort { ($0.key, $0.code) < ($1.key, $1.code) }
    var best: (gain: Double, count: Int, left: GradientSums)?
    var words = SIMD2<Int64>.zero
    for (place, member) in members.enumerated() {
      words &+= bins[member.code]
      let left = scale.sums(words)
      guard left.count >= limits.leafSampleCountMin,
        sums.count - left.count >= limits.leafSampleCountMin, sums.count > left.count,
        let gain = gain(left), gain > best?.gain ?? 0
      else { continue }
      best = (gain, place + 1, left)
    }
    return best.map { best in
      BoostedSplit(
        feature: index, gain: best.gain, threshold: 0, lastLeftCode: -1,
        categories: members[..<best.count].map { Int32($0.code) }.sorted(),
        missingGoesLeft: false, left: best.left)
    }
  }
}
