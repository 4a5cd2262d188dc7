/// The examples of a node by category, and the best way to part the categories in two.
///
/// Two classes and numbers have an order of categories that the best split is found in; for more classes
/// all ways to part up to ten categories are tried, and of more each category against the rest.
struct CategoryGroups {
  struct Best {
    var proxy: Double
    /// Codes that go left, ascending.
    var left: [Int32]
    var missingGoesLeft: Bool
  }

  /// All ways to part so many are tried.
  static let exhaustiveCountMax = 10

  private let sorted: UnsafeBufferPointer<UInt64>
  private let missing: UnsafePointer<UInt32>
  private let missingCount: Int
  /// Ranges of `sorted`, one for each category.
  private var groups: [Range<Int>] = []

  init(
    _ sorted: UnsafeBufferPointer<UInt64>, missingPlaces: UnsafePointer<UInt32>, missingCount: Int
  ) {
    self.sorted = sorted
    missing = missingPlaces
    self.missingCount = missingCount
    var start = 0
    for index in 1...max(1, sorted.count)
    where index == sorted.count || sorted[index] >> 32 != sorted[start] >> 32 {
      if start < index, index <= sorted.count { groups.append(start..<index) }
      start = index
    }
  }

  private func code(_ group: Range<Int>) -> Int32 { Int32(sorted[group.lowerBound] >> 32) }

  /// Examples without a value go where the right side is, as new categories do, or left if that is the
  /// only way to part anything.
  func best<C: SplitCriterion>(
    sampleCountMin: Int, weightMin: Double, _ criterion: inout C
  ) -> Best? {
    guard groups.count > 1 || missingCount > 0 else { return nil }
    var best: Best?
    func consider(_ right: [Range<Int>], _ criterion: inout C) {
      criterion.reset()
      var count = missingCount
      for index in 0..<missingCount { criterion.move(Int(missing[index])) }
      for group in right {
        for index in group { criterion.move(Int(UInt32(truncatingIfNeeded: sorted[index]))) }
        count += group.count
      }
      let total = sorted.count + missingCount
      guard count >= sampleCountMin, total - count >= sampleCountMin, count < total, count > 0,
        min(criterion.rightWeight, criterion.weight - criterion.rightWeight) >= weightMin
      else { return }
      let proxy = criterion.proxy
      if proxy > best?.proxy ?? -.infinity {
        let gone = Set(right.map { code($0) })
        best = Best(
          proxy: proxy, left: groups.map { code($0) }.filter { !gone.contains($0) },
          missingGoesLeft: false)
      }
    }
    if missingCount > 0 { consider([], &criterion) }
    if let ordered = ordered(criterion) {
      for count in 1..<max(1, ordered.count) { consider(Array(ordered[..<count]), &criterion) }
    } else if groups.count <= Self.exhaustiveCountMax {
      // The last category stays left: which side is called left does not matter.
      for mask in 1..<max(1, 1 << (groups.count - 1)) {
        consider(groups.indices.filter { mask >> $0 & 1 == 1 }.map { groups[$0] }, &criterion)
      }
    } else {
      for group in groups { consider([group], &criterion) }
    }
    return best
  }

  /// The categories by what the criterion orders them by.
  private func ordered<C: SplitCriterion>(_ criterion: C) -> [Range<Int>]? {
    var keyed: [(key: Double, group: Range<Int>)] = []
    for group in groups {
      guard let key = criterion.categoryKey(UnsafeBufferPointer(rebasing: sorted[group])) else {
        return nil
      }
      keyed.append((key, group))
    }
    return keyed.sorted { ($0.key, $0.group.lowerBound) < ($1.key, $1.group.lowerBound) }
      .map(\.group)
  }
}
