internal import Protocols
internal import RPC

/// How the elements of a datatype of the Open Inference Protocol are written in JSON. Half floats
/// are numbers there like any other, and become 16 bits here.
struct TensorDatatype {
  enum Narrowing {
    case none, fp16, bf16
  }

  /// What the text is read and written as.
  let element: JSONElementType
  let narrowing: Narrowing

  init?(_ name: String) {
    narrowing = name == "FP16" ? .fp16 : name == "BF16" ? .bf16 : .none
    switch name {
    case "BOOL": element = .bool
    case "UINT8": element = .uint8
    case "UINT16": element = .uint16
    case "UINT32": element = .uint32
    case "UINT64": element = .uint64
    case "INT8": element = .int8
    case "INT16": element = .int16
    case "INT32": element = .int32
    case "INT64": element = .int64
    case "FP16", "BF16", "FP32": element = .fp32
    case "FP64": element = .fp64
    case "BYTES": element = .bytes
    default: return nil
    }
  }

  /// Elements as they were read, as the wire has them.
  func narrow(_ bytes: UnsafeRawBufferPointer) throws(RESTError) -> [UInt8] {
    guard narrowing != .none else { return Array(bytes) }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count / 2)
    for offset in stride(from: 0, to: bytes.count, by: 4) {
      let value = bytes.loadUnaligned(fromByteOffset: offset, as: Float.self)
      let bits = narrowing == .fp16 ? Float16(value).bitPattern : Self.bfloat16(value)
      // Infinity is no number that was sent.
      let infinity: UInt16 = narrowing == .fp16 ? 0x7c00 : 0x7f80
      guard bits & 0x7fff != infinity || !value.isFinite else {
        throw RESTError(
          .invalidArgument, "element \(offset / 4): expected a number that fits 16 bits")
      }
      result.append(UInt8(truncatingIfNeeded: bits))
      result.append(UInt8(truncatingIfNeeded: bits >> 8))
    }
    return result
  }

  /// Appends elements of the wire to an array that is open; false when they are not elements of the
  /// datatype.
  func write(_ bytes: UnsafeRawBufferPointer, to writer: inout JSONWriter) -> Bool {
    guard narrowing != .none else { return writer.elements(bytes, as: element) }
    guard bytes.count % 2 == 0 else { return false }
    let wide = stride(from: 0, to: bytes.count, by: 2).map { offset in
      let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
      return narrowing == .fp16
        ? Float(Float16(bitPattern: bits)) : Float(bitPattern: UInt32(bits) << 16)
    }
    return wide.withUnsafeBytes { writer.elements($0, as: .fp32) }
  }

  /// To nearest, ties to even.
  private static func bfloat16(_ value: Float) -> UInt16 {
    if value.isNaN { return 0x7fc0 }
    let bits = value.bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
  }
}
