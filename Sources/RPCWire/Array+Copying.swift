internal import Glibc

extension [UInt8] {
  /// A copy by one allocation and one memcpy; the standard library's general way from a raw
  /// buffer costs several times that for a message of a hundred bytes.
  init(copying bytes: UnsafeRawBufferPointer) {
    self.init(unsafeUninitializedCapacity: bytes.count) { buffer, count in
      if let source = bytes.baseAddress, bytes.count > 0 {
        memcpy(buffer.baseAddress!, source, bytes.count)
      }
      count = bytes.count
    }
  }
}
