internal import COpenSSL

/// Owns a libcrypto memory buffer, through which PEM texts are read and written.
struct MemoryBIO: ~Copyable {
  let pointer: OpaquePointer

  init() throws(CryptoError) {
    guard let pointer = BIO_new(BIO_s_mem()) else { throw .library("BIO_new") }
    self.pointer = pointer
  }

  init(reading bytes: [UInt8]) throws(CryptoError) {
    guard let pointer = BIO_new(BIO_s_mem()) else { throw .library("BIO_new") }
    guard bytes.isEmpty || BIO_write(pointer, bytes, Int32(bytes.count)) == bytes.count else {
      BIO_free(pointer)
      throw .library("BIO_write")
    }
    self.pointer = pointer
  }

  // What was written may be a private key: libcrypto clears memory BIOs when it frees them.
  deinit { BIO_free(pointer) }

  var bytes: [UInt8] {
    var start: UnsafeMutablePointer<CChar>?
    let count = martlet_bio_mem_data(pointer, &start)
    guard let start, count > 0 else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: count))
  }
}
