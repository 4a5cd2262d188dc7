internal import CKernels

/// The nodes of all trees as flat arrays, and the values of their leaves.
struct ForestNodes: Sendable {
  private let nodes: [ck_forest_node]
  private let featureCount: Int
  private let root: [Int32]
  private let depth: [Int32]
  /// Node i's values are firstValue[i]..<firstValue[i + 1] of `target` and `weight`.
  private let firstValue: [Int32]
  private let target: [Int32]
  private let weight: [Float]
  /// Per node its only value, if there is one target and no leaf has more than one value.
  private let oneValue: [Float]?
  /// Steps that a row takes through all trees.
  let stepCount: Int

  init(
    _ trees: [[DecisionForest.Node]], featureCount: Int, targetCount: Int
  ) throws(DecisionForest.Problem) {
    let total = trees.reduce(0) { $0 + $1.count }
    guard total < 1 << 29, featureCount < 1 << 29 else { throw .tooLarge }
    var builder = Builder(featureCount: featureCount, targetCount: targetCount)
    for (index, tree) in trees.enumerated() { try builder.add(tree, index) }
    nodes = builder.nodes
    self.featureCount = featureCount
    root = builder.root
    depth = builder.depth
    firstValue = builder.firstValue
    target = builder.target
    weight = builder.weight
    oneValue = builder.oneValue
    stepCount = builder.depth.reduce(0) { $0 + Int($1) + 1 }
  }

  /// Lays trees out breadth first, so that the two children of a node are neighbours. Refuses
  /// cycles, shared nodes and bad indices; nodes that no way leads to are left out.
  private struct Builder {
    let featureCount: Int
    let targetCount: Int
    var nodes: [ck_forest_node] = []
    var root: [Int32] = []
    var depth: [Int32] = []
    var firstValue: [Int32] = [0]
    var target: [Int32] = []
    var weight: [Float] = []

    var oneValue: [Float]? {
      guard targetCount == 1 else { return nil }
      var values: [Float] = []
      for node in nodes.indices {
        let range = Int(firstValue[node])..<Int(firstValue[node + 1])
        guard range.count <= 1 else { return nil }
        values.append(range.isEmpty ? 0 : weight[range.lowerBound])
      }
      return values
    }

    mutating func add(
      _ tree: [DecisionForest.Node], _ index: Int
    ) throws(DecisionForest.Problem) {
      guard !tree.isEmpty else { throw .notATree(tree: index) }
      let base = nodes.count
      var visited = [Bool](repeating: false, count: tree.count)
      visited[0] = true
      var order: [(place: Int, depth: Int32)] = [(0, 0)]
      var next = 0
      while next < order.count {
        let (place, level) = order[next]
        let at = base + next
        next += 1
        switch tree[place].kind {
        case .leaf(let values):
          nodes.append(
            ck_forest_node(
              threshold: .infinity, feature: Int32(CK_TREE_NAN_LEFT), left: Int32(at)))
          for value in values {
            guard 0..<targetCount ~= value.target else {
              throw .indexOutOfRange(tree: index, node: place)
            }
            target.append(Int32(value.target))
            weight.append(value.weight)
          }
        case .branch(let rule, let feature, let threshold, let yes, let no, let missingIsYes):
          guard 0..<featureCount ~= feature, !threshold.isNaN else {
            throw .indexOutOfRange(tree: index, node: place)
          }
          // x < t is x <= the next float below t. Nothing is below -infinity, and then the node is
          // written with its children exchanged and a threshold that everything passes.
          let never = rule == .less && threshold == -.infinity
          let limit = never ? Float.infinity : rule == .less ? threshold.nextDown : threshold
          let missingLeft = missingIsYes != never
          nodes.append(
            ck_forest_node(
              threshold: limit,
              feature: Int32(feature) | (missingLeft ? Int32(CK_TREE_NAN_LEFT) : 0),
              left: Int32(base + order.count)))
          for child in never ? [no, yes] : [yes, no] {
            guard tree.indices.contains(child) else {
              throw .indexOutOfRange(tree: index, node: place)
            }
            guard !visited[child] else { throw .notATree(tree: index) }
            visited[child] = true
            order.append((child, level + 1))
          }
        }
        guard weight.count < 1 << 29 else { throw .tooLarge }
        firstValue.append(Int32(weight.count))
      }
      root.append(Int32(base))
      depth.append(order.last?.depth ?? 0)
    }
  }

  /// leaves[tree * rowCount + row] = the node where the row ends. Rows need `featureCount` values, or
  /// one if that is 0.
  func walk(
    _ rows: UnsafePointer<Float>, _ rowStride: Int, _ rowCount: Int,
    _ leaves: UnsafeMutablePointer<Int32>
  ) {
    nodes.withUnsafeBufferPointer { nodes in
      root.withUnsafeBufferPointer { root in
        depth.withUnsafeBufferPointer { depth in
          var forest = ck_forest(
            nodes: nodes.baseAddress, featureCount: featureCount, treeCount: root.count,
            root: root.baseAddress, depth: depth.baseAddress)
          ck_forest_leaves(leaves, &forest, rows, rowStride, rowCount)
        }
      }
    }
  }

  /// Adds up the values of the leaves that each row ended in, in the order of the trees.
  func sum(
    _ leaves: UnsafePointer<Int32>, _ treeCount: Int, rowCount: Int,
    into to: UnsafeMutablePointer<Float>, targetCount: Int
  ) {
    to.update(repeating: 0, count: rowCount * targetCount)
    if let oneValue {
      oneValue.withUnsafeBufferPointer { value in
        for tree in 0..<treeCount {
          let leaves = leaves + tree * rowCount
          for row in 0..<rowCount { to[row] += value[Int(leaves[row])] }
        }
      }
      return
    }
    firstValue.withUnsafeBufferPointer { firstValue in
      target.withUnsafeBufferPointer { target in
        weight.withUnsafeBufferPointer { weight in
          for tree in 0..<treeCount {
            for row in 0..<rowCount {
              let leaf = Int(leaves[tree * rowCount + row])
              let answer = to + row * targetCount
              for value in Int(firstValue[leaf])..<Int(firstValue[leaf + 1]) {
                answer[Int(target[value])] += weight[value]
              }
            }
          }
        }
      }
    }
  }

  /// The smallest or largest value per row and target; 0 for a target that no leaf names.
  func extreme(
    _ leaves: UnsafePointer<Int32>, _ treeCount: Int, rowCount: Int,
    into to: UnsafeMutablePointer<Float>, targetCount: Int, smallest: Bool
  ) {
    for row in 0..<rowCount {
      for index in 0..<targetCount {
        var best: Float?
        for tree in 0..<treeCount {
          let leaf = Int(leaves[tree * rowCount + row])
          for value in Int(firstValue[leaf])..<Int(firstValue[leaf + 1])
          where Int(target[value]) == index {
            let candidate = weight[value]
            best = best.map { smallest ? min($0, candidate) : max($0, candidate) } ?? candidate
          }
        }
        to[row * targetCount + index] = best ?? 0
      }
    }
  }
}
