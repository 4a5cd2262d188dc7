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

/// Grows one tree of gradients over histograms: the leaf that gains most is split next (Friedman, 2001;
/// Ke and others, 2017).
struct HistogramGrower {
  private let layout: HistogramLayout
  private let limits: BoostingLimits
  private let threads: ThreadPool?
  private var random: RepeatableRandom
  private let scale: GradientScale
  /// The examples node by node, and their words.
  private let rows: Memory<UInt32>
  private let words: Memory<SIMD2<Int64>>
  private let rowScratch: Memory<UInt32>
  private let wordScratch: Memory<SIMD2<Int64>>
  private var spare: [GradientHistogram] = []
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
    _ layout: HistogramLayout, rows: Memory<UInt32>, gradient: UnsafePointer<Double>,
    curvature: UnsafePointer<Double>, limits: BoostingLimits, seed: UInt64, threads: ThreadPool?
  ) {
    self.layout = layout
    self.limits = limits
    self.threads = threads
    random = RepeatableRandom(seed)
    self.rows = Memory(uninitialized: rows.count)
    self.rows.base.update(from: rows.base, count: rows.count)
    words = Memory(uninitialized: rows.count)
    rowScratch = Memory(uninitialized: rows.count)
    wordScratch = Memory(uninitialized: rows.count)
    var (gradientMax, curvatureMax) = (0.0, 0.0)
    for index in 0..<rows.count {
      let row = Int(rows.base[index])
      gradientMax = max(gradientMax, gradient[row].magnitude)
      curvatureMax = max(curvatureMax, curvature[row])
    }
    scale = GradientScale(
      count: rows.count, gradientMax: gradientMax, curvatureMax: curvatureMax)
    for index in 0..<rows.count {
      let row = Int(rows.base[index])
      words.base[index] = scale.words(gradient[row], curvature[row])
    }
  }

  /// Grows the tree and adds its leaves' values to `scores`.
  mutating func grow(addingTo scores: UnsafeMutablePointer<Double>) -> DecisionTree {
    var total = SIMD2<Int64>.zero
    for index in 0..<words.count { total &+= words.base[index] }
    leaves = [add(0, rows.count, depth: 0, scale.sums(total))]
    prepare(0, from: nil)
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
      for index in leaf.first..<leaf.first + leaf.count {
        scores[Int(rows.base[index])] += tree.values[leaf.node]
      }
    }
    return tree
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
    prepare(small, from: nil)
    prepare(large, from: (parent.histogram, leaves[small].histogram))
    if let unused = parent.histogram, leaves[large].histogram !== unused { spare.append(unused) }
    // What will not be split needs no histogram.
    for place in [small, large] where leaves[place].split == nil {
      if let unused = leaves[place].histogram { spare.append(unused) }
      leaves[place].histogram = nil
    }
  }

  /// Fills a leaf's histograms, or subtracts a sibling's from a parent's in place, and finds its split.
  private mutating func prepare(
    _ index: Int, from known: (parent: GradientHistogram?, sibling: GradientHistogram?)?
  ) {
    let leaf = leaves[index]
    let canSplit =
      leaf.count >= 2 * limits.leafSampleCountMin && leaf.depth < limits.depthMax
      && leaf.sums.curvature >= 2 * limits.curvatureMin
    // A sibling may still need it.
    guard canSplit || known == nil else { return }
    let histogram: GradientHistogram
    let features = layout.table.features.count
    if let parent = known?.parent, let sibling = known?.sibling {
      histogram = parent
      for bin in 0..<histogram.count { histogram.base[bin] &-= sibling.base[bin] }
    } else {
      histogram =
        spare.popLast() ?? Memory(uninitialized: layout.offsets[layout.table.features.count])
      let (rows, words) = (self.rows.base + leaf.first, self.words.base + leaf.first)
      // Four features are added up together.
      let tasks =
        threads != nil && leaf.count * features > 1 << 14 ? min((features + 3) / 4, 64) : 1
      Tasks.run(tasks, on: threads) { task in
        layout.fill(
          histogram, features: features * task / tasks..<features * (task + 1) / tasks, rows, words,
          count: leaf.count)
      }
    }
    leaves[index].histogram = histogram
    guard canSplit else { return }
    let search = BoostedSplitSearch(layout, scale, limits, histogram, leaf.sums)
    var best: BoostedSplit?
    for feature in drawnFeatures() {
      if let found = search.best(feature), found.gain > best?.gain ?? 0 { best = found }
    }
    leaves[index].split = best
  }

  private mutating func drawnFeatures() -> [Int] {
    var features = Array(layout.table.features.indices)
    guard let count = limits.featureCountMax, count < features.count else { return features }
    for position in 0..<count {
      features.swapAt(position, position + random.next(below: features.count - position))
    }
    return features[..<count].sorted()
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
    var (left, right) = (0, 0)
    goesLeft.withUnsafeBufferPointer { goesLeft in
      for place in 0..<count {
        let (row, word) = (rows[place], words[place])
        let isLeft = goesLeft[feature.codes[Int(row)]] ? 1 : 0
        rowScratch.base[right] = row
        wordScratch.base[right] = word
        rows[left] = row
        words[left] = word
        left &+= isLeft
        right &+= 1 &- isLeft
      }
    }
    (rows + left).update(from: rowScratch.base, count: right)
    (words + left).update(from: wordScratch.base, count: right)
    return left
  }
}
