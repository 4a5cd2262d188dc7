/// What a value of a graph is at inference: a tensor, a sequence of tensors, or an optional that
/// holds nothing. An optional that holds something is what it holds.
public enum ModelValue: Sendable {
  /// One tensor.
  case tensor(Tensor)
  /// Any number of tensors of one element type.
  case sequence([Tensor])
  /// An empty optional.
  case none

  /// The tensor, if it is one.
  public var tensor: Tensor? {
    guard case .tensor(let tensor) = self else { return nil }
    return tensor
  }

  /// Bytes of the elements.
  var byteCount: Int {
    switch self {
    case .tensor(let tensor): tensor.storage.byteCount
    case .sequence(let tensors):
      tensors.reduce(0) { $0 + $1.storage.byteCount + Tensor.overheadByteCount }
    case .none: 0
    }
  }
}

extension Tensor {
  /// Bytes that a tensor takes beside its elements, so that many small ones count too: its storage
  /// and that's alignment, its shape, its place in a list.
  static var overheadByteCount: Int { 256 }
}

/// Which kind of value a name of a graph stands for.
public enum ValueForm: String, Sendable, Equatable {
  /// A tensor.
  case tensor
  /// A sequence of tensors.
  case sequence
  /// A tensor or nothing.
  case optionalTensor
  /// A sequence of tensors or nothing.
  case optionalSequence

  /// What is inside an optional; the form itself otherwise.
  var unwrapped: ValueForm {
    switch self {
    case .tensor, .optionalTensor: .tensor
    case .sequence, .optionalSequence: .sequence
    }
  }

  /// The optional of it.
  var wrapped: ValueForm { unwrapped == .tensor ? .optionalTensor : .optionalSequence }

  var isOptional: Bool { self == .optionalTensor || self == .optionalSequence }

  /// Whether a value may stand for a name of this form.
  func accepts(_ value: ModelValue) -> Bool {
    switch value {
    case .tensor: unwrapped == .tensor
    case .sequence: unwrapped == .sequence
    case .none: isOptional
    }
  }
}
