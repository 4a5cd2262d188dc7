/// The framing of string tensors: per element a 4-byte little-endian length, then the bytes.
public enum StringFraming {
  /// Elements in a framed buffer, or nil if the framing is broken.
  public static func elementCount(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var offset = 0
    var count = 0
    while offset < bytes.count {
      guard let next = elementEnd(bytes, at: offset) else { return nil }
      offset = next
      count += 1
    }
    return count
  }

  /// Frames elements one behind the other.
  public static func frame(_ elements: [[UInt8]]) -> [UInt8] {
    var framed: [UInt8] = []
    framed.reserveCapacity(elements.reduce(0) { $0 + 4 + $1.count })
    for element in elements {
      withUnsafeBytes(of: UInt32(element.count).littleEndian) { framed.append(contentsOf: $0) }
      framed.append(contentsOf: element)
    }
    return framed
  }

  /// Takes a framed buffer apart, or nil if the framing is broken.
  public static func elements(_ bytes: UnsafeRawBufferPointer) -> [[UInt8]]? {
    var result: [[UInt8]] = []
    var offset = 0
    while offset < bytes.count {
      guard let next = elementEnd(bytes, at: offset) else { return nil }
      result.append(Array(bytes[(offset + 4)..<next]))
      offset = next
    }
    return result
  }

  /// Where the element starting at `offset` ends, or nil if it runs over the buffer.
  static func elementEnd(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int? {
    guard bytes.count - offset >= 4 else { return nil }
    let length = Int(
      UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    guard bytes.count - offset - 4 >= length else { return nil }
    return offset + 4 + length
  }
}
