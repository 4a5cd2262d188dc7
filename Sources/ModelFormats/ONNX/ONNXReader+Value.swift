internal import Compute
internal import Protocols

extension ONNXReader {
  /// A value as it is stored beside models: TensorProto, SequenceProto, OptionalProto.
  func value(_ bytes: ArraySlice<UInt8>, form: ValueForm) throws(ONNXError) -> ModelValue {
    switch form {
    case .tensor: return .tensor(try tensor(bytes).1)
    case .sequence: return .sequence(try sequence(bytes))
    case .optionalTensor, .optionalSequence: return try optional(bytes)
    }
  }

  private func sequence(_ bytes: ArraySlice<UInt8>) throws(ONNXError) -> [Tensor] {
    var tensors: [Tensor] = []
    try fields(of: bytes, "sequence") { field throws(ONNXError) in
      // 1: its name, 2: the type of its elements, 3: tensors, above: what we don't hold.
      if field.number == 3 { tensors.append(try tensor(try slice(field)).1) }
      if field.number > 3 {
        throw ONNXError(code: .unsupported, message: "sequences hold tensors only")
      }
    }
    return tensors
  }

  private func optional(_ bytes: ArraySlice<UInt8>) throws(ONNXError) -> ModelValue {
    var value = ModelValue.none
    try fields(of: bytes, "optional") { field throws(ONNXError) in
      switch field.number {
      case 3: value = .tensor(try tensor(try slice(field)).1)
      case 5: value = .sequence(try sequence(try slice(field)))
      default: break
      }
    }
    return value
  }
}
