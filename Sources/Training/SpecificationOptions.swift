public import JSON

/// What a command says besides a description, put where the description would have it.
public struct SpecificationOptions: Sendable {
  /// The same seed gives the same model.
  public var seed: UInt64?
  /// The column or array to learn.
  public var target: String?
  /// Processes that compute gradients.
  public var workers: Int?
  /// Processes that hold the parameters.
  public var servers: Int?
  /// When a gradient changes the parameters, as `distribute` names it.
  public var mode: String?
  /// How gradients travel, as `distribute` names it.
  public var compression: String?
  /// The model to begin with: an .onnx file's path, or `MODEL[:VERSION]` of a service.
  public var initialModel: String?

  /// Classes of Keras, whose seed stands with how they are fitted. All others are scikit-learn's, whose
  /// seed is a parameter of theirs.
  private static let networkClasses: Set<String> = ["Sequential", "Functional", "Model"]

  /// Nothing is drawn for these, and they have no parameter for it.
  private static let seedlessClasses: Set<String> = ["LinearRegression"]

  /// Nothing besides the description.
  public init(seed: UInt64? = nil, target: String? = nil, initialModel: String? = nil) {
    (self.seed, self.target, self.initialModel) = (seed, target, initialModel)
  }

  /// What a description says to begin with; nil for nothing.
  public static func initialModel(of specification: JSONValue) throws(TrainingError) -> String? {
    guard let value = specification["fit"]?["initial_model"], value != .null else { return nil }
    guard case .string(let name) = value, !name.isEmpty else {
      throw TrainingError(
        .specification,
        "fit: initial_model must be a model's name with or without its version (digits:3), or where there "
          + "is no service an .onnx file, got \(value.kind)")
    }
    return name
  }

  /// The description with the options in it, which win over what it says.
  public func applied(to specification: JSONValue) -> JSONValue {
    var result = specification
    if let target, !target.isEmpty {
      result = Self.set("fit", "target", .string(target), in: result)
    }
    result = distributed(result)
    if let initialModel, !initialModel.isEmpty {
      result = Self.set("fit", "initial_model", .string(initialModel), in: result)
    }
    if let seed {
      let value = Int64(exactly: seed).map { JSONValue.integer($0) } ?? .unsigned(seed)
      var isNetwork = true
      if case .string(let name)? = specification["class_name"] {
        isNetwork = Self.networkClasses.contains(name)
        if Self.seedlessClasses.contains(name) { return result }
      }
      result =
        isNetwork
        ? Self.set("fit", "seed", value, in: result)
        : Self.set("config", "random_state", value, in: result)
    }
    return result
  }

  /// Who computes it, where these options say so.
  private func distributed(_ specification: JSONValue) -> JSONValue {
    let given: [(String, JSONValue?)] = [
      ("workers", workers.map { .integer(Int64($0)) }),
      ("servers", servers.map { .integer(Int64($0)) }), ("mode", mode.map { .string($0) }),
      ("compression", compression.map { .string($0) }),
    ]
    return given.reduce(specification) { specification, option in
      guard let value = option.1 else { return specification }
      return Self.set("distribute", option.0, value, in: specification)
    }
  }

  private static func set(
    _ section: String, _ name: String, _ value: JSONValue, in specification: JSONValue
  ) -> JSONValue {
    replacing(
      section, in: specification,
      by: replacing(
        name, in: specification[section] ?? .object([]), by: value))
  }

  private static func replacing(
    _ name: String, in object: JSONValue, by value: JSONValue
  ) -> JSONValue {
    // What is no object is left for whoever reads it to refuse.
    guard case .object(var members) = object == .null ? .object([]) : object else { return object }
    if let index = members.firstIndex(where: { $0.name == name }) {
      members[index].value = value
    } else {
      members.append(.init(name, value))
    }
    return .object(members)
  }
}
