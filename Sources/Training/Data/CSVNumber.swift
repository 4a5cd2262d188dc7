internal import Glibc

/// A cell as a number.
enum CSVNumber: Equatable {
  /// Nothing, or one of the words that stand for nothing.
  case missing
  case integer(Int64)
  case real(Double)
  case text

  private static let missingWords: Set<String> = [
    "na", "n/a", "nan", "null", "none", "-nan", "#n/a",
  ]
  /// Powers of ten that a double holds exactly.
  private static let powers: [Double] = (0...22).map { pow(10, Double($0)) }
  /// Longer ones are texts.
  private static let byteCountMax = 64

  /// Reads a cell; spaces around it do not count.
  init(_ cell: UnsafeRawBufferPointer) {
    var (start, end) = (0, cell.count)
    while start < end, cell[start] == 0x20 || cell[start] == 0x09 { start += 1 }
    while end > start, cell[end - 1] == 0x20 || cell[end - 1] == 0x09 { end -= 1 }
    guard start < end else {
      self = .missing
      return
    }
    let bytes = UnsafeRawBufferPointer(rebasing: cell[start..<end])
    self = Self.decimal(bytes) ?? Self.other(bytes)
  }

  /// Digits with a sign, a point and an exponent: exact as long as the digits and the power of ten are
  /// doubles, which the ratio or product of both then rounds once.
  private static func decimal(_ bytes: UnsafeRawBufferPointer) -> CSVNumber? {
    var index = 0
    let isNegative = bytes[0] == UInt8(ascii: "-")
    if isNegative || bytes[0] == UInt8(ascii: "+") { index = 1 }
    var (digits, scale, digitCount): (UInt64, Int, Int) = (0, 0, 0)
    var (hasPoint, hasDigits) = (false, false)
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "."), !hasPoint {
        hasPoint = true
      } else if byte &- 0x30 < 10 {
        hasDigits = true
        if digitCount > 0 || byte != 0x30 { digitCount += 1 }
        guard digitCount <= 18 else { return nil }
        digits = digits * 10 + UInt64(byte - 0x30)
        if hasPoint { scale -= 1 }
      } else {
        break
      }
      index += 1
    }
    guard hasDigits else { return nil }
    if index == bytes.count, !hasPoint {
      return .integer(isNegative ? -Int64(digits) : Int64(digits))
    }
    if index < bytes.count {
      guard bytes[index] | 0x20 == UInt8(ascii: "e"),
        let exponent = exponent(UnsafeRawBufferPointer(rebasing: bytes[(index + 1)...]))
      else { return nil }
      scale += exponent
    }
    guard digits < 1 << 53, abs(scale) < powers.count else { return nil }
    let value = scale < 0 ? Double(digits) / powers[-scale] : Double(digits) * powers[scale]
    return .real(isNegative ? -value : value)
  }

  private static func exponent(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count > 0, bytes.count < 6 else { return nil }
    return Int(String(decoding: bytes, as: UTF8.self))
  }

  /// What is rare: many digits, large exponents, infinities, words for nothing, texts.
  private static func other(_ bytes: UnsafeRawBufferPointer) -> CSVNumber {
    guard bytes.count <= byteCountMax else { return .text }
    let word = String(decoding: bytes, as: UTF8.self).lowercased()
    if missingWords.contains(word) { return .missing }
    // Swift reads hexadecimal numbers too, which nobody means in a table.
    guard !word.contains("x"), !word.contains("p"), let value = Double(word) else { return .text }
    return .real(value)
  }
}
