internal import Glibc

/// The header block that a session receives. There is never more than one: the frames of a block
/// may not be interleaved with others (RFC 9113 section 4.3). So a session keeps one buffer that
/// stays in the processor's cache, instead of one for each stream. Its owner calls ``deallocate()``.
struct InboundFields {
  /// How far a block goes.
  struct Extent {
    /// As the fields lie in memory.
    fileprivate(set) var byteCount = 0
    fileprivate(set) var count = 0
    fileprivate(set) var listByteCount = 0
    fileprivate var pseudoCount = 0
    fileprivate var regularStart = 0
  }

  private var bytes = RawBuffer()
  private(set) var extent = Extent()

  var count: Int { extent.count }
  /// Bytes as RFC 9113 counts them: name + value + 32 for each field, kept or not.
  var listByteCount: Int { extent.listByteCount }

  /// More memory than this goes back before the next block.
  private static let byteCountKept = 4096

  /// The last block needed more memory than is kept.
  var isLarge: Bool { bytes.capacity > Self.byteCountKept }

  /// The fields so far; valid until the next change.
  var block: HeaderBlock {
    var block = HeaderBlock(bytes: bytes.bytes, count: count)
    block.regularStart = extent.regularStart
    block.pseudoCount = extent.pseudoCount
    return block
  }

  /// Starts a new block.
  @inline(__always)
  mutating func removeAll() {
    bytes.removeAll(keeping: Self.byteCountKept)
    extent = Extent()
  }

  /// Takes the block back to where it was when it had fewer fields.
  mutating func rewind(to extent: Extent) {
    bytes.removeLast(bytes.count - extent.byteCount)
    self.extent = extent
  }

  /// Whether these bytes lie where the block had ended.
  @inline(__always)
  func equal(_ value: UnsafeRawPointer, _ byteCount: Int, before end: Extent) -> Bool {
    memcmp(bytes.bytes.baseAddress! + end.byteCount - byteCount, value, byteCount) == 0
  }

  /// Counts a field that may be too much to keep.
  @inline(__always)
  mutating func count(nameByteCount: Int, valueByteCount: Int) {
    extent.listByteCount += nameByteCount + valueByteCount + 32
  }

  /// Adds a field; pseudo-fields come first. Returns where its name lies, valid until the next
  /// change, with what ``FieldSyntax`` wants to be readable behind its value.
  @inline(__always)
  @discardableResult
  mutating func append(
    _ name: UnsafeRawPointer, _ nameByteCount: Int, _ value: UnsafeRawPointer?,
    _ valueByteCount: Int, indexing: HeaderIndexing = .usual
  ) -> UnsafeMutableRawPointer {
    bytes.reserve(8 + nameByteCount + valueByteCount + FieldSyntax.padding)
    let field = bytes.extend(8 + nameByteCount + valueByteCount)
    field.storeBytes(
      of: UInt32(truncatingIfNeeded: nameByteCount) | indexing.rawValue, as: UInt32.self)
    (field + 4).storeBytes(of: UInt32(truncatingIfNeeded: valueByteCount), as: UInt32.self)
    copyShort(field + 8, name, nameByteCount)
    if let value { copyShort(field + 8 + nameByteCount, value, valueByteCount) }
    extent.count += 1
    extent.byteCount = bytes.count
    if nameByteCount > 0, name.load(as: UInt8.self) == UInt8(ascii: ":") {
      extent.pseudoCount += 1
      extent.regularStart = bytes.count
    }
    return field + 8
  }

  /// Frees the memory.
  mutating func deallocate() {
    bytes.deallocate()
    removeAll()
  }
}
