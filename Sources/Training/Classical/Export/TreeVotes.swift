/// Trees on their way into a model's file: each leaf adds numbers to some of the outputs.
struct TreeVotes {
  /// The trees.
  var trees: [DecisionTree]
  /// Outputs.
  var targetCount: Int
  /// Added to each output; empty for none.
  var baseValues: [Double] = []
  /// Two classes have one score, that of the second, which is voted for as target 0.
  var isOneScore = false
  /// What a leaf of a tree adds, by the tree's number and the node's.
  var votes: (Int, Int) -> [(target: Int, weight: Double)]

  /// Whether a split asks for a set of categories.
  var hasCategories: Bool { trees.contains { !$0.categorySets.isEmpty } }

  /// One tree, or the mean of many. Of two classes only the second's share is voted for: what
  /// ai.onnx.ml's classifiers take as its probability, because no vote is negative.
  static func mean(of trees: [DecisionTree], isClassifier: Bool) -> TreeVotes {
    let scale = 1 / Double(trees.count)
    if isClassifier && trees[0].valueCount == 2 {
      return TreeVotes(trees: trees, targetCount: 2, isOneScore: true) { tree, node in
        [(0, trees[tree].values[node * 2 + 1] * scale)]
      }
    }
    return TreeVotes(trees: trees, targetCount: trees[0].valueCount) { tree, node in
      let (values, count) = (trees[tree].values, trees[tree].valueCount)
      return (0..<count).map { ($0, values[node * count + $0] * scale) }
    }
  }

  /// Single precision rounded towards -∞: an FP32 value is at most this exactly if it is at most the
  /// threshold.
  static func roundedDown(_ threshold: Double) -> Float {
    let rounded = Float(threshold)
    return Double(rounded) > threshold ? rounded.nextDown : rounded
  }
}
