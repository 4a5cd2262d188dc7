/// What precedes every frame (RFC 9113 section 4.1).
struct FrameHeader: Equatable {
  static let byteCount = 9

  enum Kind: UInt8 {
    case data = 0
    case headers, priority, rstStream, settings, pushPromise, ping, goAway, windowUpdate
    case continuation
  }

  static let endStream: UInt8 = 0x1
  static let endHeaders: UInt8 = 0x4

  /// Bytes of payload that follow.
  let payloadByteCount: Int
  /// A ``Kind``, or a type that we do not know.
  let type: UInt8
  let flags: UInt8
  let streamID: Int32

  /// From the first eight bytes, as one big-endian number, and the ninth.
  @inline(__always)
  init(_ first: UInt64, _ last: UInt8) {
    payloadByteCount = Int(first >> 40)
    type = UInt8(truncatingIfNeeded: first >> 32)
    flags = UInt8(truncatingIfNeeded: first >> 24)
    // The highest bit is reserved and ignored.
    streamID = Int32(truncatingIfNeeded: (first & 0x7f_ffff) << 8 | UInt64(last))
  }

  @inline(__always)
  var endsStream: Bool { flags & Self.endStream != 0 }
}
