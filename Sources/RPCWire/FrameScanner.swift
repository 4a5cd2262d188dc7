/// Finds the frame headers in a peer's bytes, whatever pieces they come in. Looks at no payload.
struct FrameScanner {
  /// Bytes to pass over before the next header.
  private var skip: Int
  /// The first bytes of a header that came in pieces, as a big-endian number, and how many.
  private var partial: UInt64 = 0
  private var partialByteCount = 0

  /// A server's scanner passes over the client's preface first.
  init(prefaceByteCount: Int = 0) {
    skip = prefaceByteCount
  }

  /// The next header that ends within the bytes, or nil at their end. Moves `offset` behind it.
  @inline(__always)
  mutating func next(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> FrameHeader? {
    if skip > 0 {
      let count = min(skip, bytes.count - offset)
      skip -= count
      offset += count
      guard skip == 0 else { return nil }
    }
    guard partialByteCount == 0, bytes.count - offset >= FrameHeader.byteCount else {
      return gather(bytes, &offset)
    }
    let first = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    let header = FrameHeader(first, bytes[offset + 8])
    offset += FrameHeader.byteCount
    skip = header.payloadByteCount
    return header
  }

  private mutating func gather(
    _ bytes: UnsafeRawBufferPointer, _ offset: inout Int
  ) -> FrameHeader? {
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      if partialByteCount == FrameHeader.byteCount - 1 {
        let header = FrameHeader(partial, byte)
        partial = 0
        partialByteCount = 0
        skip = header.payloadByteCount
        return header
      }
      partial = partial << 8 | UInt64(byte)
      partialByteCount += 1
    }
    return nil
  }
}
