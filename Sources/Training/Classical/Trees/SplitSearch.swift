/// The best split of a node.
struct Split {
  var feature: Int
  var proxy: Double
  var threshold: Double
  /// The last code that goes left; of categories, those in `categories`.
  var lastLeftCode: Int
  var categories: [Int32]?
  var missingGoesLeft: Bool
}

/// Looks for the best split of one node along one feature at a time.
///
/// Codes of the node's examples are sorted by counting; those of the smallest code, often most, need not
/// be: they are what stays left when all others have gone.
struct SplitSearch {
  private let table: TreeTable
  private let samples: TreeSamples
  private let sampleCountMin: Int
  private let weightMin: Double
  private let codes: Memory<UInt32>
  /// (code, place in the node) pairs, and room to sort them.
  private let keys: Memory<UInt64>
  private let other: Memory<UInt64>
  private let missing: Memory<UInt32>

  init(_ table: TreeTable, _ samples: TreeSamples, sampleCountMin: Int, weightMin: Double) {
    self.table = table
    self.samples = samples
    self.sampleCountMin = sampleCountMin
    self.weightMin = weightMin
    codes = Memory(uninitialized: samples.count)
    keys = Memory(uninitialized: samples.count)
    other = Memory(uninitialized: samples.count)
    missing = Memory(uninitialized: samples.count)
  }

  /// How a feature did.
  enum Outcome {
    /// All examples have the same value, or none.
    case constant
    /// No split leaves enough examples on both sides.
    case none
    case split(Split)
  }

  /// Searches the examples from `first` on, which `criterion` has begun with.
  func search<C: SplitCriterion>(
    _ featureIndex: Int, first: Int, count: Int, _ criterion: inout C
  ) -> Outcome {
    let feature = table.features[featureIndex]
    let codes = codes.base
    feature.codes.gather(samples.rows.base + first, count, into: codes)
    let missingCode = UInt32(feature.low.count)
    var (lowest, highest) = (UInt32.max, UInt32(0))
    var missingCount = 0
    if feature.hasMissing {
      for place in 0..<count {
        if codes[place] == missingCode {
          missing.base[missingCount] = UInt32(place)
          missingCount += 1
        } else {
          lowest = min(lowest, codes[place])
          highest = max(highest, codes[place])
        }
      }
    } else {
      for place in 0..<count {
        lowest = min(lowest, codes[place])
        highest = max(highest, codes[place])
      }
    }
    guard missingCount < count, lowest < highest || missingCount > 0 else { return .constant }
    if feature.isCategory {
      let sorted = sort(count, base: lowest, highest: highest, missingCode, takesLowest: true)
      return searchCategories(featureIndex, sorted, missingCount, &criterion)
    }
    let sorted = sort(count, base: lowest, highest: highest, missingCode, takesLowest: false)
    var best: Split?
    for missingGoesLeft in missingCount > 0 ? [false, true] : [false] {
      criterion.reset()
      if !missingGoesLeft {
        for index in 0..<missingCount { criterion.move(Int(missing.base[index])) }
      }
      let found = scan(
        featureIndex, sorted, count: count, lowest: Int(lowest),
        missingRight: missingGoesLeft ? 0 : missingCount, &criterion)
      guard var found, found.proxy > best?.proxy ?? -.infinity else { continue }
      if missingCount > 0 { found.missingGoesLeft = missingGoesLeft }
      best = found
    }
    return best.map { .split($0) } ?? .none
  }

  /// Sorts the examples that have another code than the lowest, or all.
  private func sort(
    _ count: Int, base: UInt32, highest: UInt32, _ missingCode: UInt32, takesLowest: Bool
  ) -> UnsafeBufferPointer<UInt64> {
    let (keys, codes) = (keys.base, codes.base)
    var keyCount = 0
    for place in 0..<count {
      // Written always, kept if it counts: no branch that could be guessed wrong.
      keys[keyCount] = UInt64(codes[place]) << 32 | UInt64(place)
      let counts = codes[place] != missingCode && (takesLowest || codes[place] != base)
      keyCount &+= counts ? 1 : 0
    }
    if keyCount <= 32 {
      for index in 1..<max(1, keyCount) {
        let key = keys[index]
        var hole = index
        while hole > 0, keys[hole - 1] > key {
          keys[hole] = keys[hole - 1]
          hole -= 1
        }
        keys[hole] = key
      }
      return UnsafeBufferPointer(start: keys, count: keyCount)
    }
    let bits = 32 - highest.leadingZeroBitCount
    let sorted = RadixSort.sort(keys, other.base, keyCount, lowestBit: 32, bitCount: bits)
    return UnsafeBufferPointer(start: sorted, count: keyCount)
  }

  /// Moves code after code to the right. Of equal splits the one furthest left is kept.
  @inline(__always)
  private func scan<C: SplitCriterion>(
    _ featureIndex: Int, _ sorted: UnsafeBufferPointer<UInt64>, count: Int, lowest: Int,
    missingRight: Int, _ criterion: inout C
  ) -> Split? {
    let feature = table.features[featureIndex]
    var (best, bestLower, bestUpper) = (-Double.infinity, -1, -1)
    var bestRight = 0
    var rightCount = missingRight
    var index = sorted.count
    var upper = -1
    while true {
      // The next code on the left.
      let lower = index > 0 ? Int(sorted[index - 1] >> 32) : lowest
      // Before anything has moved, what is right is what has no value.
      let isCandidate = upper < 0 ? missingRight > 0 : feature.separates(lower, upper)
      if isCandidate, rightCount >= sampleCountMin, count - rightCount >= sampleCountMin,
        weightMin <= 0
          || min(criterion.rightWeight, criterion.weight - criterion.rightWeight) >= weightMin
      {
        let proxy = criterion.proxy
        if proxy >= best {
          (best, bestLower, bestUpper, bestRight) = (proxy, lower, upper, rightCount)
        }
      }
      guard index > 0, count - rightCount > sampleCountMin else { break }
      upper = lower
      repeat {
        index &-= 1
        criterion.move(Int(UInt32(truncatingIfNeeded: sorted[index])))
        rightCount &+= 1
      } while index > 0 && Int(sorted[index &- 1] >> 32) == upper
    }
    guard bestLower >= 0 else { return nil }
    let threshold = bestUpper < 0 ? .infinity : feature.threshold(bestLower, bestUpper)
    // Examples that are not in this node may have values between the two: the last that is not above.
    var (last, above) = (bestLower, bestUpper < 0 ? feature.high.count : bestUpper)
    while last + 1 < above {
      let middle = (last + above) / 2
      if Double(feature.high[middle]) <= threshold { last = middle } else { above = middle }
    }
    return Split(
      feature: featureIndex, proxy: best, threshold: threshold, lastLeftCode: last, categories: nil,
      missingGoesLeft: count - bestRight > bestRight)
  }

  /// Moves the members of categories, from the first on, until all but the last have gone.
  private func searchCategories<C: SplitCriterion>(
    _ featureIndex: Int, _ sorted: UnsafeBufferPointer<UInt64>, _ missingCount: Int,
    _ criterion: inout C
  ) -> Outcome {
    let groups = CategoryGroups(sorted, missingPlaces: missing.base, missingCount: missingCount)
    let found = groups.best(
      sampleCountMin: sampleCountMin, weightMin: weightMin, &criterion)
    guard let found else { return .none }
    return .split(
      Split(
        feature: featureIndex, proxy: found.proxy, threshold: 0, lastLeftCode: -1,
        categories: found.left, missingGoesLeft: found.missingGoesLeft))
  }
}
