internal import COpenSSL

/// Owns one EC P-256 private key.
struct PrivateKey: ~Copyable {
  let pointer: OpaquePointer

  private init(owning pointer: OpaquePointer) { self.pointer = pointer }

  deinit { EVP_PKEY_free(pointer) }

  static func generate() throws(CryptoError) -> PrivateKey {
    guard let pointer = martlet_generate_p256() else { throw .library("EC key generation") }
    return PrivateKey(owning: pointer)
  }

  init(pem: [UInt8], path: String) throws(CryptoError) {
    let bio = try MemoryBIO(reading: pem)
    // An empty pass phrase keeps libcrypto from asking on the terminal for an encrypted key.
    var emptyPassphrase: [CChar] = [0]
    guard let pointer = PEM_read_bio_PrivateKey(bio.pointer, nil, nil, &emptyPassphrase) else {
      ERR_clear_error()
      throw CryptoError(
        code: .invalidCertificate, message: "'\(path)' holds no unencrypted PEM private key")
    }
    self.pointer = pointer
  }

  func pem() throws(CryptoError) -> [UInt8] {
    let bio = try MemoryBIO()
    guard PEM_write_bio_PKCS8PrivateKey(bio.pointer, pointer, nil, nil, 0, nil, nil) == 1 else {
      throw .library("PEM_write_bio_PKCS8PrivateKey")
    }
    return bio.bytes
  }
}
