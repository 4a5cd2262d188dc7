/// What limits a tree.
struct TreeLimits: Sendable {
  var depthMax = Int.max
  var splitSampleCountMin = 2
  var leafSampleCountMin = 1
  /// A share of all weight that each leaf needs.
  var leafWeightShareMin = 0.0
  /// Leaves at most: then the split that gains most comes first.
  var leafCountMax: Int?
  var impurityDecreaseMin = 0.0
  /// Features that are drawn for each split; nil for all, in order.
  var featureCountMax: Int?
}

/// Grows a tree from the root: CART (Breiman, Friedman, Olshen and Stone, 1984), with scikit-learn's rules
/// for what becomes a leaf.
struct TreeGrower<Criterion: SplitCriterion> {
  private let table: TreeTable
  private let limits: TreeLimits
  private let search: SplitSearch
  private var criterion: Criterion
  private var random: RepeatableRandom
  private var features: [Int]
  private let samples: TreeSamples
  private let partition: SamplePartition
  private var totalWeight = 0.0
  private var tree: DecisionTree

  /// A node whose split is known but not made.
  private struct Waiting {
    var node: Int
    var first: Int
    var count: Int
    var depth: Int
    var split: Split
    var improvement: Double
  }

  init(
    _ table: TreeTable, _ samples: TreeSamples, _ criterion: Criterion, valueCount: Int,
    limits: TreeLimits, seed: UInt64
  ) {
    self.table = table
    self.samples = samples
    self.criterion = criterion
    self.limits = limits
    random = RepeatableRandom(seed)
    features = Array(table.features.indices)
    partition = SamplePartition(table, samples)
    tree = DecisionTree(valueCount: valueCount)
    for index in 0..<samples.count { totalWeight += samples.weights.base[index] }
    search = SplitSearch(
      table, samples, sampleCountMin: limits.leafSampleCountMin,
      weightMin: limits.leafWeightShareMin * totalWeight)
  }

  /// Grows the tree. `pause` is called every few hundred nodes and may end it.
  mutating func grow(
    pause: (Int) throws(TrainingError) -> Void = { _ in }
  ) throws(TrainingError) -> DecisionTree {
    var waiting: [Waiting] = []
    var leafCount = 1
    add(0, samples.count, depth: 0, to: &waiting)
    while !waiting.isEmpty, leafCount < limits.leafCountMax ?? Int.max {
      var place = waiting.count - 1
      if limits.leafCountMax != nil {
        for index in waiting.indices where waiting[index].improvement > waiting[place].improvement {
          place = index
        }
      }
      let next = waiting.remove(at: place)
      let leftCount = partition.split(next.split, first: next.first, count: next.count)
      let node = next.node
      tree.nodes[node].feature = Int32(next.split.feature)
      tree.nodes[node].threshold = next.split.threshold
      tree.nodes[node].lastLeftCode = Int32(next.split.lastLeftCode)
      tree.nodes[node].missingGoesLeft = next.split.missingGoesLeft
      if let categories = next.split.categories {
        tree.nodes[node].categorySet = Int32(tree.categorySets.count)
        tree.categorySets.append(categories)
      }
      tree.nodes[node].left = Int32(tree.nodes.count)
      add(next.first, leftCount, depth: next.depth + 1, to: &waiting)
      tree.nodes[node].right = Int32(tree.nodes.count)
      add(
        next.first + leftCount, next.count - leftCount, depth: next.depth + 1, to: &waiting)
      leafCount += 1
      if leafCount % 256 == 0 { try pause(tree.nodes.count) }
    }
    return tree
  }

  /// Adds a node, and if it is to be split, to those that wait.
  private mutating func add(_ first: Int, _ count: Int, depth: Int, to waiting: inout [Waiting]) {
    criterion.begin(first: first, count: count)
    var node = DecisionTree.Node()
    node.impurity = criterion.impurities().node
    node.weight = criterion.weight
    node.sampleCount = Int32(count)
    let index = tree.nodes.count
    tree.nodes.append(node)
    criterion.values(into: &tree.values)
    let isLeaf =
      depth >= limits.depthMax || count < limits.splitSampleCountMin
      || count < 2 * limits.leafSampleCountMin
      || node.weight < 2 * limits.leafWeightShareMin * totalWeight
      || node.impurity <= Double.ulpOfOne
    guard !isLeaf, let split = bestSplit(first, count) else { return }
    let improvement = improvement(split, first, count)
    guard improvement + Double.ulpOfOne >= limits.impurityDecreaseMin else { return }
    waiting.append(
      Waiting(
        node: index, first: first, count: count, depth: depth, split: split,
        improvement: improvement))
  }

