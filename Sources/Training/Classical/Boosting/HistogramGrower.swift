internal import Compute

/// What limits a boosted tree.
struct BoostingLimits {
  var leafCountMax: Int?
  var depthMax = Int.max
  var leafSampleCountMin = 20
  var penalty = 0.0
  /// A leaf's curvature at least.
  var curvatureMin = 1e-3
  var learningRate = 0.1
  /// Features that are drawn for each split; nil for all.
  var featureCountMax: Int?
}

/// Grows trees of gradients over histograms: the leaf that gains most is split next (Friedman, 2001;
/// Ke and others, 2017). Its memory serves all trees of a training.
struct HistogramGrower {
  private let layout: HistogramLayout
  private let limits: BoostingLimits
  private let threads: ThreadPool?
  /// The examples, as they are given.
  private let examples: Memory<UInt32>
  /// The examples node by node, and their words.
  private let rows: Memory<UInt32>
  private let words: Memory<SIMD2<Int64>>
  private let leftScratch: (rows: Memory<UInt32>, words: Memory<SIMD2<Int64>>)
  private let rightScratch: (rows: Memory<UInt32>, words: Memory<SIMD2<Int64>>)
  private var spare: [GradientHistogram] = []
  // Of the tree that grows.
  private var random = RepeatableRandom(0)
  private var scale = GradientScale(count: 0, gradientMax: 0, curvatureMax: 0)
  private var tree = DecisionTree(valueCount: 1)
  private var leaves: [Leaf] = []

  private struct Leaf {
    var node: Int
    var first: Int
    var count: Int
    var depth: Int
    var sums: GradientSums
    var histogram: GradientHistogram?
    var split: BoostedSplit?
  }

  init(
    _ layout: HistogramLayout, rows examples: Memory<UInt32>, limits: BoostingLimits,
    threads: ThreadPool?
  ) {
    (self.layout, self.limits, self.threads, self.examples) = (layout, limits, threads, examples)
    let count = examples.count
    (rows, words) = (Memory(uninitialized: count), Memory(uninitialized: count))
    leftScratch = (Memory(uninitialized: count), Memory(uninitialized: count))
    rightScratch = (Memory(uninitialized: count), Memory(uninitialized: count))
  }

  /// Grows a tree and adds its leaves' values to `scores`; derivatives and scores are those of every row.
  mutating func grow(
    gradient: UnsafePointer<Double>, curvature: UnsafePointer<Double>, seed: UInt64,
    addingTo scores: UnsafeMutablePointer<Double>
  ) -> DecisionTree {
    random = RepeatableRandom(seed)
    tree = DecisionTree(valueCount: 1)
    spare += leaves.compactMap(\.histogram)
    let total = begin(gradient, curvature)
    leaves = [add(0, rows.count, depth: 0, scale.sums(total))]
    prepare(0, canSplit(leaves[0]), sibling: nil)
    while leaves.count < limits.leafCountMax ?? Int.max {
      var (best, gain) = (-1, 0.0)
      for index in leaves.indices where leaves[index].split?.gain ?? 0 > gain {
        (best, gain) = (index, leaves[index].split?.gain ?? 0)
      }
      guard best >= 0, let split = leaves[best].split else { break }
      divide(best, split)
    }
    for leaf in leaves {
      let value = -limits.learningRate * leaf.sums.gradient / (leaf.sums.curvature + limits.penalty)
      tree.values[leaf.node] = value.isFinite ? value : 0
    }
    let (leaves, rows, values) = (leaves, rows, tree.values)
    let tasks = min(leaves.count, 64)
    Tasks.run(tasks, on: threads) { task in
      for leaf in leaves[leaves.count * task / tasks..<leaves.count * (task + 1) / tasks] {
        let value = values[leaf.node]
        for index in leaf.first..<leaf.first + leaf.count {
          scores[Int(rows.base[index])] += value
        }
      }
    }
    return tree
  }

