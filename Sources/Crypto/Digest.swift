internal import COpenSSL

/// SHA-256 (FIPS 180-4).
public enum SHA256 {
  /// The number of bytes of a digest.
  public static let byteCount = 32

  /// The digest of `bytes`: 32 bytes.
  public static func hash(_ bytes: [UInt8]) -> [UInt8] {
    hash(bytes[...])
  }

  /// The digest of `bytes`: 32 bytes.
  public static func hash(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: byteCount) { digest, count in
      bytes.withUnsafeBytes { hash($0, into: UnsafeMutableRawBufferPointer(digest)) }
      count = byteCount
    }
  }

  /// Writes the digest of `bytes` into `digest`, which must have room for 32 bytes; allocates
  /// nothing.
  public static func hash(
    _ bytes: UnsafeRawBufferPointer, into digest: UnsafeMutableRawBufferPointer
  ) {
    precondition(digest.count >= byteCount, "digest: expected room for 32 bytes")
    let isDone = martlet_sha256(
      bytes.baseAddress, bytes.count, digest.baseAddress?.assumingMemoryBound(to: UInt8.self))
    precondition(isDone == 1, "SHA-256 cannot fail")
  }
}

/// HMAC with SHA-256 (RFC 2104, RFC 4231).
public enum HMACSHA256 {
  /// The authentication code of `message` under `key`: 32 bytes. The key may be empty.
  public static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { code, count in
      var length: UInt32 = 0
      // A NULL key means "reuse the last key" to libcrypto, so an empty one is given an address.
      let nonNull = key.isEmpty ? [0] : key
      let result = HMAC(
        EVP_sha256(), nonNull, Int32(key.count), message, message.count, code.baseAddress, &length)
      precondition(result != nil && length == SHA256.byteCount, "HMAC-SHA256 cannot fail")
      count = Int(length)
    }
  }
}

/// Whether two byte strings are equal, in a time that depends only on their lengths.
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
}
