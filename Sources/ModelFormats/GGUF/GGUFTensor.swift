public import Compute

/// A tensor of a GGUF file.
public struct GGUFTensor: Sendable {
  /// Its name.
  public let name: String
  /// Sizes, the outermost first; the last one is a whole number of blocks.
  public let shape: [Int]
  /// What its bytes are.
  public let format: BlockFormat
  /// The elements, where they lie in the file: valid while the file lives.
  public nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  /// How many elements it has.
  public var elementCount: Int { shape.reduce(1, *) }
}

/// Types of tensors, by the numbers that files have for them.
enum GGUFTensorType {
  static func format(_ number: UInt32) throws(GGUFError) -> BlockFormat {
    switch number {
    case 0: return .f32
    case 1: return .f16
    case 2: return .q4_0
    case 3: return .q4_1
    case 6: return .q5_0
    case 7: return .q5_1
    case 8: return .q8_0
    case 10: return .q2_K
    case 11: return .q3_K
    case 12: return .q4_K
    case 13: return .q5_K
    case 14: return .q6_K
    case 20: return .iq4_nl
    case 30: return .bf16
    default:
      let known = unread[number].map { " (\($0))" } ?? ""
      throw GGUFError(
        .unsupportedType,
        "expected a type of tensors among \(BlockFormat.allCases.map(\.rawValue).joined(separator: ", ")), "
          + "got number \(number)\(known)")
    }
  }

  /// Those that we know by name only.
  private static let unread: [UInt32: String] = [
    4: "q4_2, which is out of use", 5: "q4_3, which is out of use", 9: "q8_1", 15: "q8_K",
    16: "iq2_xxs", 17: "iq2_xs", 18: "iq3_xxs", 19: "iq1_s", 21: "iq3_s", 22: "iq2_s",
    23: "iq4_xs", 24: "i8", 25: "i16", 26: "i32", 27: "i64", 28: "f64", 29: "iq1_m",
    34: "tq1_0", 35: "tq2_0", 39: "mxfp4", 40: "nvfp4", 41: "q1_0",
  ]
}
