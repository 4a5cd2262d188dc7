internal import Compute

extension ClassicalGraph {
  /// Trees that ask for sets of categories, as ai.onnx.ml's TreeEnsemble of version 5: BRANCH_MEMBER. Its
  /// leaves add to one output each, so a tree is written once for every output it adds to.
  func addCategoryTrees(
    _ votes: TreeVotes, _ table: TreeTable, _ places: [Int], to graph: inout Graph, output: String
  ) {
    var trees = CategoryTrees(table: table, places: places)
    for (number, tree) in votes.trees.enumerated() {
      let byLeaf = tree.nodes.indices.map { tree.nodes[$0].isLeaf ? votes.votes(number, $0) : [] }
      for target in Set(byLeaf.joined().map(\.target)).sorted() {
        trees.add(tree, target: target) { node in
          byLeaf[node].first { $0.target == target }?.weight ?? 0
        }
      }
    }
    graph.opsets["ai.onnx.ml"] = 5
    let outputCount = votes.isOneScore ? 1 : votes.targetCount
    let hasBase = votes.baseValues.contains { $0 != 0 }
    let (sums, base) = (inner("\(output)/trees"), inner("base_values"))
    graph.nodes.append(
      Node(
        opType: "TreeEnsemble", domain: "ai.onnx.ml", inputs: [inner("features")],
        outputs: [hasBase ? sums : output],
        attributes: trees.attributes(targetCount: outputCount)))
    if hasBase {
      graph.initializers[base] = Tensor(
        fp32: votes.baseValues.map { Float($0) }, shape: [1, outputCount])
      graph.nodes.append(
        Node(opType: "Add", inputs: [sums, base], outputs: [output]))
    }
  }
}

/// The lists of attributes of TreeEnsemble.
private struct CategoryTrees {
  private static let lessOrEqual: UInt8 = 0
  private static let member: UInt8 = 6

  let table: TreeTable
  let places: [Int]
  private var roots: [Int64] = []
  private var features: [Int64] = []
  private var modes: [UInt8] = []
  private var splits: [Float] = []
  private var (yes, no): ([Int64], [Int64]) = ([], [])
  private var (yesIsLeaf, noIsLeaf): ([Int64], [Int64]) = ([], [])
  private var missing: [Int64] = []
  private var members: [Float] = []
  private var leafTargets: [Int64] = []
  private var leafWeights: [Float] = []

  init(table: TreeTable, places: [Int]) {
    self.table = table
    self.places = places
  }

  mutating func add(_ tree: DecisionTree, target: Int, _ weight: (Int) -> Double) {
    // Inner nodes in the tree's order, leaves as they are met.
    var place = [Int64](repeating: 0, count: tree.nodes.count)
    var next = Int64(features.count)
    for (index, node) in tree.nodes.enumerated() {
      if node.isLeaf {
        place[index] = Int64(leafTargets.count)
        leafTargets.append(Int64(target))
        leafWeights.append(Float(weight(index)))
      } else {
        place[index] = next
        next += 1
      }
    }
    roots.append(Int64(features.count))
    for (index, node) in tree.nodes.enumerated() where !node.isLeaf || index == 0 {
      // A root that is a leaf becomes a question with one answer.
      let (left, right) = node.isLeaf ? (index, index) : (Int(node.left), Int(node.right))
      features.append(node.isLeaf ? 0 : Int64(places[Int(node.feature)]))
      modes.append(node.categorySet >= 0 ? Self.member : Self.lessOrEqual)
      splits.append(
        node.isLeaf || node.categorySet >= 0 ? 0 : TreeVotes.roundedDown(node.threshold))
      yes.append(place[left])
      no.append(place[right])
      yesIsLeaf.append(tree.nodes[left].isLeaf ? 1 : 0)
      noIsLeaf.append(tree.nodes[right].isLeaf ? 1 : 0)
      missing.append(node.missingGoesLeft ? 1 : 0)
      if node.categorySet >= 0 {
        let values = table.features[Int(node.feature)].low
        members += tree.categorySets[Int(node.categorySet)].map { values[Int($0)] }
        members.append(.nan)
      }
    }
  }

  func attributes(targetCount: Int) -> [String: Attribute] {
    [
      "aggregate_function": .int(1), "post_transform": .int(0),
      "n_targets": .int(Int64(targetCount)), "tree_roots": .ints(roots),
      "nodes_featureids": .ints(features),
      "nodes_modes": .tensor(Tensor(modes, shape: [modes.count], dataType: .uint8)),
      "nodes_splits": .tensor(Tensor(fp32: splits, shape: [splits.count])),
      "nodes_truenodeids": .ints(yes), "nodes_falsenodeids": .ints(no),
      "nodes_trueleafs": .ints(yesIsLeaf), "nodes_falseleafs": .ints(noIsLeaf),
      "nodes_missing_value_tracks_true": .ints(missing),
      "membership_values": .tensor(Tensor(fp32: members, shape: [members.count])),
      "leaf_targetids": .ints(leafTargets),
      "leaf_weights": .tensor(Tensor(fp32: leafWeights, shape: [leafWeights.count])),
    ]
  }
}
