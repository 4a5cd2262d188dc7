/// Base64 in pieces (RFC 4648 section 4). Padding may come in the middle, at the end of a group:
/// writers of gRPC-Web encode each piece by itself.
struct Base64Decoder {
  private var group: UInt32 = 0
  private var count = 0
  private var paddingCount = 0

  /// True between groups of four characters.
  var isAtBoundary: Bool { count == 0 }

  /// Appends what the text says; false when it is not base64.
  mutating func decode(_ text: some Sequence<UInt8>, into output: inout [UInt8]) -> Bool {
    for character in text {
      if character == UInt8(ascii: "=") {
        guard count >= 2 else { return false }
        paddingCount += 1
        group <<= 6
      } else {
        guard paddingCount == 0, let bits = Self.bits(character) else { return false }
        group = group << 6 | bits
      }
      count += 1
      if count == 4 {
        output.append(UInt8(truncatingIfNeeded: group >> 16))
        if paddingCount < 2 { output.append(UInt8(truncatingIfNeeded: group >> 8)) }
        if paddingCount < 1 { output.append(UInt8(truncatingIfNeeded: group)) }
        self = Base64Decoder()
      }
    }
    return true
  }

  private static func bits(_ character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a") + 26)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0") + 52)
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}

enum Base64Encoder {
  private static let alphabet = [UInt8](
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The text of the bytes, padded.
  static func encode(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
      let available = min(3, bytes.count - index)
      var group = UInt32(bytes[index]) << 16
      if available > 1 { group |= UInt32(bytes[index + 1]) << 8 }
      if available > 2 { group |= UInt32(bytes[index + 2]) }
      for position in 0..<4 {
        output.append(
          position <= available
            ? alphabet[Int(group >> UInt32(18 - 6 * position)) & 63] : UInt8(ascii: "="))
      }
      index += 3
    }
    return output
  }
}
