/// SentencePiece's table of replacements: a double array of darts-clone, then the replacements, each
/// ended by a zero.
public struct PrecompiledMap: Sendable, Hashable {
  private let units: [UInt32]
  private let replacements: [UInt8]
  /// Whether the longest key at a place counts, as in SentencePiece itself. `tokenizers` looks at
  /// characters as readers see them, and takes the shortest key that begins one.
  private let takesLongest: Bool

  /// Reads a table: four bytes of the array's length, the array, the replacements.
  public init(_ bytes: [UInt8], takesLongest: Bool) throws(TokenizerError) {
    func word(_ offset: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * $1) }
    }
    guard bytes.count >= 4, case let size = Int(word(0)), size % 4 == 0, size <= bytes.count - 4
    else {
      throw TokenizerError(
        .invalidDescription, "expected a table of replacements, got \(bytes.count) other bytes")
    }
    units = (0..<size / 4).map { word(4 + $0 * 4) }
    replacements = Array(bytes[(4 + size)...])
    self.takesLongest = takesLongest
  }

  /// The replacement of a key at `range.lowerBound`, and where that key ends.
  private func find(_ text: [UInt8], _ range: Range<Int>) -> (Range<Int>, end: Int)? {
    guard !units.isEmpty else { return nil }
    var found: (Range<Int>, end: Int)?
    var node = Self.offset(units[0])
    var index = range.lowerBound
    while index < range.upperBound {
      let byte = text[index]
      node ^= Int(byte)
      guard node < units.count else { break }
      let unit = units[node]
      // The label in the low byte, with the bit that marks a value.
      guard byte != 0, unit & 0x8000_00FF == UInt32(byte) else { break }
      node ^= Self.offset(unit)
      index += 1
      if unit & 0x100 != 0, node < units.count {
        let start = Int(units[node] & 0x7FFF_FFFF)
        guard start <= replacements.count else { break }
        let end = replacements[start...].firstIndex(of: 0) ?? replacements.count
        found = (start..<end, index)
        if !takesLongest { break }
      }
    }
    return found
  }

  private static func offset(_ unit: UInt32) -> Int {
    Int(unit >> 10) << Int((unit & 0x200) >> 6)
  }

  /// The text with what the table replaces; it ends early once it is too long.
  func callAsFunction(_ text: [UInt8], byteCountMax: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    if takesLongest {
      var index = 0
      while index < text.count, result.count <= byteCountMax {
        if let (replacement, end) = find(text, index..<text.count) {
          result.append(contentsOf: replacements[replacement])
          index = end
        } else {
          repeat {
            result.append(text[index])
            index += 1
          } while index < text.count && text[index] & 0xC0 == 0x80
        }
      }
      return result
    }
    for character in String(decoding: text, as: UTF8.self) where result.count <= byteCountMax {
      let whole = Array(character.utf8)
      // Longer ones are taken by parts, as `tokenizers` does.
      if whole.count < 6, let (replacement, _) = find(whole, 0..<whole.count) {
        result.append(contentsOf: replacements[replacement])
        continue
      }
      for scalar in character.unicodeScalars {
        let part = Array(String(scalar).utf8)
        if let (replacement, _) = find(part, 0..<part.count) {
          result.append(contentsOf: replacements[replacement])
        } else {
          result.append(contentsOf: part)
        }
      }
    }
    return result
  }
}
