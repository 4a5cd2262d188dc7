/// Minimal cost-complexity pruning (Breiman and others, 1984, chapter 3): as long as a branch lowers the
/// impurity by no more than α for each leaf it adds, the weakest one becomes a leaf.
enum TreePruning {
  static func prune(_ tree: DecisionTree, alpha: Double) -> DecisionTree {
    guard alpha > 0, tree.nodes.count > 1 else { return tree }
    let count = tree.nodes.count
    let total = tree.nodes[0].weight
    let risk = tree.nodes.map { $0.weight * $0.impurity / total }
    var parent = [Int](repeating: -1, count: count)
    for (index, node) in tree.nodes.enumerated() where !node.isLeaf {
      parent[Int(node.left)] = index
      parent[Int(node.right)] = index
    }
    // Children follow their parents, so from the end on leaves come first.
    var leaves = [Int](repeating: 0, count: count)
    var branchRisk = [Double](repeating: 0, count: count)
    for index in stride(from: count - 1, through: 0, by: -1) {
      if tree.nodes[index].isLeaf {
        leaves[index] = 1
        branchRisk[index] = risk[index]
      }
      if parent[index] >= 0 {
        leaves[parent[index]] += leaves[index]
        branchRisk[parent[index]] += branchRisk[index]
      }
    }
    var isInner = tree.nodes.map { !$0.isLeaf }
    while true {
      var (weakest, weakestAlpha) = (-1, Double.infinity)
      for index in 0..<count where isInner[index] {
        let effective = (risk[index] - branchRisk[index]) / Double(leaves[index] - 1)
        if effective < weakestAlpha { (weakest, weakestAlpha) = (index, effective) }
      }
      guard weakest >= 0, weakestAlpha <= alpha else { break }
      var branch = [weakest]
      while let index = branch.popLast() {
        if isInner[index] {
          branch += [Int(tree.nodes[index].left), Int(tree.nodes[index].right)]
        }
        isInner[index] = false
      }
      let (gone, change) = (leaves[weakest] - 1, risk[weakest] - branchRisk[weakest])
      var above = weakest
      while above >= 0 {
        leaves[above] -= gone
        branchRisk[above] += change
        above = parent[above]
      }
    }
    return copy(tree, isInner)
  }

  /// The tree without what hangs on nodes that are inner no more.
  private static func copy(_ tree: DecisionTree, _ isInner: [Bool]) -> DecisionTree {
    var result = DecisionTree(valueCount: tree.valueCount)
    result.categorySets = tree.categorySets
    func add(_ index: Int) {
      var node = tree.nodes[index]
      let place = result.nodes.count
      if !isInner[index] { node = leaf(node) }
      result.nodes.append(node)
      result.values += tree.values[index * tree.valueCount..<(index + 1) * tree.valueCount]
      pending.append((index, place))
    }
    var pending: [(Int, Int)] = []
    add(0)
    while let (index, place) = pending.popLast() {
      guard isInner[index] else { continue }
      result.nodes[place].left = Int32(result.nodes.count)
      add(Int(tree.nodes[index].left))
      result.nodes[place].right = Int32(result.nodes.count)
      add(Int(tree.nodes[index].right))
    }
    return result
  }

  private static func leaf(_ node: DecisionTree.Node) -> DecisionTree.Node {
    var leaf = DecisionTree.Node()
    (leaf.impurity, leaf.weight) = (node.impurity, node.weight)
    leaf.sampleCount = node.sampleCount
    return leaf
  }
}
