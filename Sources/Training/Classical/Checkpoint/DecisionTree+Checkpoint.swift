extension CheckpointWriter {
  mutating func append(_ tree: DecisionTree) {
    append(tree.valueCount)
    append(tree.nodes.count)
    for node in tree.nodes {
      for value in [node.feature, node.lastLeftCode, node.categorySet, node.left, node.right] {
        append(Int(value))
      }
      append(node.missingGoesLeft ? 1 : 0)
      append(Int(node.sampleCount))
      for value in [node.threshold, node.impurity, node.weight] { append(value) }
    }
    append(tree.values)
    append(tree.categorySets.count)
    for set in tree.categorySets {
      append(set.count)
      for code in set { append(Int(code)) }
    }
  }
}

extension CheckpointReader {
  /// A tree whose links lead to nodes behind them, so that no walk goes on for ever.
  mutating func tree(featureCount: Int) throws(TrainingError) -> DecisionTree {
    var tree = DecisionTree(valueCount: try integer(in: 1...1 << 24))
    let count = try count(bytesEach: 80)
    for index in 0..<count {
      var node = DecisionTree.Node()
      let codes = -1...Int(Int32.max)
      node.feature = Int32(try integer(in: -1...featureCount - 1))
      node.lastLeftCode = Int32(try integer(in: codes))
      node.categorySet = Int32(try integer(in: codes))
      let children = node.isLeaf ? -1...Int(Int32.max) : index + 1...max(index + 1, count - 1)
      node.left = Int32(try integer(in: children))
      node.right = Int32(try integer(in: children))
      node.missingGoesLeft = try integer(in: 0...1) == 1
      node.sampleCount = Int32(try integer(in: 0...Int(Int32.max)))
      node.threshold = try number()
      node.impurity = try number()
      node.weight = try number()
      guard node.isLeaf || Int(max(node.left, node.right)) < count else { throw Self.damaged }
      tree.nodes.append(node)
    }
    tree.values = try numbers()
    guard count > 0, tree.values.count == count * tree.valueCount else { throw Self.damaged }
    for _ in 0..<(try self.count(bytesEach: 8)) {
      var set: [Int32] = []
      for _ in 0..<(try self.count(bytesEach: 8)) {
        set.append(Int32(try integer(in: 0...Int(Int32.max))))
      }
      tree.categorySets.append(set)
    }
    guard tree.nodes.allSatisfy({ Int($0.categorySet) < tree.categorySets.count }) else {
      throw Self.damaged
    }
    return tree
  }
}
