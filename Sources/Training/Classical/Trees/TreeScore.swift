/// How well trees tell the examples that they were grown from.
enum TreeScore {
  /// Of a forest, evenly spaced: asking it about all examples takes as long as growing a part of it.
  static let forestRowCountMax = 512

  static func score(
    _ trees: [DecisionTree], _ table: TreeTable, _ targets: TreeTargets, rowCountMax: Int = .max
  ) -> Metric {
    let count = min(rowCountMax, table.rowCount)
    let rows = (0..<count).map { table.rowCount * $0 / count }
    var right = 0
    var (error, sum, squares) = (0.0, 0.0, 0.0)
    var shift: Double?
    for row in rows {
      var answer = [Double](repeating: 0, count: targets.valueCount)
      for tree in trees {
        let leaf = tree.leaf(table, row: row)
        for index in answer.indices { answer[index] += tree.values[leaf * answer.count + index] }
      }
      switch targets {
      case .classes(let classes):
        var best = 0
        for index in answer.indices where answer[index] > answer[best] { best = index }
        if best == Int(classes.classes[row]) { right += 1 }
      case .numbers(let numbers):
        let rest = numbers[row] - answer[0] / Double(trees.count)
        error += rest * rest
        // From the first: of numbers far from zero, squares would take the digits.
        let number = numbers[row] - (shift ?? numbers[row])
        shift = shift ?? numbers[row]
        sum += number
        squares += number * number
      }
    }
    guard case .numbers = targets else {
      return Metric("accuracy", Double(right) / Double(count))
    }
    let spread = squares - sum * sum / Double(count)
    return Metric("r2", spread > 0 ? 1 - error / spread : 1)
  }
}
