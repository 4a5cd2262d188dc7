internal import Glibc

/// A borrowed view of header fields: valid only during the callback that hands it over. No
/// String is made of anything unless asked for.
public struct HeaderBlock {
  let bytes: UnsafeRawBufferPointer

  /// The number of fields, pseudo-fields such as `:path` included.
  public let count: Int

  /// Where the fields after the pseudo-fields start, and how many come before.
  var regularStart = 0
  var pseudoCount = 0

  init(bytes: UnsafeRawBufferPointer, count: Int) {
    self.bytes = bytes
    self.count = count
  }

  /// One field; both parts point into the block.
  public struct Field {
    /// The name, lower case.
    public let name: UnsafeRawBufferPointer
    /// The value, as received.
    public let value: UnsafeRawBufferPointer

    /// True for `:path`, `:status` and their like.
    public var isPseudo: Bool { name.first == UInt8(ascii: ":") }

    /// Compares the name without making a String.
    @inline(__always)
    public func isNamed(_ other: StaticString) -> Bool {
      name.equals(other)
    }
  }

  /// Calls `body` for each field in order.
  @inline(__always)
  public func forEach(_ body: (Field) throws -> Void) rethrows {
    var offset = 0
    while offset < bytes.count {
      let nameCount = Int(
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
          & ~HeaderList.neverIndexedFlag)
      let valueCount = Int(bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
      let nameStart = offset + 8
      let valueStart = nameStart + nameCount
      offset = valueStart + valueCount
      try body(
        Field(
          name: UnsafeRawBufferPointer(rebasing: bytes[nameStart..<valueStart]),
          value: UnsafeRawBufferPointer(rebasing: bytes[valueStart..<offset])))
    }
  }

  /// The first value of a field, or nil.
  public func first(_ name: StaticString) -> UnsafeRawBufferPointer? {
    var result: UnsafeRawBufferPointer?
    forEach { if result == nil, $0.isNamed(name) { result = $0.value } }
    return result
  }

  /// The first value of a field as a String, or nil.
  public func string(_ name: StaticString) -> String? {
    first(name).map { String(decoding: $0, as: UTF8.self) }
  }

  /// How often a field occurs: a second `authorization` must be refused, not ignored.
  public func occurrences(of name: StaticString) -> Int {
    var result = 0
    forEach { if $0.isNamed(name) { result += 1 } }
    return result
  }

  /// The `:path` of a request; empty when there is none.
  public var path: UnsafeRawBufferPointer {
    first(":path") ?? UnsafeRawBufferPointer(start: nil, count: 0)
  }
}

extension UnsafeRawBufferPointer {
  /// Compares with a constant, byte for byte.
  @inline(__always)
  public func equals(_ other: StaticString) -> Bool {
    count == other.utf8CodeUnitCount
      && (count == 0 || memcmp(baseAddress!, other.utf8Start, count) == 0)
  }

  /// Compares the beginning with a constant, byte for byte.
  @inline(__always)
  public func hasPrefix(_ other: StaticString) -> Bool {
    count >= other.utf8CodeUnitCount
      && memcmp(baseAddress!, other.utf8Start, other.utf8CodeUnitCount) == 0
  }
}
