/// What is known about a value: its element type, and its shape as far as it is known.
struct TensorType: Sendable, Equatable {
  var dataType: DataType
  /// nil: even the rank is unknown. -1: this dimension is unknown.
  var shape: [Int]?

  init(_ dataType: DataType, _ shape: [Int]?) {
    self.dataType = dataType
    self.shape = shape
  }

  /// Whether every dimension is known.
  var isConcrete: Bool { shape?.allSatisfy { $0 >= 0 } ?? false }
}

/// What an operator may look at to say what its outputs will be: the types of its inputs and
/// the values of those that are already known.
struct KnownInputs: Sendable {
  var types: [TensorType?]
  var constants: [Tensor?]

  var count: Int { types.count }

  /// The type of a mandatory input.
  func type(_ index: Int) throws(GraphError) -> TensorType {
    guard index < types.count, let type = types[index] else {
      throw GraphError(code: .missingInput, message: "input \(index) is required and missing")
    }
    return type
  }

  /// The type of an optional input, nil if left out.
  func optional(_ index: Int) -> TensorType? { index < types.count ? types[index] : nil }

  /// The value of an input, nil if left out or only known at inference.
  func constant(_ index: Int) -> Tensor? { index < constants.count ? constants[index] : nil }

  /// An input's value as integers, nil if only known at inference.
  func integers(_ index: Int) throws(GraphError) -> [Int]? {
    guard let tensor = constant(index) else { return nil }
    switch tensor.dataType {
    case .int64: return tensor.elements(as: Int64.self).map { Int($0) }
    case .int32: return tensor.elements(as: Int32.self).map { Int($0) }
    default:
      throw GraphError(
        code: .typeMismatch,
        message: "input \(index) must be INT64 or INT32, got \(tensor.dataType)")
    }
  }

  /// The type of an input that must be one of the given element types.
  func type(_ index: Int, among allowed: [DataType]) throws(GraphError) -> TensorType {
    let type = try self.type(index)
    guard allowed.contains(type.dataType) else {
      throw GraphError(
        code: .unsupportedType,
        message: "input \(index) must be one of "
          + allowed.map(\.oipName).joined(separator: ", ") + ", got \(type.dataType)")
    }
    return type
  }
}
