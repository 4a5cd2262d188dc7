/// A checked forest: every child exists, no node has two parents, every feature and class is
/// in range. Nodes lie in arrays, a node's children by index.
struct TreeEnsemble: Sendable {
  enum Mode: UInt8, Sendable {
    case leaf, lessOrEqual, less, greaterOrEqual, greater, equal, notEqual
  }

  struct Node: Sendable {
    var mode: Mode
    var missingGoesTrue: Bool
    var feature: Int32
    var threshold: Float
    var yes: Int32 = 0
    var no: Int32 = 0
    /// A leaf's votes: a range of `votes`.
    var voteFirst: Int32 = 0
    var voteCount: Int32 = 0
  }

  struct Vote: Sendable {
    var target: Int32
    var weight: Float
  }

  private(set) var nodes: [Node] = []
  private(set) var votes: [Vote] = []
  private(set) var roots: [Int32] = []
  private(set) var featureMax = -1

  var byteCount: Int {
    nodes.count * MemoryLayout<Node>.stride + votes.count * MemoryLayout<Vote>.stride
  }

  /// Reads the node attributes, and the votes under `prefix` ("class" or "target").
  init(_ context: OperatorContext, prefix: String, targetCount: Int) throws(GraphError) {
    guard !context.has("nodes_values_as_tensor"), !context.has("\(prefix)_weights_as_tensor")
    else {
      throw context.unsupported("thresholds and weights", "tensors", expected: "as floats")
    }
    let trees = try context.ints("nodes_treeids") ?? []
    let ids = try context.ints("nodes_nodeids") ?? []
    let features = try context.ints("nodes_featureids") ?? []
    let modes = try context.strings("nodes_modes") ?? []
    let values = try context.floats("nodes_values") ?? []
    let yes = try context.ints("nodes_truenodeids") ?? []
    let no = try context.ints("nodes_falsenodeids") ?? []
    let missing = try context.ints("nodes_missing_value_tracks_true") ?? []
    let counts = [ids, features, yes, no].map(\.count) + [modes.count, values.count]
    guard !trees.isEmpty, counts.allSatisfy({ $0 == trees.count }),
      missing.isEmpty || missing.count == trees.count, trees.count <= Int(Int32.max)
    else {
      throw GraphError(
        code: .invalidAttribute,
        message: "all lists of nodes must have the same length: \(trees.count) tree ids, "
          + "but \(counts)")
    }
    var index: [Key: Int32] = [:]
    for position in trees.indices {
      let mode = try Self.mode(modes[position])
      if mode != .leaf {
        guard features[position] >= 0, features[position] < Int(Int32.max) else {
          throw GraphError(
            code: .invalidAttribute,
            message: "features must be in 0..<\(Int32.max), got \(features[position])")
        }
        featureMax = max(featureMax, features[position])
      }
      nodes.append(
        Node(
          mode: mode, missingGoesTrue: !missing.isEmpty && missing[position] != 0,
          feature: mode == .leaf ? 0 : Int32(features[position]), threshold: values[position]))
      let key = Key(tree: trees[position], node: ids[position])
      guard index.updateValue(Int32(position), forKey: key) == nil else {
        throw GraphError(
          code: .duplicateName,
          message: "node \(ids[position]) of tree \(trees[position]) is given twice")
      }
    }
    var hasParent = [Bool](repeating: false, count: nodes.count)
    for position in nodes.indices where nodes[position].mode != .leaf {
      for (child, isYes) in [(yes[position], true), (no[position], false)] {
        let key = Key(tree: trees[position], node: child)
        guard let found = index[key] else {
          throw GraphError(
            code: .invalidAttribute,
            message: "node \(ids[position]) of tree \(trees[position]) has the child \(child), "
              + "which does not exist")
        }
        // Some exporters give both branches the same leaf; a second parent is a cycle or a
        // graph, and neither is a tree.
        guard !hasParent[Int(found)] || (!isYes && nodes[position].yes == found) else {
          throw GraphError(
            code: .cycle,
            message: "node \(child) of tree \(trees[position]) has more than one parent")
        }
        hasParent[Int(found)] = true
        if isYes { nodes[position].yes = found } else { nodes[position].no = found }
      }
    }
    try findRoots(trees, hasParent)
    try readVotes(context, prefix, targetCount, index)
  }

