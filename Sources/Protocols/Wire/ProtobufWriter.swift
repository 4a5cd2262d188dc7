/// Appends serialised fields to bytes. The caller writes fields in the order of their numbers and
/// leaves out those that have their default value.
public struct ProtobufWriter: Sendable {
  /// What has been written so far.
  public private(set) var bytes: [UInt8]

  /// A writer that appends to `bytes`, so that a buffer can be used again.
  public init(appendingTo bytes: [UInt8] = []) {
    self.bytes = bytes
  }

  /// Makes room for `byteCount` more bytes at once.
  public mutating func reserve(_ byteCount: Int) {
    bytes.reserveCapacity(bytes.count + byteCount)
  }

  /// How many bytes `value` takes as a varint.
  public static func varintByteCount(_ value: UInt64) -> Int {
    value == 0 ? 1 : (70 - value.leadingZeroBitCount) / 7
  }

  /// How many bytes a length-delimited field takes, its tag and length included.
  public static func fieldByteCount(_ number: Int, byteCount: Int) -> Int {
    varintByteCount(UInt64(number) << 3) + varintByteCount(UInt64(byteCount)) + byteCount
  }

  /// A bare varint.
  public mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// The tag of field `number`.
  public mutating func tag(_ number: Int, _ type: ProtobufReader.WireType) {
    varint(UInt64(number) << 3 | UInt64(type.rawValue))
  }

  /// An integer field.
  public mutating func field(_ number: Int, uint64 value: UInt64) {
    tag(number, .varint)
    varint(value)
  }

  /// A signed integer field (int32, int64, enum): negative values take ten bytes.
  public mutating func field(_ number: Int, int64 value: Int64) {
    field(number, uint64: UInt64(bitPattern: value))
  }

  /// A boolean field.
  public mutating func field(_ number: Int, bool value: Bool) {
    field(number, uint64: value ? 1 : 0)
  }

  /// A float field.
  public mutating func field(_ number: Int, float value: Float) {
    tag(number, .fixed32)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A double field.
  public mutating func field(_ number: Int, double value: Double) {
    tag(number, .fixed64)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A text field.
  public mutating func field(_ number: Int, string value: String) {
    var value = value
    value.withUTF8 { utf8 in
      tag(number, .bytes)
      varint(UInt64(utf8.count))
      bytes.append(contentsOf: utf8)
    }
  }

  /// A bytes field.
  public mutating func field(_ number: Int, bytes value: ArraySlice<UInt8>) {
    tag(number, .bytes)
    varint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  /// A bytes field taken from memory that is not an array.
  public mutating func field(_ number: Int, rawBytes value: UnsafeRawBufferPointer) {
    tag(number, .bytes)
    varint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  /// A packed `repeated int64`.
  public mutating func field(_ number: Int, packed values: [Int64]) {
    guard !values.isEmpty else { return }
    tag(number, .bytes)
    varint(
      values.reduce(0) { $0 + UInt64(Self.varintByteCount(UInt64(bitPattern: $1))) })
    for value in values { varint(UInt64(bitPattern: value)) }
  }

  /// An embedded message, written by `body`.
  public mutating func message(_ number: Int, _ body: (inout ProtobufWriter) -> Void) {
    tag(number, .bytes)
    // Most messages are shorter than 128 bytes: one length byte is reserved, and the rare longer
    // ones move.
    let lengthIndex = bytes.count
    bytes.append(0)
    body(&self)
    let byteCount = bytes.count - lengthIndex - 1
    if byteCount < 0x80 {
      bytes[lengthIndex] = UInt8(byteCount)
    } else {
      var length = ProtobufWriter()
      length.varint(UInt64(byteCount))
      bytes.replaceSubrange(lengthIndex...lengthIndex, with: length.bytes)
    }
  }
}

extension ProtobufWriter {
  /// Appends `byteCount` bytes that `body` writes.
  mutating func append(byteCount: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Void) {
    guard byteCount > 0 else { return }
    bytes.append(
      contentsOf: [UInt8](unsafeUninitializedCapacity: byteCount) { memory, count in
        if let base = memory.baseAddress { body(base) }
        count = byteCount
      })
  }
}
