extension [UInt8] {
  /// A copy by one allocation and one memcpy. Both `[UInt8](bytes)` and
  /// `init(unsafeUninitializedCapacity:)` run unspecialised code of the standard library here,
  /// which costs 600 instructions more.
  init(copying bytes: UnsafeRawBufferPointer) {
    self.init()
    reserveCapacity(bytes.count)
    append(contentsOf: bytes)
  }
}