  /// Puts all examples into one node; returns the sum of their words.
  private mutating func begin(
    _ gradient: UnsafePointer<Double>, _ curvature: UnsafePointer<Double>
  ) -> SIMD2<Int64> {
    let (rows, words, examples) = (rows, words, examples)
    let shards = Tasks.shards(rows.count, bytesEach: 64)
    let largest = Memory<SIMD2<Double>>(repeating: .zero, count: shards.count)
    Tasks.run(shards.count, on: threads) { task in
      var own = SIMD2<Double>.zero
      for index in shards[task] {
        let row = Int(examples.base[index])
        own.x = max(own.x, gradient[row].magnitude)
        own.y = max(own.y, curvature[row])
      }
      largest.base[task] = own
    }
    let scale = GradientScale(
      count: rows.count, gradientMax: largest.elements.reduce(0) { max($0, $1.x) },
      curvatureMax: largest.elements.reduce(0) { max($0, $1.y) })
    let totals = Memory<SIMD2<Int64>>(repeating: .zero, count: shards.count)
    Tasks.run(shards.count, on: threads) { task in
      var total = SIMD2<Int64>.zero
      for index in shards[task] {
        let row = examples.base[index]
        let word = scale.words(gradient[Int(row)], curvature[Int(row)])
        rows.base[index] = row
        words.base[index] = word
        total &+= word
      }
      totals.base[task] = total
    }
    self.scale = scale
    return totals.elements.reduce(.zero, &+)
  }

  private mutating func add(_ first: Int, _ count: Int, depth: Int, _ sums: GradientSums) -> Leaf {
    var node = DecisionTree.Node()
    node.weight = sums.curvature
    node.sampleCount = Int32(count)
    tree.nodes.append(node)
    tree.values.append(0)
    return Leaf(
      node: tree.nodes.count - 1, first: first, count: count, depth: depth, sums: sums)
  }

  private mutating func divide(_ index: Int, _ split: BoostedSplit) {
    let parent = leaves[index]
    let leftCount = partition(split, first: parent.first, count: parent.count)
    tree.nodes[parent.node].feature = Int32(split.feature)
    tree.nodes[parent.node].threshold = split.threshold
    tree.nodes[parent.node].lastLeftCode = Int32(split.lastLeftCode)
    tree.nodes[parent.node].missingGoesLeft = split.missingGoesLeft
    if let categories = split.categories {
      tree.nodes[parent.node].categorySet = Int32(tree.categorySets.count)
      tree.categorySets.append(categories)
    }
    tree.nodes[parent.node].left = Int32(tree.nodes.count)
    let left = add(parent.first, leftCount, depth: parent.depth + 1, split.left)
    tree.nodes[parent.node].right = Int32(tree.nodes.count)
    let right = add(
      parent.first + leftCount, parent.count - leftCount, depth: parent.depth + 1,
      parent.sums - split.left)
    leaves[index] = left
    leaves.append(right)
    let (small, large) =
      left.count <= right.count ? (index, leaves.count - 1) : (leaves.count - 1, index)
    leaves[large].histogram = parent.histogram
    prepare(small, canSplit(leaves[small]), sibling: (large, canSplit(leaves[large])))
    // What will not be split needs no histogram.
    for place in [small, large] where leaves[place].split == nil {
      if let unused = leaves[place].histogram { spare.append(unused) }
      leaves[place].histogram = nil
    }
  }

  private func canSplit(_ leaf: Leaf) -> Bool {
    leaf.count >= 2 * limits.leafSampleCountMin && leaf.depth < limits.depthMax
      && leaf.sums.curvature >= 2 * limits.curvatureMin
  }

  /// Fills a leaf's histograms, takes them from its sibling's, which are those of both, and finds the splits of
  /// both: one feature after the other, so that threads do not wait for each other between.
  private mutating func prepare(
    _ index: Int, _ isWanted: Bool, sibling: (index: Int, isWanted: Bool)?
  ) {
    guard isWanted || sibling?.isWanted == true else { return }
    let (layout, scale, limits) = (layout, scale, limits)
    let features = layout.table.features.count
    let histogram = spare.popLast() ?? Memory(uninitialized: layout.offsets[features])
    leaves[index].histogram = histogram
    let leaf = leaves[index]
    let (rows, words) = (self.rows.base + leaf.first, self.words.base + leaf.first)
    let own = isWanted ? search(leaf) : nil
    var other: (search: BoostedSplitSearch, isDrawn: [Bool])?
    if let sibling, sibling.isWanted { other = search(leaves[sibling.index]) }
    let taskCount = taskCount(leaf.count)
    var found = [(own: BoostedSplit?, other: BoostedSplit?)](
      repeating: (nil, nil), count: taskCount)
    found.withUnsafeMutableBufferPointer { found in
      let found = found
      Tasks.run(taskCount, on: threads) { task in
        let range = features * task / taskCount..<features * (task + 1) / taskCount
        layout.fill(histogram, features: range, rows, words, count: leaf.count)
        var best: (own: BoostedSplit?, other: BoostedSplit?)
        for feature in range {
          if let own, own.isDrawn[feature] { own.search.improve(&best.own, feature) }
          if let other {
            other.search.subtract(histogram, feature)
            if other.isDrawn[feature] { other.search.improve(&best.other, feature) }
          }
        }
        found[task] = best
      }
    }
    // Of equal gains the first feature's, whoever found it.
    for best in found {
      if let own = best.own, own.gain > leaves[index].split?.gain ?? 0 { leaves[index].split = own }
      if let place = sibling?.index, let other = best.other,
        other.gain > leaves[place].split?.gain ?? 0
      {
        leaves[place].split = other
      }
    }
  }

