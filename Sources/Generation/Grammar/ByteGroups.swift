/// Bytes sorted into at most 64 groups, so that a set of them fits a word: bytes that grammars treat
/// alike share one, punctuation has one each. Two stand for text beyond ASCII: whole characters, and
/// bytes that are not.
enum ByteGroups {
  static let characters: UInt64 = 1 << 62
  static let stray: UInt64 = 1 << 63

  /// The group of each ASCII byte.
  static let ofASCII: [UInt8] = {
    var groups = [UInt8](repeating: 0, count: 128)
    var count: UInt8 = 1
    func add(_ bytes: String) {
      for byte in bytes.utf8 { groups[Int(byte)] = count }
      count += 1
    }
    ["\t", "\n", "\r", " ", "0", "123456789", "abcdf", "e", "ghijklmnopqrstuvwxyz"].forEach(add)
    ["ABCDF", "E", "GHIJKLMNOPQRSTUVWXYZ", "\u{7F}"].forEach(add)
    for scalar in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".unicodeScalars { add(String(scalar)) }
    return groups
  }()

  /// Where in a character of UTF-8 a text is.
  enum Place: UInt8 {
    case boundary
    /// Before one, two or three bytes 80...BF.
    case one, two, three
    /// After E0, ED, F0 and F4, which not all of those may follow.
    case afterE0, afterED, afterF0, afterF4
    case invalid

    func next(_ byte: UInt8) -> Place {
      switch (self, byte) {
      case (.boundary, 0x00...0x7F): .boundary
      case (.boundary, 0xC2...0xDF): .one
      case (.boundary, 0xE0): .afterE0
      case (.boundary, 0xED): .afterED
      case (.boundary, 0xE1...0xEF): .two
      case (.boundary, 0xF0): .afterF0
      case (.boundary, 0xF1...0xF3): .three
      case (.boundary, 0xF4): .afterF4
      case (.one, 0x80...0xBF): .boundary
      case (.two, 0x80...0xBF), (.afterE0, 0xA0...0xBF), (.afterED, 0x80...0x9F): .one
      case (.three, 0x80...0xBF), (.afterF0, 0x90...0xBF), (.afterF4, 0x80...0x8F): .two
      default: .invalid
      }
    }
  }
}
