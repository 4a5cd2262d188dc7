internal import COpenSSL

/// `count` bytes from libcrypto's private generator, which the operating system seeds.
///
/// The process stops when no randomness can be had: there is no safe way to go on.
public func secureRandomBytes(_ count: Int) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
    if count > 0 {
      precondition(
        RAND_priv_bytes(buffer.baseAddress, Int32(count)) == 1,
        "the operating system gives no randomness")
    }
    initialized = count
  }
}
