/// Reads base64 as it comes.
public struct Base64Decoder {
  /// Padding may come at the end of any group: writers of gRPC-Web encode each piece by itself.
  private let isInPieces: Bool
  private var group: UInt32 = 0
  private var count = 0
  private var paddingCount = 0
  private var hasEnded = false

  /// A decoder of one text, or of several in a row.
  public init(isInPieces: Bool) {
    self.isInPieces = isInPieces
  }

  /// True between groups of four characters.
  public var isAtBoundary: Bool { count == 0 }

  /// Appends what the text says; false when it is not base64.
  public mutating func decode(
    _ text: some Sequence<UInt8>, into output: inout [UInt8]
  ) -> Bool {
    for character in text {
      if hasEnded { return false }
      if character == UInt8(ascii: "=") {
        guard count >= 2 else { return false }
        paddingCount += 1
        group <<= 6
      } else {
        guard paddingCount == 0, let bits = Self.bits(character) else { return false }
        group = group << 6 | bits
      }
      count += 1
      if count == 4 { endGroup(into: &output) }
    }
    return true
  }

  /// The end of a text whose padding may be missing; false when a lone character is left, which
  /// encodes no byte.
  public mutating func finish(into output: inout [UInt8]) -> Bool {
    if count == 0 { return true }
    guard count >= 2 else { return false }
    paddingCount += 4 - count
    group <<= UInt32(6 * (4 - count))
    endGroup(into: &output)
    return true
  }

  private mutating func endGroup(into output: inout [UInt8]) {
    output.append(UInt8(truncatingIfNeeded: group >> 16))
    if paddingCount < 2 { output.append(UInt8(truncatingIfNeeded: group >> 8)) }
    if paddingCount < 1 { output.append(UInt8(truncatingIfNeeded: group)) }
    hasEnded = paddingCount > 0 && !isInPieces
    group = 0
    count = 0
    paddingCount = 0
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
