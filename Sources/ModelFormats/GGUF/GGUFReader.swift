/// Walks through a GGUF file's bytes. Everything it returns lies in them.
struct GGUFReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var offset = 0

  /// The next whole number, little-endian.
  mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws(GGUFError) -> T {
    T(littleEndian: try take(MemoryLayout<T>.size).loadUnaligned(as: T.self))
  }

  /// A count of what takes at least `unit` bytes each: more than the file has room for is refused
  /// before anybody makes room.
  mutating func count(
    of unit: Int, limit: Int, _ what: String
  ) throws(GGUFError) -> Int {
    let value = try integer(UInt64.self)
    guard value <= UInt64(limit) else {
      throw GGUFError(.limitExceeded, "expected at most \(limit) \(what), got \(value)")
    }
    let room = (bytes.count - offset) / unit
    guard Int(value) <= room else {
      throw GGUFError(
        .truncated, "expected room for \(value) \(what), got it for at most \(room)")
    }
    return Int(value)
  }

  /// A text's bytes.
  mutating func string(
    limit: Int, _ what: String
  ) throws(GGUFError) -> UnsafeRawBufferPointer {
    try take(try count(of: 1, limit: limit, what))
  }

  /// A text in UTF-8.
  mutating func text(limit: Int, _ what: String) throws(GGUFError) -> String {
    let bytes = try string(limit: limit, what)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw GGUFError(.invalidUTF8, "expected UTF-8, got other bytes")
    }
    return text
  }

  mutating func take(_ count: Int) throws(GGUFError) -> UnsafeRawBufferPointer {
    guard count <= bytes.count - offset else {
      throw GGUFError(
        .truncated, "expected \(count) bytes from \(offset) on, the file ends at \(bytes.count)")
    }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }
}
