internal import JSON

/// The parameters that single trees and forests share, before the data are known.
struct TreeParameters {
  private var limits = TreeLimits()
  private var splitShare: Double?
  private var leafShare: Double?
  private enum FeatureChoice { case all, count(Int), share(Double), root, logarithm }
  private var features = FeatureChoice.all
  let alpha: Double
  let seed: UInt64
  let binCountMax: Int?
  /// "gini", "entropy" or "squared_error".
  let criterion: String
  let isBalanced: Bool

  /// Reads them; `featuresDefault` is what `max_features` is if it is left out: null, "sqrt" or 1.0.
  init(
    _ config: inout Parameters, isClassifier: Bool, featuresDefault: JSONValue
  ) throws(TrainingError) {
    let word = try config.choice(
      "criterion", default: isClassifier ? "gini" : "squared_error",
      among: isClassifier ? ["gini", "entropy", "log_loss"] : ["squared_error"])
    criterion = word == "log_loss" ? "entropy" : word
    limits.depthMax =
      try config.optionalInteger("max_depth", in: 1...Int(Int32.max)) ?? Int.max
    if let value = config.value("min_samples_split") {
      splitShare = Self.share(value)
      if splitShare == nil {
        limits.splitSampleCountMin = try config.integer(
          "min_samples_split", default: 2, in: 2...Int(Int32.max))
      }
    }
    if let value = config.value("min_samples_leaf") {
      leafShare = Self.share(value)
      if leafShare == nil {
        limits.leafSampleCountMin = try config.integer(
          "min_samples_leaf", default: 1, in: 1...Int(Int32.max))
      }
    }
    limits.leafWeightShareMin = try config.number(
      "min_weight_fraction_leaf", default: 0, from: 0, to: 0.5)
    limits.leafCountMax = try config.optionalInteger("max_leaf_nodes", in: 2...Int(Int32.max))
    limits.impurityDecreaseMin = try config.number("min_impurity_decrease", default: 0, from: 0)
    alpha = try config.number("ccp_alpha", default: 0, from: 0)
    seed = UInt64(try config.integer("random_state", default: 0, in: 0...Int.max))
    binCountMax = try config.optionalInteger("max_bins", in: 2...65_535)
    let weights =
      isClassifier
      ? try config.choice("class_weight", default: "", among: ["balanced"]) : ""
    isBalanced = weights == "balanced"
    try config.only("monotonic_cst", .null)
    let given = config.value("max_features")
    let isNull = config.isNull("max_features")
    switch isNull ? .null : given ?? featuresDefault {
    case .null: features = .all
    case .string("sqrt"): features = .root
    case .string("log2"): features = .logarithm
    case .integer(let count) where count >= 1: features = .count(Int(count))
    case .real(let share) where share > 0 && share <= 1: features = .share(share)
    case let other:
      throw config.wrong(
        "max_features",
        "a whole number of at least 1, a share up to 1.0, \"sqrt\", \"log2\" or null", other)
    }
  }

  /// A number below 1 with a point is a share of the examples.
  private static func share(_ value: JSONValue) -> Double? {
    guard case .real(let share) = value, share > 0, share <= 1 else { return nil }
    return share
  }

  /// The limits for data of this size.
  func limits(rowCount: Int, featureCount: Int) throws(TrainingError) -> TreeLimits {
    var limits = limits
    if let splitShare {
      limits.splitSampleCountMin = max(2, Int((splitShare * Double(rowCount)).rounded(.up)))
    }
    if let leafShare {
      limits.leafSampleCountMin = max(1, Int((leafShare * Double(rowCount)).rounded(.up)))
    }
    limits.splitSampleCountMin = max(limits.splitSampleCountMin, 2 * limits.leafSampleCountMin)
    let count: Int
    switch features {
    case .all: return limits
    case .count(let wanted):
      guard wanted <= featureCount else {
        throw TrainingError(
          .specification,
          "'max_features': expected at most the \(featureCount) features there are, got \(wanted)")
      }
      count = wanted
    case .share(let share): count = max(1, Int(share * Double(featureCount)))
    case .root: count = max(1, Int(Double(featureCount).squareRoot()))
    case .logarithm: count = max(1, featureCount.bitWidth - 1 - featureCount.leadingZeroBitCount)
    }
    if count < featureCount { limits.featureCountMax = count }
    return limits
  }
}
