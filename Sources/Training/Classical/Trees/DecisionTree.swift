/// A tree as it was learned.
struct DecisionTree: Sendable, Equatable {
  struct Node: Sendable, Equatable {
    /// The feature that is asked for; -1 at a leaf.
    var feature: Int32 = -1
    /// Of an ordered feature: a value up to this goes left. Of categories: the set in `categorySets`.
    var threshold = 0.0
    /// The codes of a table that go left: up to this one, for a table's own examples.
    var lastLeftCode: Int32 = -1
    /// The set of categories that go left, -1 for an ordered feature.
    var categorySet: Int32 = -1
    /// Where an example without a value goes.
    var missingGoesLeft = false
    var left: Int32 = -1
    var right: Int32 = -1
    /// The criterion's value, and the examples here with and without their weights.
    var impurity = 0.0
    var weight = 0.0
    var sampleCount: Int32 = 0

    var isLeaf: Bool { feature < 0 }
  }

  /// The root is the first.
  var nodes: [Node] = []
  /// For each node `valueCount` numbers: the classes' shares, or the mean.
  var values: [Double] = []
  var valueCount: Int
  /// Codes of categories that go left at some node, ascending.
  var categorySets: [[Int32]] = []

  /// Leaves.
  var leafCount: Int { nodes.count(where: \.isLeaf) }

  /// The node that an example of a table ends in.
  func leaf(_ table: TreeTable, row: Int) -> Int {
    var index = 0
    while !nodes[index].isLeaf {
      let node = nodes[index]
      let feature = table.features[Int(node.feature)]
      let code = feature.codes[row]
      let goesLeft: Bool
      if code == feature.low.count {
        goesLeft = node.missingGoesLeft
      } else if node.categorySet >= 0 {
        goesLeft = categorySets[Int(node.categorySet)].contains(Int32(code))
      } else {
        goesLeft = code <= Int(node.lastLeftCode)
      }
      index = Int(goesLeft ? node.left : node.right)
    }
    return index
  }
}

extension TreeTable.Codes {
  /// One row's code.
  @inline(__always)
  subscript(_ row: Int) -> Int {
    switch self {
    case .bytes(let codes): Int(codes.base[row])
    case .shorts(let codes): Int(codes.base[row])
    case .words(let codes): Int(codes.base[row])
    }
  }

  /// The codes of some rows.
  func gather(
    _ rows: UnsafePointer<UInt32>, _ count: Int, into target: UnsafeMutablePointer<UInt32>
  ) {
    switch self {
    case .bytes(let codes):
      let base = codes.base
      for index in 0..<count { target[index] = UInt32(base[Int(rows[index])]) }
    case .shorts(let codes):
      let base = codes.base
      for index in 0..<count { target[index] = UInt32(base[Int(rows[index])]) }
    case .words(let codes):
      let base = codes.base
      for index in 0..<count { target[index] = base[Int(rows[index])] }
    }
  }
}
