/// What is known about a value: its element type, and its shape as far as it is known.
struct TensorType: Sendable, Equatable {
  var dataType: DataType
  /// nil: even the rank is unknown. -1: this dimension is unknown.
  var shape: [Int]?
  /// For a sequence or an optional, type and shape are those of the tensors inside.
  var form = ValueForm.tensor

  init(_ dataType: DataType, _ shape: [Int]?, _ form: ValueForm = .tensor) {
    self.dataType = dataType
    self.shape = shape
    self.form = form
  }

  /// What is known of a value.
  init(_ value: ModelValue) {
    switch value {
    case .tensor(let tensor): self.init(tensor.dataType, tensor.shape)
    case .sequence(let tensors): self.init(tensors.first?.dataType ?? .fp32, nil, .sequence)
    case .none: self.init(.fp32, nil, .optionalTensor)
    }
  }

  /// Whether a value has this form and element type. A sequence's elements were checked one by one
  /// when they were computed.
  func accepts(_ value: ModelValue) -> Bool {
    switch value {
    case .tensor(let tensor): form.accepts(value) && tensor.dataType == dataType
    case .sequence(let tensors):
      form.accepts(value) && tensors.first?.dataType ?? dataType == dataType
    case .none: form.accepts(value)
    }
  }

  /// What is known of a value that is one of two.
  func merged(with other: TensorType) -> TensorType {
    guard let a = shape, let b = other.shape, a.count == b.count else {
      return TensorType(dataType, nil, form)
    }
    return TensorType(dataType, zip(a, b).map { $0 == $1 ? $0 : -1 }, form)
  }

  /// Bytes that a tensor of this concrete type takes at least: those of texts come on top of their
  /// lengths' 4 bytes each. nil if there can be none.
  var minimumByteCount: Int? {
    guard let shape, let count = Shape.elementCount(shape) else { return nil }
    return count * (dataType.elementByteCount ?? 4)
  }

  /// Whether every dimension is known.
  var isConcrete: Bool { form == .tensor && shape?.allSatisfy { $0 >= 0 } ?? false }
}

/// What an operator may look at to say what its outputs will be: the types of its inputs and
/// the values of those that are already known.
struct KnownInputs: Sendable {
  var types: [TensorType?]
  var constants: [Tensor?]

  var count: Int { types.count }

  /// The type of a mandatory input, which must be a tensor.
  func type(_ index: Int) throws(GraphError) -> TensorType {
    let type = try value(index)
    guard type.form == .tensor else {
      throw GraphError(
        code: .typeMismatch, message: "input \(index) must be a tensor, got \(type.form)")
    }
    return type
  }

  /// The type of a mandatory input of any form.
  func value(_ index: Int) throws(GraphError) -> TensorType {
    guard index < types.count, let type = types[index] else {
      throw GraphError(code: .missingInput, message: "input \(index) is required and missing")
    }
    return type
  }

  /// The type of a mandatory input that must be a sequence.
  func sequence(_ index: Int) throws(GraphError) -> TensorType {
    let type = try value(index)
    guard type.form == .sequence else {
      throw GraphError(
        code: .typeMismatch, message: "input \(index) must be a sequence, got a \(type.form)")
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

  /// Checks that an input, if it is given, has one element.
  func checkScalar(_ index: Int) throws(GraphError) {
    guard let shape = optional(index)?.shape, let count = Shape.elementCount(shape), count != 1
    else { return }
    throw GraphError(
      code: .shapeMismatch,
      message: "input \(index) must have one element, got \(Shape.describe(shape))")
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
