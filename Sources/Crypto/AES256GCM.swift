internal import COpenSSL

/// Authenticated encryption: AES-256 in Galois/Counter Mode (NIST SP 800-38D).
///
/// A sealed box is `nonce (12) ‖ ciphertext ‖ tag (16)`. Nonces are random, so one key may seal
/// at most 2^32 messages (SP 800-38D §8.3).
public enum AES256GCM {
  /// The number of bytes of a key.
  public static let keyByteCount = 32
  static let nonceByteCount = 12
  static let tagByteCount = 16

  /// Encrypts `plaintext` and binds it to `associatedData`, which is not part of the result.
  public static func seal(
    _ plaintext: [UInt8], key: [UInt8], associatedData: [UInt8] = []
  ) throws(CryptoError) -> [UInt8] {
    try seal(
      plaintext, key: key, nonce: secureRandomBytes(nonceByteCount), associatedData: associatedData)
  }

  /// The same under a nonce of the caller's, for known-answer tests.
  static func seal(
    _ plaintext: [UInt8], key: [UInt8], nonce: [UInt8], associatedData: [UInt8]
  ) throws(CryptoError) -> [UInt8] {
    let cipher = try CipherContext(key: key, nonce: nonce, encrypting: true)
    try cipher.addAssociatedData(associatedData)
    let ciphertext = try cipher.update(plaintext)
    guard cipher.finish() else { throw .library("AES-256-GCM encryption") }
    return nonce + ciphertext + (try cipher.tag())
  }

  /// The plaintext of a sealed box; `authenticationFailed` when anything was changed.
  public static func open(
    _ sealed: [UInt8], key: [UInt8], associatedData: [UInt8] = []
  ) throws(CryptoError) -> [UInt8] {
    guard sealed.count >= nonceByteCount + tagByteCount else {
      throw CryptoError(
        code: .authenticationFailed,
        message: "a sealed box has at least \(nonceByteCount + tagByteCount) bytes,"
          + " got \(sealed.count)")
    }
    let tagStart = sealed.count - tagByteCount
    let cipher = try CipherContext(
      key: key, nonce: Array(sealed[..<nonceByteCount]), encrypting: false)
    try cipher.addAssociatedData(associatedData)
    let plaintext = try cipher.update(Array(sealed[nonceByteCount..<tagStart]))
    try cipher.setTag(Array(sealed[tagStart...]))
    guard cipher.finish() else {
      ERR_clear_error()
      throw CryptoError(
        code: .authenticationFailed,
        message: "the sealed box does not belong to this key and associated data")
    }
    return plaintext
  }
}

/// Owns one EVP_CIPHER_CTX set up for AES-256-GCM.
private struct CipherContext: ~Copyable {
  private let context: OpaquePointer

  init(key: [UInt8], nonce: [UInt8], encrypting: Bool) throws(CryptoError) {
    guard key.count == AES256GCM.keyByteCount, nonce.count == AES256GCM.nonceByteCount else {
      throw CryptoError(
        code: .invalidArgument,
        message: "AES-256-GCM takes a key of \(AES256GCM.keyByteCount) bytes and a nonce of"
          + " \(AES256GCM.nonceByteCount), got \(key.count) and \(nonce.count)")
    }
    guard let context = EVP_CIPHER_CTX_new() else { throw .library("EVP_CIPHER_CTX_new") }
    guard
      EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce, encrypting ? 1 : 0) == 1
    else {
      EVP_CIPHER_CTX_free(context)
      throw .library("EVP_CipherInit_ex")
    }
    self.context = context
  }

  deinit { EVP_CIPHER_CTX_free(context) }

  func addAssociatedData(_ bytes: [UInt8]) throws(CryptoError) {
    guard !bytes.isEmpty else { return }
    var written: Int32 = 0
    guard EVP_CipherUpdate(context, nil, &written, bytes, Int32(bytes.count)) == 1 else {
      throw .library("EVP_CipherUpdate of associated data")
    }
  }

  func update(_ bytes: [UInt8]) throws(CryptoError) -> [UInt8] {
    guard !bytes.isEmpty else { return [] }
    guard bytes.count <= Int(Int32.max) else {
      throw CryptoError(
        code: .invalidArgument,
        message: "one message has at most \(Int32.max) bytes, got \(bytes.count)")
    }
    var output = [UInt8](repeating: 0, count: bytes.count)
    var written: Int32 = 0
    guard
      EVP_CipherUpdate(context, &output, &written, bytes, Int32(bytes.count)) == 1,
      Int(written) == bytes.count
    else { throw .library("EVP_CipherUpdate") }
    return output
  }

  func finish() -> Bool {
    var written: Int32 = 0
    var unused: [UInt8] = Array(repeating: 0, count: AES256GCM.tagByteCount)
    return EVP_CipherFinal_ex(context, &unused, &written) == 1
  }

  func tag() throws(CryptoError) -> [UInt8] {
    var tag = [UInt8](repeating: 0, count: AES256GCM.tagByteCount)
    guard martlet_gcm_get_tag(context, Int32(tag.count), &tag) == 1 else {
      throw .library("EVP_CTRL_GCM_GET_TAG")
    }
    return tag
  }

  func setTag(_ tag: [UInt8]) throws(CryptoError) {
    var tag = tag
    guard martlet_gcm_set_tag(context, Int32(tag.count), &tag) == 1 else {
      throw .library("EVP_CTRL_GCM_SET_TAG")
    }
  }
}