  /// Looks at features until enough have been looked at, one of them not constant.
  private mutating func bestSplit(_ first: Int, _ count: Int) -> Split? {
    var best: Split?
    var visited = 0
    var sawAny = false
    for position in features.indices {
      if let most = limits.featureCountMax {
        if visited >= most && sawAny { break }
        features.swapAt(position, position + random.next(below: features.count - position))
      }
      visited += 1
      switch search.search(features[position], first: first, count: count, &criterion) {
      case .constant: break
      case .none: sawAny = true
      case .split(let split):
        sawAny = true
        if split.proxy > best?.proxy ?? -.infinity { best = split }
      }
    }
    return best
  }

  /// The weighted decrease of impurity; asked for only where somebody wants to know.
  private mutating func improvement(_ split: Split, _ first: Int, _ count: Int) -> Double {
    guard limits.leafCountMax != nil || limits.impurityDecreaseMin > 0 else { return 0 }
    criterion.reset()
    partition.forEachRight(split, first: first, count: count) { criterion.move($0) }
    let (left, right, node) = criterion.impurities()
    let (whole, moved) = (criterion.weight, criterion.rightWeight)
    return whole / totalWeight * (node - moved / whole * right - (whole - moved) / whole * left)
  }
}

/// Brings the examples of a node's two children together, each side in its order.
struct SamplePartition {
  private let table: TreeTable
  private let samples: TreeSamples
  private let codes: Memory<UInt32>
  private let goesRight: Memory<UInt8>
  private let words: Memory<UInt32>
  private let numbers: Memory<Double>

  init(_ table: TreeTable, _ samples: TreeSamples) {
    self.table = table
    self.samples = samples
    codes = Memory(uninitialized: samples.count)
    goesRight = Memory(uninitialized: samples.count)
    words = Memory(uninitialized: samples.count)
    numbers = Memory(uninitialized: samples.count)
  }

  private func mark(_ split: Split, _ first: Int, _ count: Int) {
    let feature = table.features[split.feature]
    feature.codes.gather(samples.rows.base + first, count, into: codes.base)
    let (codes, marks) = (codes.base, goesRight.base)
    if let categories = split.categories {
      var table = [UInt8](repeating: 1, count: feature.low.count + 1)
      for category in categories { table[Int(category)] = 0 }
      table[feature.low.count] = split.missingGoesLeft ? 0 : 1
      for place in 0..<count { marks[place] = table[Int(codes[place])] }
      return
    }
    let last = UInt32(split.lastLeftCode)
    for place in 0..<count { marks[place] = codes[place] > last ? 1 : 0 }
    if feature.hasMissing && split.missingGoesLeft {
      let missingCode = UInt32(feature.low.count)
      for place in 0..<count where codes[place] == missingCode { marks[place] = 0 }
    }
  }

  /// Calls `body` with the place of each example that goes right.
  func forEachRight(_ split: Split, first: Int, count: Int, _ body: (Int) -> Void) {
    mark(split, first, count)
    for place in 0..<count where goesRight.base[place] == 1 { body(place) }
  }

  /// Returns how many go left.
  func split(_ split: Split, first: Int, count: Int) -> Int {
    mark(split, first, count)
    let leftCount = move(samples.rows.base + first, words.base, count)
    _ = move(samples.weights.base + first, numbers.base, count)
    if let classes = samples.classes {
      let scratch = UnsafeMutableRawPointer(words.base).assumingMemoryBound(to: Int32.self)
      _ = move(classes.base + first, scratch, count)
    }
    if let targets = samples.targets { _ = move(targets.base + first, numbers.base, count) }
    return leftCount
  }

  @inline(__always)
  private func move<T: BitwiseCopyable>(
    _ values: UnsafeMutablePointer<T>, _ scratch: UnsafeMutablePointer<T>, _ count: Int
  ) -> Int {
    let marks = goesRight.base
    var (left, right) = (0, 0)
    for place in 0..<count {
      let value = values[place]
      let isRight = Int(marks[place])
      // Both are written, one counts: no branch that could be guessed wrong.
      scratch[right] = value
      values[left] = value
      right &+= isRight
      left &+= 1 &- isRight
    }
    (values + left).update(from: scratch, count: right)
    return left
  }
}
