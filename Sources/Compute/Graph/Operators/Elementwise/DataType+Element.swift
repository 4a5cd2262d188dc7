extension DataType {
  /// The Swift type numbers of this type are computed in; nil for bool and string.
  var elementType: (any Element.Type)? {
    switch self {
    case .uint8: UInt8.self
    case .uint16: UInt16.self
    case .uint32: UInt32.self
    case .uint64: UInt64.self
    case .int8: Int8.self
    case .int16: Int16.self
    case .int32: Int32.self
    case .int64: Int64.self
    case .fp16: Half.self
    case .bf16: BFloat.self
    case .fp32: Float.self
    case .fp64: Double.self
    case .fp8e4m3fn: Float8E4M3FN.self
    case .fp8e4m3fnuz: Float8E4M3FNUZ.self
    case .fp8e5m2: Float8E5M2.self
    case .fp8e5m2fnuz: Float8E5M2FNUZ.self
    case .int4: Int4.self
    case .uint4: UInt4.self
    case .bool, .string: nil
    }
  }

  /// The type, or an error that says the operator needs numbers.
  func numeric() throws(GraphError) -> any Element.Type {
    guard let type = elementType else {
      throw GraphError(
        code: .unsupportedType, message: "the operator needs numbers, got \(self)")
    }
    return type
  }

  /// What operators compute with; 8-bit floats and 4-bit integers are only converted.
  static let numbers: [DataType] = allCases.filter { $0.elementType != nil }
  static let tinyFloats: [DataType] = [.fp8e4m3fn, .fp8e4m3fnuz, .fp8e5m2, .fp8e5m2fnuz]
  static let floats: [DataType] = [.fp32, .fp64, .fp16, .bf16]
}
