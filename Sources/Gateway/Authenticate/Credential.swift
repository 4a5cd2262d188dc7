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
  /// A bit for each character of a key below 64, and from there on.
  private static let digitsAndHyphen: UInt64 = 0x3ff << 48 | 1 << 45
  private static let lettersAndUnderscore: UInt64 = 0x3ff_ffff << 1 | 0x3ff_ffff << 33 | 1 << 31

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
    // Without a branch for each byte: one bit says that all were in the alphabet.
    var good: UInt64 = 1
    for byte in value {
      let characters = byte & 64 == 0 ? Self.digitsAndHyphen : Self.lettersAndUnderscore
      good &= characters &>> UInt64(byte & 63) & ~UInt64(byte >> 7)
    }
    return good == 1 ? .key(value) : .malformed
  }
}
