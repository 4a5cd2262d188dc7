internal import Crypto

/// An API key as its holder has it: 64 characters that end in a checksum.
///
/// `mk_` ‖ id (12) ‖ secret (43) ‖ checksum (6), all digits base62. The secret is 256 random bits.
/// The id names the key in lists and logs; the checksum lets a mistyped key, or a scanner for leaked
/// ones, be judged without asking the store.
public struct APIKey: Sendable {
  static let prefix = Array("mk_".utf8)
  static let idLength = 12
  static let secretLength = 43
  static let checksumLength = 6
  static let length = prefix.count + idLength + secretLength + checksumLength

  /// The public part, which names the key.
  public let id: String
  private let bytes: [UInt8]

  /// Reads a key. Nil when the length, a character, or the checksum is wrong.
  public init?(parsing text: String) {
    self.init(parsing: Array(text.utf8))
  }

  /// Reads a key. Nil when the length, a character, or the checksum is wrong.
  public init?(parsing bytes: [UInt8]) {
    guard bytes.count == APIKey.length, bytes.starts(with: APIKey.prefix) else { return nil }
    guard bytes[APIKey.prefix.count...].allSatisfy(Base62.isDigit) else { return nil }
    let checksumStart = bytes.count - APIKey.checksumLength
    guard
      bytes[checksumStart...].elementsEqual(APIKey.checksum(of: bytes[..<checksumStart]))
    else { return nil }
    self.init(trusted: bytes)
  }

  /// A new key from 256 + 72 random bits.
  public static func generate() -> APIKey {
    APIKey(idEntropy: secureRandomBytes(9), secret: secureRandomBytes(32))
  }

  /// The key of the given random numbers: nine bytes, of which 71 bits make the id, and 32.
  init(idEntropy: [UInt8], secret: [UInt8]) {
    precondition(idEntropy.count == 9 && secret.count == 32, "an id of 9 bytes, a secret of 32")
    // 62^12 is a little more than 2^71.
    let idNumber = [idEntropy[0] & 0x7F] + idEntropy[1...]
    let body =
      APIKey.prefix + Base62.encode(idNumber, width: APIKey.idLength)
      + Base62.encode(secret, width: APIKey.secretLength)
    self.init(trusted: body + APIKey.checksum(of: body[...]))
  }

  private init(trusted bytes: [UInt8]) {
    let idStart = APIKey.prefix.count
    id = String(decoding: bytes[idStart..<idStart + APIKey.idLength], as: UTF8.self)
    self.bytes = bytes
  }

  /// The whole key, secret included: for its holder only, never for a log.
  public var secretText: String { String(decoding: bytes, as: UTF8.self) }

  /// What the store keeps: from it, nobody finds 256 random bits again, so that a slow
  /// password hash would protect nothing and only cost time.
  public var hash: [UInt8] {
    HMACSHA256.authenticate(bytes, key: APIKey.hashDomain)
  }

  /// Keeps these hashes apart from any other hash of the same text.
  private static let hashDomain = Array("martlet/api-key/v1".utf8)

  private static func checksum(of bytes: ArraySlice<UInt8>) -> [UInt8] {
    Base62.encode(CRC32.checksum(bytes), width: checksumLength)
  }
}

extension APIKey: CustomStringConvertible, CustomReflectable {
  /// The id only, so that printing a key by mistake reveals nothing.
  public var description: String { "mk_\(id)…" }

  /// No children, for the same reason.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
