internal import JSON

/// A description in scikit-learn's vocabulary:
/// `{"class_name": "Ridge", "config": {"alpha": 2}, "fit": {"target": "y", "features": ["x"]}}`.
struct ClassicalSpecification {
  /// The estimator.
  let className: String
  /// Its parameters, as given.
  let config: JSONValue?
  /// The columns to learn from; nil for all that are not targets.
  let features: [String]?
  /// The columns to predict; nil for `y`, or the last one.
  let targets: [String]?
  /// Columns whose numbers name categories. Texts always do.
  let categorical: [String]
  /// The text of all of it: a checkpoint goes on only under the same.
  let fingerprint: [UInt8]

  /// nil if it names no class at all, so that others may know what it is.
  init?(_ value: JSONValue) throws(TrainingError) {
    guard case .string(let name)? = value["class_name"] else { return nil }
    className = name
    config = value["config"]
    fingerprint = value.serialized()
    var fit = try Parameters(value["fit"], owner: "fit")
    features = try Self.names("features", &fit)
    targets = try Self.names("target", &fit)
    categorical = try Self.names("categorical", &fit) ?? []
    try fit.finish()
    guard case .object(let members) = value else { return }
    for member in members where !["class_name", "config", "fit"].contains(member.name) {
      throw TrainingError(
        .specification,
        "\(name): expected class_name, config and fit, got '\(member.name)'")
    }
  }

  /// A name or a list of names.
  private static func names(
    _ key: String, _ fit: inout Parameters
  ) throws(TrainingError) -> [String]? {
    guard let value = fit.value(key) else { return nil }
    if case .string(let name) = value { return [name] }
    guard case .array(let list) = value, !list.isEmpty else {
      throw fit.wrong(key, "a column's name or a list of them", value)
    }
    var names: [String] = []
    for element in list {
      guard case .string(let name) = element, !names.contains(name) else {
        throw fit.wrong(key, "different names of columns", value)
      }
      names.append(name)
    }
    return names
  }
}