  /// What looks for a leaf's split, and in which features.
  private mutating func search(_ leaf: Leaf) -> (search: BoostedSplitSearch, isDrawn: [Bool])? {
    leaf.histogram.map {
      (BoostedSplitSearch(layout, scale, limits, $0, leaf.sums), drawnFeatures())
    }
  }

  /// Tasks of nearly as many features each, in fours if there are enough: these are added up together.
  private func taskCount(_ exampleCount: Int) -> Int {
    let features = layout.table.features.count
    guard let threads, exampleCount * features + 4 * layout.offsets[features] > 1 << 14 else {
      return 1
    }
    let each = max(1, min(4, features / (16 * threads.participantCount)))
    return min((features + 3) / 4, threads.participantCount * each)
  }

  private mutating func drawnFeatures() -> [Bool] {
    let all = layout.table.features.count
    guard let count = limits.featureCountMax, count < all else {
      return [Bool](repeating: true, count: all)
    }
    var features = Array(0..<all)
    var isDrawn = [Bool](repeating: false, count: all)
    for position in 0..<count {
      features.swapAt(position, position + random.next(below: all - position))
      isDrawn[features[position]] = true
    }
    return isDrawn
  }

  /// Brings the examples of both sides together; returns how many go left.
  private func partition(_ split: BoostedSplit, first: Int, count: Int) -> Int {
    let feature = layout.table.features[split.feature]
    var goesLeft = [Bool](repeating: false, count: feature.low.count + 1)
    if let categories = split.categories {
      for category in categories { goesLeft[Int(category)] = true }
    } else {
      for code in 0...max(0, split.lastLeftCode) { goesLeft[code] = true }
    }
    goesLeft[feature.low.count] = split.missingGoesLeft
    let (rows, words) = (rows.base + first, words.base + first)
    let (rightRows, rightWords) = (rightScratch.rows.base + first, rightScratch.words.base + first)
    let shards = threads == nil ? [0..<count] : Tasks.shards(count, bytesEach: 8)
    // One shard's left ones stay where they are; those of several are brought together below.
    let isOne = shards.count == 1
    let leftRows = isOne ? rows : leftScratch.rows.base + first
    let leftWords = isOne ? words : leftScratch.words.base + first
    let leftCounts = Memory<Int>(uninitialized: shards.count)
    Tasks.run(shards.count, on: threads) { task in
      var (left, right) = (shards[task].lowerBound, shards[task].lowerBound)
      goesLeft.withUnsafeBufferPointer { goesLeft in
        for place in shards[task] {
          let (row, word) = (rows[place], words[place])
          let isLeft = goesLeft[feature.codes[Int(row)]] ? 1 : 0
          rightRows[right] = row
          rightWords[right] = word
          leftRows[left] = row
          leftWords[left] = word
          left &+= isLeft
          right &+= 1 &- isLeft
        }
      }
      leftCounts.base[task] = left - shards[task].lowerBound
    }
    var (left, right) = (0, leftCounts.elements.reduce(0, +))
    let leftCount = right
    let places = shards.indices.map { shard in
      defer {
        left += leftCounts.base[shard]
        right += shards[shard].count - leftCounts.base[shard]
      }
      return (left: left, right: right)
    }
    Tasks.run(shards.count, on: threads) { task in
      let (start, place, lefts) = (shards[task].lowerBound, places[task], leftCounts.base[task])
      let rights = shards[task].count - lefts
      if !isOne {
        (rows + place.left).update(from: leftRows + start, count: lefts)
        (words + place.left).update(from: leftWords + start, count: lefts)
      }
      (rows + place.right).update(from: rightRows + start, count: rights)
      (words + place.right).update(from: rightWords + start, count: rights)
    }
    return leftCount
  }
}
