/// GPT-2's alphabet: a printable character for each byte, in which byte-level vocabularies are
/// written. Bytes that are printable in Latin-1 stand for themselves, the others follow U+0100.
enum ByteAlphabet {
  private static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (0..<256).map { (byte: UInt32) in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return byte
      default:
        defer { next += 1 }
        return next
      }
    }
  }()

  /// Bytes by scalar; -1 for one that stands for none.
  private static let bytes: [Int16] = {
    var result = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { result[Int(scalar)] = Int16(byte) }
    return result
  }()

  /// The bytes that a text in the alphabet stands for; nil when a character is not of it.
  static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    let table = bytes
    var index = text.startIndex
    while index < text.endIndex {
      var scalar = Int(text[index])
      index += 1
      // All of the alphabet has at most two bytes of UTF-8.
      if scalar >= 0x80 {
        guard scalar & 0xE0 == 0xC0, index < text.endIndex else { return nil }
        scalar = (scalar & 0x1F) << 6 | Int(text[index] & 0x3F)
        index += 1
      }
      guard scalar < table.count, table[scalar] >= 0 else { return nil }
      result.append(UInt8(table[scalar]))
    }
    return result
  }

  /// A byte's character.
  static func character(_ byte: UInt8) -> Unicode.Scalar { Unicode.Scalar(scalars[Int(byte)])! }
}
