/// Header fields to send: ordered, and packed into one array so that a list of ten fields costs
/// one allocation, or none when the list is reused.
///
/// Each field is a 32-bit name length, whose top bit says "never index", a 32-bit value length,
/// the name, the value. ``HeaderBlock`` is the borrowed view of the same layout.
public struct HeaderList: Sendable, Hashable {
  static let neverIndexedFlag: UInt32 = 1 << 31

  var storage: [UInt8]

  /// The number of fields.
  public private(set) var count = 0

  /// An empty list.
  public init() {
    storage = []
  }

  /// A copy of a received block's fields from `start` on.
  init(copying block: HeaderBlock, skippingPseudoFields: Bool) {
    let start = skippingPseudoFields ? block.regularStart : 0
    storage = [UInt8](copying: UnsafeRawBufferPointer(rebasing: block.bytes[start...]))
    count = block.count - (skippingPseudoFields ? block.pseudoCount : 0)
  }

  /// True when there are no fields.
  public var isEmpty: Bool { count == 0 }

  /// Forgets all fields and keeps the memory.
  public mutating func removeAll() {
    storage.removeAll(keepingCapacity: true)
    count = 0
  }

  /// Adds a field known at compile time.
  public mutating func append(_ name: StaticString, _ value: StaticString) {
    append(
      name: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount),
      value: UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
  }

  /// Adds a field. Names are lower case; `neverIndexed` keeps a secret, or a value that never
  /// repeats, out of the compression table.
  public mutating func append(_ name: String, _ value: String, neverIndexed: Bool = false) {
    var name = name
    var value = value
    name.withUTF8 { name in
      value.withUTF8 { value in
        append(
          name: UnsafeRawBufferPointer(name), value: UnsafeRawBufferPointer(value),
          neverIndexed: neverIndexed)
      }
    }
  }

  /// Adds a field with a constant name.
  public mutating func append(_ name: StaticString, _ value: String, neverIndexed: Bool = false) {
    var value = value
    value.withUTF8 { value in
      append(
        name: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount),
        value: UnsafeRawBufferPointer(value), neverIndexed: neverIndexed)
    }
  }

  /// Adds a field from bytes, which are copied.
  public mutating func append(
    name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, neverIndexed: Bool = false
  ) {
    let flag = neverIndexed ? Self.neverIndexedFlag : 0
    withUnsafeBytes(of: UInt32(name.count) | flag) { storage.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt32(value.count)) { storage.append(contentsOf: $0) }
    storage.append(contentsOf: name)
    storage.append(contentsOf: value)
    count += 1
  }

  /// Adds all fields of another list.
  public mutating func append(contentsOf other: HeaderList) {
    storage.append(contentsOf: other.storage)
    count += other.count
  }

  /// Calls `body` with a view of the fields, valid only inside.
  public func withBlock<Result>(_ body: (HeaderBlock) throws -> Result) rethrows -> Result {
    try storage.withUnsafeBytes { bytes in
      try body(HeaderBlock(bytes: bytes, count: count))
    }
  }
}
