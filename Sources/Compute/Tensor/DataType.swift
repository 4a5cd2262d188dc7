/// The element types tensors may have, in the vocabulary of the Open Inference Protocol.
public enum DataType: UInt8, Sendable, Hashable, CaseIterable {
  case bool
  case uint8, uint16, uint32, uint64
  case int8, int16, int32, int64
  case fp16, bf16, fp32, fp64
  /// Byte strings of any length, framed as a 4-byte little-endian length and the bytes.
  case string

  /// Bytes one element takes, or nil for strings, whose elements have no common size.
  public var elementByteCount: Int? {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .fp16, .bf16: 2
    case .uint32, .int32, .fp32: 4
    case .uint64, .int64, .fp64: 8
    case .string: nil
    }
  }

  /// The name the Open Inference Protocol gives the type, such as "FP32" or "BYTES".
  public var oipName: String {
    switch self {
    case .bool: "BOOL"
    case .uint8: "UINT8"
    case .uint16: "UINT16"
    case .uint32: "UINT32"
    case .uint64: "UINT64"
    case .int8: "INT8"
    case .int16: "INT16"
    case .int32: "INT32"
    case .int64: "INT64"
    case .fp16: "FP16"
    case .bf16: "BF16"
    case .fp32: "FP32"
    case .fp64: "FP64"
    case .string: "BYTES"
    }
  }

  /// Finds a type by its Open Inference Protocol name; nil for an unknown name.
  public init?(oipName: String) {
    guard let match = DataType.allCases.first(where: { $0.oipName == oipName }) else {
      return nil
    }
    self = match
  }

  /// Whether the type is a floating-point type of any width.
  public var isFloatingPoint: Bool {
    switch self {
    case .fp16, .bf16, .fp32, .fp64: true
    default: false
    }
  }

  /// Whether the type is an integer type of any width, signed or not.
  public var isInteger: Bool {
    switch self {
    case .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64: true
    default: false
    }
  }
}

extension DataType: CustomStringConvertible {
  /// The Open Inference Protocol name.
  public var description: String { oipName }
}
