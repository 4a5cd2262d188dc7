internal import COpenSSL

/// SHA-256 for hot paths: keeps its context and its algorithm, so that a digest costs neither an
/// allocation nor the search for an implementation that one-shot calls make. For one thread.
public final class SHA256Hasher {
  private let context: OpaquePointer
  private let algorithm: OpaquePointer

  /// A hasher of its own.
  public init() {
    guard let context = EVP_MD_CTX_new(), let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else {
      preconditionFailure("libcrypto has no SHA-256")
    }
    self.context = context
    self.algorithm = algorithm
  }

  deinit {
    EVP_MD_CTX_free(context)
    EVP_MD_free(algorithm)
  }

  /// Writes the digest of `bytes` into `digest`, which must have room for 32 bytes.
  public func hash(_ bytes: UnsafeRawBufferPointer, into digest: UnsafeMutableRawBufferPointer) {
    precondition(digest.count >= SHA256.byteCount, "digest: expected room for 32 bytes")
    let isDone =
      EVP_DigestInit_ex2(context, algorithm, nil) == 1
      && EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
      && EVP_DigestFinal_ex(
        context, digest.baseAddress?.assumingMemoryBound(to: UInt8.self), nil) == 1
    precondition(isDone, "SHA-256 cannot fail")
  }
}
