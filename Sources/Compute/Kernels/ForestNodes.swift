internal import CKernels

/// The nodes of all trees as flat arrays, and the values of their leaves.
struct ForestNodes: Sendable {
  private let feature: [Int32]
  private let threshold: [Float]
  private let child: [Int32]
  private let root: [Int32]
  private let depth: [Int32]
  /// Per node: its first value and one past its last, in `target` and `weight`. Empty for branches.
  private let firstValue: [Int32]
  private let target: [Int32]
  private let weight: [Float]
  /// Steps that a row takes through all trees.
  let stepCount: Int

  init(
    _ trees: [[DecisionForest.Node]], featureCount: Int, targetCount: Int
  ) throws(DecisionForest.Problem) {
    let total = trees.reduce(0) { $0 + $1.count }
    guard total < 1 << 29, featureCount < 1 << 29 else { throw .tooLarge }
    var feature = [Int32](repeating: 0, count: total)
    var threshold = [Float](repeating: 0, count: total)
    var child = [Int32](repeating: 0, count: 2 * total)
    var firstValue: [Int32] = [0]
    var target: [Int32] = []
    var weight: [Float] = []
    var root: [Int32] = []
    var depth: [Int32] = []
    var base = 0
    for (index, tree) in trees.enumerated() {
      root.append(Int32(base))
      depth.append(try Self.depth(of: tree, index))
      for (place, node) in tree.enumerated() {
        let at = base + place
        switch node.kind {
        case .leaf(let values):
          (child[2 * at], child[2 * at + 1]) = (Int32(at), Int32(at))
          for value in values {
            guard 0..<targetCount ~= value.target else {
              throw .indexOutOfRange(tree: index, node: place)
            }
            target.append(Int32(value.target))
            weight.append(value.weight)
          }
        case .branch(let rule, let number, let limit, let yes, let no, let missingIsYes):
          guard 0..<featureCount ~= number else {
            throw .indexOutOfRange(tree: index, node: place)
          }
          feature[at] = Int32(number) | (missingIsYes ? Int32(CK_TREE_NAN_LEFT) : 0)
          // x < t is x <= the next float below t; below -infinity nothing is.
          threshold[at] = rule == .less ? limit.nextDown : limit
          if rule == .less, limit == -.infinity { threshold[at] = .nan }
          child[2 * at] = Int32(base + yes)
          child[2 * at + 1] = Int32(base + no)
        }
        guard weight.count < 1 << 29 else { throw .tooLarge }
        firstValue.append(Int32(weight.count))
      }
      base += tree.count
    }
    (self.feature, self.threshold, self.child) = (feature, threshold, child)
    (self.root, self.depth) = (root, depth)
    (self.firstValue, self.target, self.weight) = (firstValue, target, weight)
    stepCount = depth.reduce(0) { $0 + Int($1) + 1 }
  }

  /// The longest way from the root to a leaf. Refuses cycles, shared nodes and bad indices; nodes
  /// that no way leads to are allowed.
  private static func depth(
    of tree: [DecisionForest.Node], _ index: Int
  ) throws(DecisionForest.Problem) -> Int32 {
    guard !tree.isEmpty else { throw .notATree(tree: index) }
    var visited = [Bool](repeating: false, count: tree.count)
    var pending: [(place: Int, depth: Int32)] = [(0, 0)]
    var deepest: Int32 = 0
    while let (place, depth) = pending.popLast() {
      guard !visited[place] else { throw .notATree(tree: index) }
      visited[place] = true
      deepest = max(deepest, depth)
      guard case .branch(_, _, _, let yes, let no, _) = tree[place].kind else { continue }
      for next in [yes, no] {
        guard tree.indices.contains(next) else {
          throw .indexOutOfRange(tree: index, node: place)
        }
        pending.append((next, depth + 1))
      }
    }
    return deepest
  }

  /// leaves[row * trees + tree] = the node where the row ends.
  func walk(
    _ kernels: Kernels, _ rows: UnsafePointer<Float>, _ rowStride: Int, _ rowCount: Int,
    _ leaves: UnsafeMutablePointer<Int32>
  ) {
    feature.withUnsafeBufferPointer { feature in
      threshold.withUnsafeBufferPointer { threshold in
        child.withUnsafeBufferPointer { child in
          root.withUnsafeBufferPointer { root in
            depth.withUnsafeBufferPointer { depth in
              var forest = ck_forest(
                feature: feature.baseAddress, threshold: threshold.baseAddress,
                child: child.baseAddress, treeCount: root.count, root: root.baseAddress,
                depth: depth.baseAddress)
              kernels.table.pointee.forestLeaves(leaves, &forest, rows, rowStride, rowCount)
            }
          }
        }
      }
    }
  }

  /// Adds up the values of the leaves a row ended in, in the order of the trees.
  func sum(
    _ leaves: UnsafePointer<Int32>, _ treeCount: Int, into to: UnsafeMutablePointer<Float>,
    targetCount: Int
  ) {
    firstValue.withUnsafeBufferPointer { firstValue in
      target.withUnsafeBufferPointer { target in
        weight.withUnsafeBufferPointer { weight in
          for index in 0..<targetCount { to[index] = 0 }
          for tree in 0..<treeCount {
            let leaf = Int(leaves[tree])
            for value in Int(firstValue[leaf])..<Int(firstValue[leaf + 1]) {
              to[Int(target[value])] += weight[value]
            }
          }
        }
      }
    }
  }

  /// The smallest or largest value per target; 0 for a target that no leaf names.
  func extreme(
    _ leaves: UnsafePointer<Int32>, _ treeCount: Int, into to: UnsafeMutablePointer<Float>,
    targetCount: Int, smallest: Bool
  ) {
    for index in 0..<targetCount {
      var best: Float?
      for tree in 0..<treeCount {
        let leaf = Int(leaves[tree])
        for value in Int(firstValue[leaf])..<Int(firstValue[leaf + 1])
        where Int(target[value]) == index {
          let candidate = weight[value]
          best = best.map { smallest ? min($0, candidate) : max($0, candidate) } ?? candidate
        }
      }
      to[index] = best ?? 0
    }
  }
}
