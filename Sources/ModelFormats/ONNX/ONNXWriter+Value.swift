internal import Compute
internal import Protocols

extension ONNXWriter {
  /// TensorProto. Elements are raw bytes, but for texts.
  mutating func tensor(_ tensor: Tensor, name: String = "") throws(ONNXError) {
    guard let type = ONNXDataType.encode(tensor.dataType) else {
      throw ONNXError(
        code: .unsupported, message: "ONNX has no element type \(tensor.dataType)",
        location: "tensor '\(name)'")
    }
    out.field(1, packed: tensor.shape.map(Int64.init))
    out.field(2, int64: type)
    if tensor.dataType == .string {
      for element in tensor.storage.withBytes({ StringFraming.elements($0) ?? [] }) {
        out.field(6, bytes: element[...])
      }
    }
    text(8, name)
    switch tensor.dataType {
    case .string: break
    case .int4, .uint4: out.field(9, bytes: nibbles(tensor)[...])
    default: tensor.storage.withBytes { out.field(9, rawBytes: $0) }
    }
  }

  /// Two elements a byte, the first in its lower half.
  private func nibbles(_ tensor: Tensor) -> [UInt8] {
    let elements = tensor.elements(as: UInt8.self)
    return stride(from: 0, to: elements.count, by: 2).map { index in
      let high = index + 1 < elements.count ? elements[index + 1] : 0
      return elements[index] & 0xF | high << 4
    }
  }

  /// ValueInfoProto.
  mutating func value(_ value: Graph.Value) {
    out.field(1, string: value.name)
    guard let dataType = value.dataType else { return }
    message(2) { writer in
      writer.type(
        value.form, dataType, shape: value.shape, dimensionNames: value.dimensionNames)
    }
  }

  /// TypeProto.
  mutating func type(
    _ form: ValueForm, _ dataType: DataType, shape: [Int]?, dimensionNames: [String?] = []
  ) {
    func inner(_ form: ValueForm) -> (inout ONNXWriter) -> Void {
      { part in
        part.message(1) { $0.type(form, dataType, shape: shape, dimensionNames: dimensionNames) }
      }
    }
    switch form {
    case .tensor:
      message(1) { tensor in
        tensor.out.field(1, int64: ONNXDataType.encode(dataType) ?? 0)
        if let shape { tensor.shape(shape, dimensionNames) }
      }
    case .sequence: message(4, inner(.tensor))
    case .optionalTensor: message(9, inner(.tensor))
    case .optionalSequence: message(9, inner(.sequence))
    }
  }

  /// TensorShapeProto.
  private mutating func shape(_ shape: [Int], _ names: [String?]) {
    message(2) { part in
      for (index, size) in shape.enumerated() {
        part.message(1) { dimension in
          if size >= 0 {
            dimension.out.field(1, int64: Int64(size))
          } else if index < names.count, let name = names[index] {
            dimension.out.field(2, string: name)
          }
        }
      }
    }
  }
}