  private struct Key: Hashable {
    var tree: Int
    var node: Int
  }

  /// One root per tree. With one parent a node at most and a root for every tree, what is not
  /// reached from a root would have to be a cycle.
  private mutating func findRoots(_ trees: [Int], _ hasParent: [Bool]) throws(GraphError) {
    var rootOfTree: [Int: Int32] = [:]
    for position in nodes.indices where !hasParent[position] {
      guard rootOfTree.updateValue(Int32(position), forKey: trees[position]) == nil else {
        throw GraphError(
          code: .invalidAttribute, message: "tree \(trees[position]) has more than one root")
      }
      roots.append(Int32(position))
    }
    var reached = 0
    var stack = roots
    while let position = stack.popLast() {
      reached += 1
      let node = nodes[Int(position)]
      if node.mode == .leaf { continue }
      stack.append(node.yes)
      if node.no != node.yes { stack.append(node.no) }
    }
    guard reached == nodes.count else {
      throw GraphError(code: .cycle, message: "a tree's nodes lead back to each other")
    }
  }

  private mutating func readVotes(
    _ context: OperatorContext, _ prefix: String, _ targetCount: Int, _ index: [Key: Int32]
  ) throws(GraphError) {
    let trees = try context.ints("\(prefix)_treeids") ?? []
    let ids = try context.ints("\(prefix)_nodeids") ?? []
    let targets = try context.ints("\(prefix)_ids") ?? []
    let weights = try context.floats("\(prefix)_weights") ?? []
    guard [ids.count, targets.count, weights.count].allSatisfy({ $0 == trees.count }) else {
      throw GraphError(
        code: .invalidAttribute,
        message: "all lists of votes must have the same length: \(trees.count) tree ids, but "
          + "\([ids.count, targets.count, weights.count])")
    }
    var byLeaf: [Int32: [Vote]] = [:]
    for position in trees.indices {
      guard let leaf = index[Key(tree: trees[position], node: ids[position])],
        nodes[Int(leaf)].mode == .leaf
      else {
        throw GraphError(
          code: .invalidAttribute,
          message: "node \(ids[position]) of tree \(trees[position]) votes, but is not a leaf")
      }
      guard targets[position] >= 0, targets[position] < targetCount else {
        throw GraphError(
          code: .invalidAttribute,
          message: "votes must be for 0..<\(targetCount), got \(targets[position])")
      }
      byLeaf[leaf, default: []].append(
        Vote(target: Int32(targets[position]), weight: weights[position]))
    }
    for position in nodes.indices where nodes[position].mode == .leaf {
      let own = byLeaf[Int32(position)] ?? []
      nodes[position].voteFirst = Int32(votes.count)
      nodes[position].voteCount = Int32(own.count)
      votes += own
    }
  }

  private static func mode(_ name: [UInt8]) throws(GraphError) -> Mode {
    switch String(decoding: name, as: UTF8.self) {
    case "LEAF": return .leaf
    case "BRANCH_LEQ": return .lessOrEqual
    case "BRANCH_LT": return .less
    case "BRANCH_GTE": return .greaterOrEqual
    case "BRANCH_GT": return .greater
    case "BRANCH_EQ": return .equal
    case "BRANCH_NEQ": return .notEqual
    case let other:
      throw GraphError(
        code: .unsupportedAttribute, message: "node mode '\(other)' is not supported")
    }
  }

  /// The votes of the leaf a row reaches in one tree.
  func leaf(_ root: Int32, _ row: UnsafePointer<Float>) -> Node {
    nodes.withUnsafeBufferPointer { nodes in
      var node = nodes[Int(root)]
      while node.mode != .leaf {
        let value = row[Int(node.feature)]
        let isTrue: Bool =
          switch node.mode {
          case .lessOrEqual: value <= node.threshold
          case .less: value < node.threshold
          case .greaterOrEqual: value >= node.threshold
          case .greater: value > node.threshold
          case .equal: value == node.threshold
          default: value != node.threshold
          }
        node = nodes[Int(isTrue || (node.missingGoesTrue && value.isNaN) ? node.yes : node.no)]
      }
      return node
    }
  }
}
