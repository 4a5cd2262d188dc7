/// Numbers written with the digits 0–9 A–Z a–z at a fixed width, most significant first.
///
/// A double click selects such a text whole, and no shell or URL needs it quoted.
public enum Base62 {
  static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

  /// The big-endian number in `bytes`, padded with zeros to `width` digits.
  ///
  /// The width must suffice: `width` ≥ 8 · bytes / log2(62), rounded up.
  public static func encode(_ bytes: [UInt8], width: Int) -> [UInt8] {
    var number = bytes
    var text = [UInt8](repeating: digits[0], count: width)
    for position in text.indices.reversed() {
      var remainder = 0
      for index in number.indices {
        let value = remainder << 8 | Int(number[index])
        number[index] = UInt8(value / 62)
        remainder = value % 62
      }
      text[position] = digits[remainder]
    }
    precondition(number.allSatisfy { $0 == 0 }, "\(width) digits are too few for the number")
    return text
  }

  /// The same for a 32-bit number.
  public static func encode(_ number: UInt32, width: Int) -> [UInt8] {
    encode((0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }, width: width)
  }

  /// Whether `byte` is one of the 62 digits in ASCII.
  public static func isDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }
}
