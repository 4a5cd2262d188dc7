extension TreeEnsemble {
  /// The forest in the kernels' form, if every decision is one they know. `sum` and the like
  /// are applied by the kernel; base values and transformations are not.
  func kernel(targetCount: Int, aggregate: DecisionForest.Aggregate) -> DecisionForest? {
    var trees: [[DecisionForest.Node]] = []
    for root in roots {
      guard let tree = tree(root) else { return nil }
      trees.append(tree)
    }
    return try? DecisionForest(
      trees: trees, featureCount: featureMax + 1, targetCount: targetCount,
      aggregate: aggregate)
  }

  /// One tree, breadth first, its root at 0.
  private func tree(_ root: Int32) -> [DecisionForest.Node]? {
    var order = [root]
    var result: [DecisionForest.Node] = []
    var next = 0
    while next < order.count {
      let node = nodes[Int(order[next])]
      next += 1
      let rule: DecisionForest.Node.Rule
      switch node.mode {
      case .leaf:
        let first = Int(node.voteFirst)
        result.append(
          .init(
            .leaf(
              votes[first..<(first + Int(node.voteCount))].map {
                (target: Int($0.target), weight: $0.weight)
              })))
        continue
      case .lessOrEqual: rule = .lessOrEqual
      case .less: rule = .less
      default: return nil
      }
      // Both branches into one leaf: not a tree to the kernels.
      guard node.yes != node.no else { return nil }
      result.append(
        .init(
          .branch(
            rule, feature: Int(node.feature), threshold: node.threshold, yes: order.count,
            no: order.count + 1, missingIsYes: node.missingGoesTrue)))
      order += [node.yes, node.no]
    }
    return result
  }

  /// Whether every decision is `x <= threshold`: then rows of wider numbers keep all decisions
  /// exactly when they are rounded up.
  var comparesLessOrEqualOnly: Bool {
    nodes.allSatisfy { $0.mode == .leaf || $0.mode == .lessOrEqual }
  }
}
