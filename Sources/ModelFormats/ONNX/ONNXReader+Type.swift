internal import Compute
internal import Protocols

extension ONNXReader {
  /// ValueInfoProto.
  func value(_ bytes: ArraySlice<UInt8>) throws(ONNXError) -> Graph.Value {
    var value = Graph.Value(name: "", dataType: nil, shape: nil)
    var type: ArraySlice<UInt8>?
    try fields(of: bytes, "value") { field throws(ONNXError) in
      switch field.number {
      case 1: value.name = try text(field)
      case 2: type = try slice(field)
      default: break
      }
    }
    if let type {
      do {
        try self.type(type, &value, depth: 0)
      } catch {
        throw error.at("value '\(value.name)'")
      }
    }
    return value
  }

  /// TypeProto: a tensor, a sequence of tensors, or an optional one of them. Maps stay untyped:
  /// only ZipMap's output may be one.
  func type(
    _ bytes: ArraySlice<UInt8>, _ value: inout Graph.Value, depth: Int
  ) throws(ONNXError) {
    guard depth < 4 else {
      throw ONNXError(code: .unsupported, message: "types nest deeper than optional sequences")
    }
    try fields(of: bytes, "type") { field throws(ONNXError) in
      switch field.number {
      case 1: try tensorType(try slice(field), &value)
      case 4, 9:
        try fields(of: try slice(field), "type") { element throws(ONNXError) in
          guard element.number == 1 else { return }
          try type(try slice(element), &value, depth: depth + 1)
        }
        switch (field.number, value.form) {
        case (4, .tensor): value.form = value.dataType == nil ? .tensor : .sequence
        case (9, .tensor): value.form = .optionalTensor
        case (9, .sequence): value.form = .optionalSequence
        default:
          throw ONNXError(
            code: .unsupported, message: "sequences and optionals of anything but tensors")
        }
      default: break
      }
    }
  }

  /// TypeProto.Tensor.
  private func tensorType(
    _ bytes: ArraySlice<UInt8>, _ value: inout Graph.Value
  ) throws(ONNXError) {
    try fields(of: bytes, "tensor type") { field throws(ONNXError) in
      switch field.number {
      case 1: value.dataType = try ONNXReader.dataType(try integer(field))
      case 2: try shape(try slice(field), &value)
      default: break
      }
    }
  }

  /// TensorShapeProto.
  private func shape(
    _ bytes: ArraySlice<UInt8>, _ value: inout Graph.Value
  ) throws(ONNXError) {
    var dimensions: [Int] = []
    var names: [String?] = []
    try fields(of: bytes, "shape") { field throws(ONNXError) in
      guard field.number == 1 else { return }
      try limit(dimensions.count, limits.rankMax, "dimensions")
      var size = -1
      var name: String?
      try fields(of: try slice(field), "dimension") { field throws(ONNXError) in
        switch field.number {
        case 1:
          // Some exporters write -1 or 0 for "unknown" instead of leaving the size out; a
          // negative size cannot mean anything else.
          size = max(-1, Int(try integer(field)))
          name = nil
        case 2:
          size = -1
          name = try text(field)
        default: break
        }
      }
      dimensions.append(size)
      names.append(name?.isEmpty == true ? nil : name)
    }
    guard Shape.elementCount(dimensions.map { max($0, 0) == 0 ? 1 : $0 }) != nil else {
      throw ONNXError(
        code: .shapeOverflow, message: "the shape \(Shape.describe(dimensions)) overflows")
    }
    value.shape = dimensions
    value.dimensionNames = names
  }

  /// TensorProto.DataType to ours.
  static func dataType(_ code: Int64) throws(ONNXError) -> DataType {
    guard let type = ONNXDataType.decode(code) else {
      throw ONNXError(
        code: .unsupported,
        message: "element type \(code) is not supported (complex, or newer than ONNX 1.16)")
    }
    return type
  }
}

/// The numbers of TensorProto.DataType.
enum ONNXDataType {
  private static let types: [(Int64, DataType)] = [
    (1, .fp32), (2, .uint8), (3, .int8), (4, .uint16), (5, .int16), (6, .int32), (7, .int64),
    (8, .string), (9, .bool), (10, .fp16), (11, .fp64), (12, .uint32), (13, .uint64),
    (16, .bf16), (17, .fp8e4m3fn), (18, .fp8e4m3fnuz), (19, .fp8e5m2), (20, .fp8e5m2fnuz),
    (21, .uint4), (22, .int4),
  ]

  static func decode(_ code: Int64) -> DataType? { types.first { $0.0 == code }?.1 }
  static func encode(_ type: DataType) -> Int64? { types.first { $0.1 == type }?.0 }
}
