public import Compute

/// Types of elements, as files write them.
public enum SafeTensorType: String, CaseIterable, Sendable {
  case bool = "BOOL"
  case float4 = "F4"
  case float6E2M3 = "F6_E2M3"
  case float6E3M2 = "F6_E3M2"
  case uint8 = "U8"
  case int8 = "I8"
  case float8E5M2 = "F8_E5M2"
  case float8E4M3 = "F8_E4M3"
  case float8E8M0 = "F8_E8M0"
  case uint16 = "U16"
  case int16 = "I16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case uint32 = "U32"
  case int32 = "I32"
  case float32 = "F32"
  case complex64 = "C64"
  case float64 = "F64"
  case uint64 = "U64"
  case int64 = "I64"

  /// Bits of an element.
  public var bitCount: Int {
    switch self {
    case .float4: 4
    case .float6E2M3, .float6E3M2: 6
    case .bool, .uint8, .int8, .float8E5M2, .float8E4M3, .float8E8M0: 8
    case .uint16, .int16, .float16, .bfloat16: 16
    case .uint32, .int32, .float32: 32
    case .complex64, .float64, .uint64, .int64: 64
    }
  }

  /// What the kernels call it; nil for types that weights cannot have here.
  public var format: BlockFormat? {
    switch self {
    case .float32: .f32
    case .float16: .f16
    case .bfloat16: .bf16
    default: nil
    }
  }
}

/// A tensor of a safetensors file.
public struct SafeTensor: Sendable {
  /// Its name.
  public let name: String
  /// What its elements are.
  public let type: SafeTensorType
  /// Sizes, the outermost first; none for a single number.
  public let shape: [Int]
  /// The elements, where they lie in the file, at any alignment: valid while the file lives.
  public nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  /// How many elements it has.
  public var elementCount: Int { shape.reduce(1, *) }
}
