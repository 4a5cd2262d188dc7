internal import CZlib

/// Compresses and decompresses whole messages with zlib.
public enum MessageCompressor {
  /// Output grows in steps of this size, so a small message that claims to be huge costs little.
  private static let stepByteCount = 16 << 10

  private static func windowBits(_ compression: Compression) -> Int32 {
    // zlib: 15 is the largest window; 16 more asks for gzip's wrapper instead of zlib's.
    switch compression {
    case .gzip: 15 + 16
    case .deflate: 15
    }
  }

  /// The message, or the status that a broken or oversized one gets. Stops at the limit.
  public static func inflate(
    _ bytes: [UInt8], _ compression: Compression, limit: Int
  ) throws(FramingError) -> [UInt8] {
    var stream = z_stream()
    guard
      inflateInit2_(
        &stream, windowBits(compression), ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        == Z_OK
    else { throw FramingError(code: .internalError, message: "zlib could not start") }
    defer { inflateEnd(&stream) }
    var output: [UInt8] = []
    let code = bytes.withUnsafeBufferPointer { source in
      stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
      stream.avail_in = UInt32(source.count)
      return run(&stream, &output, limit: limit) { CZlib.inflate($0, Z_NO_FLUSH) }
    }
    if output.count > limit {
      throw FramingError(
        code: .resourceExhausted,
        message: "message too large: expected at most \(limit) bytes after decompression")
    }
    guard code == Z_STREAM_END, stream.avail_in == 0 else {
      throw FramingError(
        code: .internalError,
        message: "a compressed message is not valid \(compression.rawValue) data")
    }
    return output
  }

  /// The compressed message.
  public static func deflate(_ bytes: [UInt8], _ compression: Compression) -> [UInt8] {
    var stream = z_stream()
    // Level 1: tensors compress little, and the fastest level keeps the cost bounded.
    let started = deflateInit2_(
      &stream, 1, Z_DEFLATED, windowBits(compression), 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    precondition(started == Z_OK, "zlib could not start: \(started)")
    defer { deflateEnd(&stream) }
    var output: [UInt8] = []
    bytes.withUnsafeBufferPointer { source in
      stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
      stream.avail_in = UInt32(source.count)
      _ = run(&stream, &output, limit: .max - stepByteCount) { CZlib.deflate($0, Z_FINISH) }
    }
    return output
  }

  /// Turns the crank until the end, an error, no progress, or one step past the limit.
  private static func run(
    _ stream: inout z_stream, _ output: inout [UInt8], limit: Int,
    _ turn: (UnsafeMutablePointer<z_stream>) -> Int32
  ) -> Int32 {
    var code: Int32 = Z_OK
    while true {
      let room = min(max(stepByteCount, output.count), limit - output.count + 1)
      let chunk = [UInt8](unsafeUninitializedCapacity: min(room, 1 << 20)) { buffer, count in
        stream.next_out = buffer.baseAddress
        stream.avail_out = UInt32(buffer.count)
        code = turn(&stream)
        count = buffer.count - Int(stream.avail_out)
      }
      output += chunk
      if code != Z_OK || chunk.isEmpty || output.count > limit { return code }
    }
  }
}
