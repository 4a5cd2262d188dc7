/// Base64 (RFC 4648 section 4).
public enum Base64 {
  private static let alphabet = [UInt8](
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The text of the bytes. `-bin` metadata is written without padding (gRPC over HTTP/2).
  public static func encode(_ bytes: UnsafeRawBufferPointer, isPadded: Bool) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
      let available = min(3, bytes.count - index)
      var group = UInt32(bytes[index]) << 16
      if available > 1 { group |= UInt32(bytes[index + 1]) << 8 }
      if available > 2 { group |= UInt32(bytes[index + 2]) }
      for position in 0...available {
        output.append(alphabet[Int(group >> UInt32(18 - 6 * position)) & 63])
      }
      if isPadded {
        for _ in available..<3 { output.append(UInt8(ascii: "=")) }
      }
      index += 3
    }
    return output
  }

  /// What a text says, padded or not; nil when it is not base64.
  public static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var decoder = Base64Decoder(isInPieces: false)
    var output: [UInt8] = []
    guard decoder.decode(text, into: &output), decoder.finish(into: &output) else { return nil }
    return output
  }
}
