internal import Glibc

/// How a field's value may enter HPACK's tables of repeated fields (RFC 7541).
public struct HeaderIndexing: Sendable, Hashable {
  let rawValue: UInt32

  /// It is expected to repeat.
  public static let usual = HeaderIndexing(rawValue: 0)
  /// It does not repeat, and would only push out what does; its name does repeat.
  public static let nameOnly = HeaderIndexing(rawValue: 1 << 30)
  /// It is a secret: no table may keep it, here or further on (RFC 7541 section 7.1.3).
  public static let never = HeaderIndexing(rawValue: 1 << 31)
}

/// Header fields to send: ordered, and packed into one block of memory so that a list of ten
/// fields costs one allocation, or none when the list is reused. A value: copies share memory
/// until one of them changes.
///
/// Each field is a 32-bit name length, whose two top bits are its ``HeaderIndexing``, a 32-bit value
/// length, the name, the value. ``HeaderBlock`` is the borrowed view of the same layout.
public struct HeaderList: Sendable {
  // Unsafe by the letter alone: written only while a list is its only owner.
  nonisolated(unsafe) private var storage: HeaderStorage?
  private var byteCount = 0

  /// The number of fields.
  public private(set) var count = 0

  /// An empty list.
  public init() {}

  /// A copy of a received block's fields, or of those after the pseudo-fields.
  init(copying block: HeaderBlock, skippingPseudoFields: Bool) {
    let start = skippingPseudoFields ? block.regularStart : 0
    append(bytes: UnsafeRawBufferPointer(rebasing: block.bytes[start...]))
    count = block.count - (skippingPseudoFields ? block.pseudoCount : 0)
  }

  /// Bytes that there is memory for.
  public var capacity: Int { storage?.header ?? 0 }

  /// Becomes a copy of a received block's fields after the pseudo-fields; keeps the memory, unless
  /// a copy uses it.
  mutating func replaceAll(copyingRegular block: HeaderBlock) {
    removeAll()
    append(bytes: UnsafeRawBufferPointer(rebasing: block.bytes[block.regularStart...]))
    count = block.count - block.pseudoCount
  }

  /// True when there are no fields.
  public var isEmpty: Bool { count == 0 }

  /// Forgets all fields and keeps the memory, unless a copy uses it.
  public mutating func removeAll() {
    byteCount = 0
    count = 0
    if storage != nil, !isKnownUniquelyReferenced(&storage) { storage = nil }
  }

  /// A point in a list to go back to.
  public struct Mark: Sendable {
    fileprivate var byteCount = 0
    fileprivate var count = 0
  }

  /// The present end.
  public var mark: Mark { Mark(byteCount: byteCount, count: count) }

  /// Forgets the fields that were added after `mark` was taken.
  public mutating func removeAll(after mark: Mark) {
    precondition(mark.byteCount <= byteCount, "the mark is of another list")
    byteCount = mark.byteCount
    count = mark.count
  }

  /// Adds a field known at compile time.
  @inline(__always)
  public mutating func append(_ name: StaticString, _ value: StaticString) {
    append(
      name: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount),
      value: UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
  }

  /// Adds a field. Names are lower case.
  public mutating func append(
    _ name: String, _ value: String, indexing: HeaderIndexing = .usual
  ) {
    var name = name
    var value = value
    name.withUTF8 { name in
      value.withUTF8 { value in
        append(
          name: UnsafeRawBufferPointer(name), value: UnsafeRawBufferPointer(value),
          indexing: indexing)
      }
    }
  }

  /// Adds a field with a constant name.
  public mutating func append(
    _ name: StaticString, _ value: String, indexing: HeaderIndexing = .usual
  ) {
    var value = value
    value.withUTF8 { append(name, UnsafeRawBufferPointer($0), indexing: indexing) }
  }

  /// Adds a field with a constant name and a value from bytes, which are copied.
  @inline(__always)
  public mutating func append(
    _ name: StaticString, _ value: UnsafeRawBufferPointer, indexing: HeaderIndexing = .usual
  ) {
    append(
      name: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount),
      value: value, indexing: indexing)
  }

  /// Adds a field from bytes, which are copied.
  public mutating func append(
    name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer,
    indexing: HeaderIndexing = .usual
  ) {
    let end = reserve(8 + name.count + value.count)
    end.storeBytes(
      of: UInt32(truncatingIfNeeded: name.count) | indexing.rawValue, as: UInt32.self)
    (end + 4).storeBytes(of: UInt32(truncatingIfNeeded: value.count), as: UInt32.self)
    if let bytes = name.baseAddress { memcpy(end + 8, bytes, name.count) }
    if let bytes = value.baseAddress { memcpy(end + 8 + name.count, bytes, value.count) }
    byteCount += 8 + name.count + value.count
    count += 1
  }

  /// Adds all fields of another list.
  public mutating func append(contentsOf other: HeaderList) {
    other.withBlock { append(bytes: $0.bytes) }
    count += other.count
  }

  /// Adds a field of a block as it is.
  @inline(__always)
  public mutating func append(_ field: HeaderBlock.Field) {
    append(bytes: field.packed)
    count += 1
  }

  private mutating func append(bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, bytes.count > 0 else { return }
    memcpy(reserve(bytes.count), start, bytes.count)
    byteCount += bytes.count
  }

  /// Where to write the next `room` bytes.
  @inline(__always)
  private mutating func reserve(_ room: Int) -> UnsafeMutableRawPointer {
    if storage == nil || storage!.header - byteCount < room
      || !isKnownUniquelyReferenced(&storage)
    {
      grow(room)
    }
    return storage!.bytes + byteCount
  }

  @inline(never)
  private mutating func grow(_ room: Int) {
    precondition(
      byteCount + room <= Int(HeaderBlock.nameLengthMask),
      "header fields of more than 1 GiB together")
    let capacity = byteCount + room
    let larger = HeaderStorage.make(
      byteCount == 0 ? capacity : max(capacity, (storage?.header ?? 0) * 2, 256))
    if let storage { memcpy(larger.bytes, storage.bytes, byteCount) }
    storage = larger
  }

  /// Calls `body` with a view of the fields, valid only inside.
  @inline(__always)
  public func withBlock<Result>(_ body: (HeaderBlock) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(storage) {
      try body(
        HeaderBlock(
          bytes: UnsafeRawBufferPointer(start: storage.map { $0.bytes }, count: byteCount),
          count: count))
    }
  }
}

extension HeaderList: Hashable {
  /// The same fields in the same order.
  public static func == (left: HeaderList, right: HeaderList) -> Bool {
    left.withBlock { left in
      right.withBlock { right in left.bytes.elementsEqual(right.bytes) }
    }
  }

  /// Feeds the fields.
  public func hash(into hasher: inout Hasher) {
    withBlock { hasher.combine(bytes: $0.bytes) }
  }
}

/// The memory of header lists; its header is its capacity.
private final class HeaderStorage: ManagedBuffer<Int, UInt8> {
  @inline(__always)
  var bytes: UnsafeMutableRawPointer {
    withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) }
  }

  static func make(_ capacity: Int) -> HeaderStorage {
    unsafeDowncast(create(minimumCapacity: capacity) { _ in capacity }, to: HeaderStorage.self)
  }
}
