/// A message that cannot be taken, with the status of the call it ends.
public struct FramingError: Error, Sendable, Hashable {
  /// The status.
  public var code: StatusCode
  /// What was expected and what came.
  public var message: String

  /// A status with its sentence.
  public init(code: StatusCode, message: String) {
    self.code = code
    self.message = message
  }
}

/// Cuts a call's body into messages: a flag byte, a 32-bit big-endian length, the message.
///
/// Memory grows with the bytes that arrive, never with the length that a peer claims.
public struct MessageDeframer {
  /// Claimed lengths up to this size are believed at once: most messages then need exactly one
  /// allocation, and a liar gains little.
  private static let trustedByteCount = 16 << 10

  private var limit: Int
  private var compression: Compression?
  private var prefix: (UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0)
  private var prefixCount = 0
  private var length = 0
  private var message: [UInt8] = []

  /// Messages may have at most `limit` bytes, after decompression too. `compression` is what the
  /// peer announced in grpc-encoding.
  public init(limit: Int, compression: Compression? = nil) {
    self.limit = limit
    self.compression = compression
  }

  /// Becomes as a new one.
  @inline(__always)
  public mutating func reset(limit: Int, compression: Compression?) {
    self.limit = limit
    self.compression = compression
    prefixCount = 0
    message = []
  }

  /// Bytes of a message that has not come whole.
  public var heldByteCount: Int { message.count }

  /// True between messages.
  public var isAtBoundary: Bool { prefixCount == 0 }

  /// Takes bytes and hands over each message they complete.
  @inline(__always)
  public mutating func receive(
    _ bytes: UnsafeRawBufferPointer, _ deliver: ([UInt8]) -> Void
  ) throws(FramingError) {
    try receive(bytes) { message, _ in deliver(message) }
  }

  /// The same; `deliver` also learns whether the message was compressed on the wire.
  public mutating func receive(
    _ bytes: UnsafeRawBufferPointer,
    _ deliver: (_ message: consuming [UInt8], _ wasCompressed: Bool) -> Void
  ) throws(FramingError) {
    var offset = 0
    while offset < bytes.count {
      if prefixCount == 0, bytes.count - offset >= 5 {
        // The usual case: the prefix in one piece, and often the message with it.
        prefix = bytes.loadUnaligned(
          fromByteOffset: offset, as: (UInt8, UInt8, UInt8, UInt8, UInt8).self)
        prefixCount = 5
        offset += 5
        try readPrefix()
        if bytes.count - offset >= length {
          message = [UInt8](
            copying: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]))
          offset += length
          deliver(try take(), prefix.0 == 1)
        } else {
          message.reserveCapacity(min(length, Self.trustedByteCount))
        }
        continue
      }
      if prefixCount < 5 {
        withUnsafeMutableBytes(of: &prefix) { $0[prefixCount] = bytes[offset] }
        prefixCount += 1
        offset += 1
        guard prefixCount == 5 else { continue }
        try readPrefix()
        message.reserveCapacity(min(length, Self.trustedByteCount))
        if length == 0 { deliver(try take(), prefix.0 == 1) }
        continue
      }
      let piece = min(length - message.count, bytes.count - offset)
      if message.count + piece > message.capacity {
        // Room for four times what came: growing copies a third of a large message, not all of it.
        message.reserveCapacity(min(length, 4 * (message.count + piece)))
      }
      message.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + piece]))
      offset += piece
      if message.count == length { deliver(try take(), prefix.0 == 1) }
    }
  }

  /// To be called at the end of the body.
  @inline(__always)
  public func finish() throws(FramingError) {
    guard isAtBoundary else { throw incomplete }
  }

  private var incomplete: FramingError {
    FramingError(
      code: .internalError,
      message: prefixCount < 5
        ? "the body ends inside a message prefix: expected 5 bytes, got \(prefixCount)"
        : "the body ends inside a message: expected \(length) bytes, got \(message.count)")
  }

  private mutating func readPrefix() throws(FramingError) {
    guard prefix.0 <= 1 else {
      throw FramingError(
        code: .internalError, message: "message flag: expected 0 or 1, got \(prefix.0)")
    }
    guard prefix.0 == 0 || compression != nil else {
      throw FramingError(
        code: .internalError,
        message: "a compressed message needs grpc-encoding; none was given")
    }
    length =
      Int(prefix.1) << 24 | Int(prefix.2) << 16 | Int(prefix.3) << 8 | Int(prefix.4)
    guard length <= limit else {
      throw FramingError(
        code: .resourceExhausted,
        message: "message too large: expected at most \(limit) bytes, got \(length)")
    }
    message = []
  }

  private mutating func take() throws(FramingError) -> [UInt8] {
    prefixCount = 0
    let result = message
    message = []
    if prefix.0 == 1, let compression {
      return try MessageCompressor.inflate(result, compression, limit: limit)
    }
    return result
  }
}

/// Puts the prefix on messages.
public enum MessageFramer {
  /// Bytes of a prefix.
  public static let prefixByteCount = 5

  /// Fills in the first five bytes of a frame whose message follows them.
  public static func writePrefix(_ frame: inout [UInt8], isCompressed: Bool = false) {
    let length = UInt32(frame.count - prefixByteCount)
    frame[0] = isCompressed ? 1 : 0
    frame[1] = UInt8(truncatingIfNeeded: length >> 24)
    frame[2] = UInt8(truncatingIfNeeded: length >> 16)
    frame[3] = UInt8(truncatingIfNeeded: length >> 8)
    frame[4] = UInt8(truncatingIfNeeded: length)
  }

  /// Calls `body` with the prefix of an uncompressed message.
  @inline(__always)
  public static func withPrefix(
    messageByteCount: Int, _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    // The flag and the length, which is big-endian: the last five bytes of a word.
    let word = UInt64(messageByteCount).bigEndian
    withUnsafeBytes(of: word) { body(UnsafeRawBufferPointer(rebasing: $0[3...])) }
  }

  /// A frame with a copy of the message.
  public static func frame(_ message: [UInt8]) -> [UInt8] {
    var frame: [UInt8] = []
    frame.reserveCapacity(message.count + prefixByteCount)
    let prefix: (UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0)
    withUnsafeBytes(of: prefix) { frame.append(contentsOf: $0) }
    message.withUnsafeBytes { frame.append(contentsOf: $0) }
    writePrefix(&frame)
    return frame
  }
}
