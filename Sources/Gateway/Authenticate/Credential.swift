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

  init(_ headers: HeaderBlock) {
    var result = Credential.none
    headers.forEach { field in
      if field.isNamed("authorization") {
        result = Self.combine(result, Self.bearer(field.value))
      } else if field.isNamed("x-api-key") {
        result = Self.combine(result, Self.plain(field.value))
      }
    }
    self = result
  }

  private static func combine(_ first: Credential, _ second: Credential) -> Credential {
    if case .none = first { return second }
    return .several
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
    for byte in value {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        continue
      default: return .malformed
      }
    }
    return .key(value)
  }
}
