/// The element types tensors may have, in the vocabulary of the Open Inference Protocol.
public enum DataType: UInt8, Sendable, Hashable, CaseIterable {
  case bool
  case uint8, uint16, uint32, uint64
  case int8, int16, int32, int64
  case fp16, bf16, fp32, fp64
  /// Byte strings of any length, framed as a 4-byte little-endian length and the bytes.
  case string
  /// ONNX's 8-bit floats and 4-bit integers (a byte each in memory): between operators only, the
  /// Open Inference Protocol has no names for them.
  case fp8e4m3fn, fp8e4m3fnuz, fp8e5m2, fp8e5m2fnuz
  case int4, uint4

  /// Bytes one element takes, or nil for strings, whose elements have no common size.
  public var elementByteCount: Int? {
    switch self {
    case .bool, .uint8, .int8: 1
    case .fp8e4m3fn, .fp8e4m3fnuz, .fp8e5m2, .fp8e5m2fnuz, .int4, .uint4: 1
    case .uint16, .int16, .fp16, .bf16: 2
    case .uint32, .int32, .fp32: 4
    case .uint64, .int64, .fp64: 8
    case .string: nil
    }
  }

  /// The name the Open Inference Protocol gives the type, such as "FP32" or "BYTES", or would.
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
    case .fp8e4m3fn: "FP8E4M3FN"
    case .fp8e4m3fnuz: "FP8E4M3FNUZ"
    case .fp8e5m2: "FP8E5M2"
    case .fp8e5m2fnuz: "FP8E5M2FNUZ"
    case .int4: "INT4"
    case .uint4: "UINT4"
    }
  }

  /// The types that the Open Inference Protocol knows: what inputs and outputs may be.
  public static let allCases: [DataType] = (0...DataType.string.rawValue).compactMap {
    DataType(rawValue: $0)
  }

  /// Whether the Open Inference Protocol knows the type.
  public var isInProtocol: Bool { rawValue <= DataType.string.rawValue }

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
