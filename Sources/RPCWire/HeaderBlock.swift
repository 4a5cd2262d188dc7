internal import Glibc

/// A borrowed view of header fields: valid only during the callback that hands it over. No
/// String is made of anything unless asked for.
///
/// Its walk is inlined into other modules: a gateway walks the fields of each request.
public struct HeaderBlock {
  /// The bits of a field's first word that are its name's length; the others are its
  /// ``HeaderIndexing``.
  @usableFromInline static let nameLengthMask: UInt32 = 1 << 30 - 1

  @usableFromInline let bytes: UnsafeRawBufferPointer

  /// The number of fields, pseudo-fields such as `:path` included.
  public let count: Int

  /// Where the fields after the pseudo-fields start, and how many come before.
  var regularStart = 0
  var pseudoCount = 0

  /// Of two blocks of a session, the same unless 0 when the second repeats the first in the same place
  /// in memory: what was read of one holds for the other.
  public internal(set) var version: UInt64 = 0

  init(bytes: UnsafeRawBufferPointer, count: Int) {
    self.bytes = bytes
    self.count = count
  }

  /// One field; both parts point into the block.
  public struct Field {
    /// Where the field begins: two lengths, the name, the value.
    @usableFromInline let start: UnsafeRawPointer
    @usableFromInline let nameCount: Int
    @usableFromInline let valueCount: Int

    @inlinable @inline(__always)
    init(_ start: UnsafeRawPointer) {
      self.start = start
      nameCount = Int(start.loadUnaligned(as: UInt32.self) & HeaderBlock.nameLengthMask)
      valueCount = Int(start.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    }

    /// The name, lower case.
    @inlinable @inline(__always)
    public var name: UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(start: start + 8, count: nameCount)
    }

    /// The value, as received.
    @inlinable @inline(__always)
    public var value: UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(start: start + 8 + nameCount, count: valueCount)
    }

    /// How the value may enter compression tables.
    @inline(__always)
    var indexing: HeaderIndexing {
      HeaderIndexing(
        rawValue: start.loadUnaligned(as: UInt32.self) & ~HeaderBlock.nameLengthMask)
    }

    /// The field as it lies in the block.
    @inlinable @inline(__always)
    var packed: UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(start: start, count: 8 + nameCount + valueCount)
    }

    /// True for `:path`, `:status` and their like.
    public var isPseudo: Bool { name.first == UInt8(ascii: ":") }

    /// Compares the name without making a String.
    @inlinable @inline(__always)
    public func isNamed(_ other: StaticString) -> Bool {
      name.equals(other)
    }
  }

  /// Calls `body` for each field in order.
  @inlinable @inline(__always)
  public func forEach(_ body: (Field) throws -> Void) rethrows {
    guard var next = bytes.baseAddress else { return }
    // Only this module writes blocks, so that their lengths are to be trusted.
    let end = next + bytes.count
    while next < end {
      let field = Field(next)
      next += field.packed.count
      try body(field)
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
  @inlinable @inline(__always)
  public func equals(_ other: StaticString) -> Bool {
    count == other.utf8CodeUnitCount && beginsEqual(other)
  }

  /// Compares the beginning with a constant, byte for byte.
  @inlinable @inline(__always)
  public func hasPrefix(_ other: StaticString) -> Bool {
    count >= other.utf8CodeUnitCount && beginsEqual(other)
  }

  /// Compares words: the constant's length is known where this is inlined, so that a name costs
  /// two or three comparisons and no call.
  @inlinable @inline(__always)
  func beginsEqual(_ other: StaticString) -> Bool {
    let byteCount = other.utf8CodeUnitCount
    guard byteCount > 0 else { return true }
    let (left, right) = (baseAddress!, UnsafeRawPointer(other.utf8Start))
    if byteCount >= 8 {
      var offset = 0
      while offset <= byteCount - 8 {
        guard
          left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            == right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        else { return false }
        offset += 8
      }
      // The rest, with some bytes that are known to be equal.
      return left.loadUnaligned(fromByteOffset: byteCount - 8, as: UInt64.self)
        == right.loadUnaligned(fromByteOffset: byteCount - 8, as: UInt64.self)
    }
    for index in 0..<byteCount
    where left.load(fromByteOffset: index, as: UInt8.self)
      != right.load(fromByteOffset: index, as: UInt8.self)
    { return false }
    return true
  }

  /// Compares the end with a constant, byte for byte.
  @inline(__always)
  public func hasSuffix(_ other: StaticString) -> Bool {
    let length = other.utf8CodeUnitCount
    return count >= length
      && UnsafeRawBufferPointer(rebasing: self[(count - length)...]).equals(other)
  }
}
