/// What classical algorithms hold of the examples: all of them, but for those that take blocks.
enum ClassicalMemory {
  /// Refuses what cannot fit.
  static func check(
    _ name: String, _ specification: ClassicalSpecification, _ request: TrainingRequest
  ) throws(TrainingError) {
    guard request.availableMemory != nil else { return }
    let columns = try TrainingColumns(specification, request.training)
    let (examples, features) = (columns.count, columns.features.count)
    try claim(
      byteCount(name, examples: examples, features: features, targets: columns.targetCount), name,
      request)
  }

  /// Refuses what cannot fit, as soon as it is known how much it is.
  static func claim(
    _ byteCount: Int, _ name: String, _ request: TrainingRequest
  ) throws(TrainingError) {
    var budget = MemoryBudget(request.availableMemory)
    try budget.claim(
      byteCount, for: .examples,
      advice: "use fewer examples or features"
        + (name.hasPrefix("HistGradient") || name == "SGDRegressor"
          ? ", or a machine with more memory"
          : ", \(smaller(name)), or a machine with more memory"))
  }

  /// Who does the same with less.
  private static func smaller(_ name: String) -> String {
    switch name {
    case "LinearRegression", "Ridge": "SGDRegressor, which reads block by block"
    case "LogisticRegression": "HistGradientBoostingClassifier, which keeps a byte of each number"
    default: "max_bins or HistGradientBoosting, which keep a byte of each number in the end"
    }
  }

  /// Bytes of what is certainly held at a time.
  /// - Parameter scores: of each example, as boosting has them; two classes have one.
  static func byteCount(
    _ name: String, examples: Int, features: Int, targets: Int, scores: Int = 1
  ) -> Int {
    let cells = NetworkLimits.count([examples, features])
    func bytes(_ perCell: Int, _ perExample: Int) -> Int {
      let (sum, overflow) = NetworkLimits.count([cells, perCell])
        .addingReportingOverflow(NetworkLimits.count([examples, perExample]))
      return overflow ? .max : sum
    }
    return switch name {
    case "SGDRegressor": 0
    case "LinearRegression", "Ridge", "LogisticRegression": bytes(8, 8 * targets)
    // Besides what trees hold: rows and sums of gradients three times, and each score with its two derivatives.
    case _ where name.hasPrefix("HistGradient"):
      bytes(4 + 1, 16 + 3 * (4 + 16) + NetworkLimits.count([3 * 8, scores]))
    // Numbers in single precision, and at the same time codes of one byte at least.
    default: bytes(4 + 1, 16)
    }
  }
}
