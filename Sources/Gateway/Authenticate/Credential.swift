internal import RPC

/// The API key of a request, or why it has none. The bytes point into the header block.
///
/// Only the syntax is looked at: the key is opaque here, bounded in length and alphabet so that
/// nothing else is ever hashed or sent to the auth service.
enum Credential {
  case none
  case key(UnsafeRawBufferPointer)
  /// Two keys: which of them counts must not depend on who reads the headers.
  case several
  case malformed

  static let keyByteCounts = 8...256
  private static let keyPrefix: StaticString = "mk_"

  /// Takes the value of an `authorization` field into account.
  mutating func readAuthorization(_ value: UnsafeRawBufferPointer) {
    combine(Self.bearer(value))
  }

  /// Takes the value of an `x-api-key` field into account.
  mutating func readKey(_ value: UnsafeRawBufferPointer) {
    combine(Self.plain(value))
  }

  private mutating func combine(_ other: Credential) {
    if case .none = self { self = other } else { self = .several }
  }

  /// `Bearer KEY`; the scheme's name is case-insensitive (RFC 9110 section 11.1).
  private static func bearer(_ value: UnsafeRawBufferPointer) -> Credential {
    let scheme: StaticString = "bearer"
    let count = scheme.utf8CodeUnitCount
    guard value.count > count, value[count] == UInt8(ascii: " ") else { return .malformed }
    for index in 0..<count where value[index] | 0x20 != scheme.utf8Start[index] {
      return .malformed
    }
    var start = count
    while start < value.count, value[start] == UInt8(ascii: " ") { start += 1 }
    return plain(UnsafeRawBufferPointer(rebasing: value[start...]))
  }

  private static func plain(_ value: UnsafeRawBufferPointer) -> Credential {
    guard keyByteCounts.contains(value.count) else { return .malformed }
    for index in 0..<keyPrefix.utf8CodeUnitCount
    where value[index] != keyPrefix.utf8Start[index] { return .malformed }
    // Without a branch for each byte, so that many are looked at together.
    var isGood = true
    for byte in value {
      let isDigit = byte &- UInt8(ascii: "0") < 10
      let isLetter = (byte | 0x20) &- UInt8(ascii: "a") < 26
      let isOther = byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
      isGood = isGood && (isDigit || isLetter || isOther)
    }
    return isGood ? .key(value) : .malformed
  }
}
