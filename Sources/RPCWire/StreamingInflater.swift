internal import CZlib

/// Decompresses one message piece by piece: the output is handed over in steps and kept nowhere.
///
/// What gzip makes of several files, one member behind the other, is one message (RFC 1952
/// section 2.2). zlib's own form has no such thing.
public final class StreamingInflater {
  private static let stepByteCount = 8 << 10

  private let stream: UnsafeMutablePointer<z_stream>
  private let output: UnsafeMutableRawBufferPointer
  private let hasMembers: Bool

  /// True when the compressed data may end here: it says that it does, or a member does.
  public private(set) var isAtEnd = false

  /// An inflater for one message.
  public init(_ compression: Compression) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    output = .allocate(byteCount: Self.stepByteCount, alignment: 16)
    hasMembers = compression == .gzip
    // zlib: 15 is the largest window; 16 more asks for gzip's wrapper instead of zlib's.
    let windowBits: Int32 = compression == .gzip ? 15 + 16 : 15
    let code = inflateInit2_(
      stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(code == Z_OK, "zlib could not start: \(code)")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    output.deallocate()
  }

  /// Feeds compressed bytes and calls `body` with each step of output until it returns false.
  /// Returns false when the data is broken, goes on after its end with something else than another
  /// member, or `body` stopped it.
  public func inflate(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Bool
  ) -> Bool {
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(bytes.count)
    while true {
      if isAtEnd {
        if stream.pointee.avail_in == 0 { return true }
        guard hasMembers, inflateReset(stream) == Z_OK else { return false }
      }
      stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(output.count)
      let code = CZlib.inflate(stream, Z_NO_FLUSH)
      guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else { return false }
      isAtEnd = code == Z_STREAM_END
      let count = output.count - Int(stream.pointee.avail_out)
      if count > 0, !body(UnsafeRawBufferPointer(rebasing: output[..<count])) { return false }
      if count == 0, stream.pointee.avail_in == 0, !isAtEnd { return true }
      if count == 0, code == Z_BUF_ERROR { return stream.pointee.avail_in == 0 }
    }
  }
}
