internal import CKernels

/// A format of weights, under GGUF's name: plain numbers, or blocks of small codes with their scales.
public enum BlockFormat: String, CaseIterable, Sendable {
  case f32, f16, bf16
  /// Blocks of 32 elements.
  case q4_0, q4_1, q5_0, q5_1, q8_0, iq4_nl
  /// Blocks of 256 elements, in groups of 16 or 32.
  case q2_K, q3_K, q4_K, q5_K, q6_K

  /// Elements that belong together: a row has a multiple of them.
  public var elementsPerBlock: Int { blockFormat.map { Int(Self.layout($0).elements) } ?? 1 }

  /// Bytes of a block.
  public var bytesPerBlock: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    default: blockFormat.map { Int(Self.layout($0).bytes) } ?? 0
    }
  }

  /// Bytes that elements take; nil if they are no whole number of blocks, or more than memory holds.
  public func byteCount(elementCount: Int) -> Int? {
    guard elementCount >= 0, elementCount % elementsPerBlock == 0 else { return nil }
    let (bytes, overflow) = (elementCount / elementsPerBlock)
      .multipliedReportingOverflow(by: bytesPerBlock)
    return overflow ? nil : bytes
  }

  /// The elements of whole blocks, exact to the format's definition.
  public func dequantize(
    _ bytes: UnsafeRawBufferPointer, into elements: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(
      byteCount(elementCount: elements.count) == bytes.count,
      "\(self): expected the bytes of \(elements.count) elements, got \(bytes.count)")
    guard let source = bytes.baseAddress, let target = elements.baseAddress else { return }
    if let format = blockFormat {
      ck_block_dequantize(
        target, source.assumingMemoryBound(to: UInt8.self), elements.count / elementsPerBlock,
        format)
      return
    }
    switch self {
    case .f16:
      for index in elements.indices {
        target[index] = Float(
          Float16(bitPattern: source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
      }
    case .bf16:
      for index in elements.indices {
        let bits = source.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        target[index] = Float(bitPattern: UInt32(bits) << 16)
      }
    default: UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: bytes.count)
    }
  }

  /// The kernels' name; nil for plain numbers.
  var blockFormat: ck_block_format? {
    switch self {
    case .f32, .f16, .bf16: nil
    case .q4_0: CK_Q4_0
    case .q4_1: CK_Q4_1
    case .q5_0: CK_Q5_0
    case .q5_1: CK_Q5_1
    case .q8_0: CK_Q8_0
    case .iq4_nl: CK_IQ4_NL
    case .q2_K: CK_Q2_K
    case .q3_K: CK_Q3_K
    case .q4_K: CK_Q4_K
    case .q5_K: CK_Q5_K
    case .q6_K: CK_Q6_K
    }
  }

  private static func layout(_ format: ck_block_format) -> ck_block_layout {
    ck_block_layout_of(format)
  }
}
