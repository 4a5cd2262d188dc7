internal import CZlib

/// Compresses and decompresses whole messages with zlib.
public enum MessageCompressor {
  /// The message, or the status that a broken or oversized one gets. Stops at the limit.
  public static func inflate(
    _ bytes: [UInt8], _ compression: Compression, limit: Int
  ) throws(FramingError) -> [UInt8] {
    let inflater = StreamingInflater(compression)
    var output: [UInt8] = []
    var isTooLarge = false
    let isValid = bytes.withUnsafeBytes { source in
      inflater.inflate(source) { step in
        isTooLarge = step.count > limit - output.count
        if !isTooLarge { output.append(contentsOf: step) }
        return !isTooLarge
      }
    }
    guard !isTooLarge else {
      throw FramingError(
        code: .resourceExhausted,
        message: "message too large: expected at most \(limit) bytes after decompression")
    }
    guard isValid, inflater.isAtEnd else {
      throw FramingError(
        code: .internalError,
        message: "a compressed message is not valid \(compression.rawValue) data")
    }
    return output
  }

  /// The compressed message.
  public static func deflate(_ bytes: [UInt8], _ compression: Compression) -> [UInt8] {
    var stream = z_stream()
    // 15 is the largest window; 16 more asks for gzip's wrapper instead of zlib's.
    let windowBits: Int32 = compression == .gzip ? 15 + 16 : 15
    // Level 1: tensors compress little, and the fastest level keeps the cost bounded.
    let started = deflateInit2_(
      &stream, 1, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    precondition(started == Z_OK, "zlib could not start: \(started)")
    defer { deflateEnd(&stream) }
    return [UInt8](
      unsafeUninitializedCapacity: Int(deflateBound(&stream, UInt(bytes.count)))
    ) { output, count in
      bytes.withUnsafeBufferPointer { source in
        stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        stream.avail_in = UInt32(source.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        let code = CZlib.deflate(&stream, Z_FINISH)
        precondition(code == Z_STREAM_END, "zlib said that this would be enough: \(code)")
      }
      count = output.count - Int(stream.avail_out)
    }
  }
}
