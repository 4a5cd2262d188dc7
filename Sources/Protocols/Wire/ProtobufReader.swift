/// Walks the fields of one serialised message in place: values are integers or slices of the bytes
/// given, so a tensor of a gigabyte costs no more to find than one of a byte.
///
/// It checks what the wire format promises (lengths, varints, tags) and nothing about the schema.
/// Source: the public protobuf encoding guide.
public struct ProtobufReader: Sendable {
  /// How deep messages may nest before a reader of ours refuses them: protobuf's own default.
  public static let depthMax = 100

  /// How a field's value is laid out.
  public enum WireType: UInt8, Sendable {
    /// One base-128 integer.
    case varint = 0
    /// Eight bytes, little-endian.
    case fixed64 = 1
    /// A length and as many bytes.
    case bytes = 2
    /// A group's start: deprecated, skipped whole.
    case startGroup = 3
    /// A group's end.
    case endGroup = 4
    /// Four bytes, little-endian.
    case fixed32 = 5
  }

  /// One field: `bits` for the three number types, `bytes` for everything with a length.
  public struct Field: Sendable {
    /// The number in the schema.
    public var number: Int
    /// How the value was laid out.
    public var wireType: WireType
    /// The value of a varint, fixed32 or fixed64.
    public var bits: UInt64
    /// The value of a length-delimited field: a view into the message.
    public var bytes: ArraySlice<UInt8>
  }

  private let message: ArraySlice<UInt8>
  private var position: Int

  /// Reads `message`, which must hold one whole message.
  public init(_ message: ArraySlice<UInt8>) {
    self.message = message
    position = message.startIndex
  }

  /// Where the next field starts: an index into the slice given.
  public var index: Int { position }

  /// The next field, or nil at the end.
  public mutating func next() throws(ProtobufError) -> Field? {
    while position < message.endIndex {
      let tag = try readVarint()
      let number = Int(truncatingIfNeeded: tag >> 3)
      guard number > 0, tag >> 3 <= 0x1FFF_FFFF, let type = WireType(rawValue: UInt8(tag & 7))
      else {
        throw ProtobufError(.malformed, "expected a field's tag, got \(tag)")
      }
      switch type {
      case .varint:
        return Field(number: number, wireType: type, bits: try readVarint(), bytes: [])
      case .fixed64:
        return Field(number: number, wireType: type, bits: try readFixed(8), bytes: [])
      case .fixed32:
        return Field(number: number, wireType: type, bits: try readFixed(4), bytes: [])
      case .bytes:
        return Field(number: number, wireType: type, bits: 0, bytes: try readBytes())
      case .startGroup:
        try skipGroup(number, depth: 1)
      case .endGroup:
        throw ProtobufError(.malformed, "group \(number) ends but never started")
      }
    }
    return nil
  }

  private mutating func readVarint() throws(ProtobufError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < message.endIndex {
      let byte = message[position]
      position += 1
      value |= UInt64(byte & 0x7F) &<< shift
      if byte < 0x80 {
        // The tenth byte holds bit 63 alone.
        guard shift < 63 || byte <= 1 else { break }
        return value
      }
      shift += 7
      guard shift <= 63 else { break }
    }
    if shift > 63 || position < message.endIndex {
      throw ProtobufError(.malformed, "expected a varint of at most 64 bits")
    }
    throw ProtobufError(.truncated, "the message ends inside a varint")
  }

  private mutating func readFixed(_ byteCount: Int) throws(ProtobufError) -> UInt64 {
    guard message.endIndex - position >= byteCount else {
      throw ProtobufError(
        .truncated, "expected \(byteCount) bytes, got \(message.endIndex - position)")
    }
    var value: UInt64 = 0
    for offset in 0..<byteCount {
      value |= UInt64(message[position + offset]) &<< UInt64(8 * offset)
    }
    position += byteCount
    return value
  }

  private mutating func readBytes() throws(ProtobufError) -> ArraySlice<UInt8> {
    let length = try readVarint()
    let remaining = message.endIndex - position
    guard length <= UInt64(remaining) else {
      throw ProtobufError(
        .truncated, "a field says it has \(length) bytes but only \(remaining) are left")
    }
    let start = position
    position += Int(length)
    return message[start..<position]
  }

  private mutating func skipGroup(_ number: Int, depth: Int) throws(ProtobufError) {
    guard depth <= Self.depthMax else {
      throw ProtobufError(.tooDeep, "groups nest deeper than \(Self.depthMax)")
    }
    while position < message.endIndex {
      let tag = try readVarint()
      switch WireType(rawValue: UInt8(tag & 7)) {
      case .varint: _ = try readVarint()
      case .fixed64: _ = try readFixed(8)
      case .fixed32: _ = try readFixed(4)
      case .bytes: _ = try readBytes()
      case .startGroup: try skipGroup(Int(truncatingIfNeeded: tag >> 3), depth: depth + 1)
      case .endGroup:
        guard Int(truncatingIfNeeded: tag >> 3) == number else {
          throw ProtobufError(.malformed, "group \(number) is closed as \(tag >> 3)")
        }
        return
      case nil: throw ProtobufError(.malformed, "expected a field's tag, got \(tag)")
      }
    }
    throw ProtobufError(.truncated, "the message ends inside group \(number)")
  }
}

extension ProtobufReader.Field {
  private func expect(_ type: ProtobufReader.WireType) throws(ProtobufError) {
    guard wireType == type else {
      throw ProtobufError(
        .wrongWireType, "field \(number): expected wire type \(type), got \(wireType)")
    }
  }

  /// The value as a signed 64-bit integer (int64, int32, enum, bool).
  public func int64() throws(ProtobufError) -> Int64 {
    try expect(.varint)
    return Int64(bitPattern: bits)
  }

  /// The value as an unsigned 64-bit integer.
  public func uint64() throws(ProtobufError) -> UInt64 {
    try expect(.varint)
    return bits
  }

  /// The value as a 32-bit integer: the low half, as protobuf defines it.
  public func int32() throws(ProtobufError) -> Int32 {
    try expect(.varint)
    return Int32(truncatingIfNeeded: Int64(bitPattern: bits))
  }

  /// The value as a boolean.
  public func bool() throws(ProtobufError) -> Bool {
    try expect(.varint)
    return bits != 0
  }

  /// The value as a 32-bit float.
  public func float() throws(ProtobufError) -> Float {
    try expect(.fixed32)
    return Float(bitPattern: UInt32(truncatingIfNeeded: bits))
  }

  /// The value as a 64-bit float.
  public func double() throws(ProtobufError) -> Double {
    try expect(.fixed64)
    return Double(bitPattern: bits)
  }

  /// The value as bytes or an embedded message.
  public func slice() throws(ProtobufError) -> ArraySlice<UInt8> {
    try expect(.bytes)
    return bytes
  }

  /// The value as text. NUL is refused with invalid UTF-8: libprotobuf-c ends a string there, and
  /// one name must never read differently in two places.
  public func string() throws(ProtobufError) -> String {
    try expect(.bytes)
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
      throw ProtobufError(.invalidUTF8, "field \(number): expected UTF-8 text without NUL")
    }
    return text
  }

  /// Appends a `repeated int64`, which senders may pack or not.
  public func appendInt64s(to values: inout [Int64]) throws(ProtobufError) {
    try appendVarints { values.append(Int64(bitPattern: $0)) }
  }

  /// Hands over each element of a repeated varint field, packed or not.
  public func appendVarints(_ append: (UInt64) -> Void) throws(ProtobufError) {
    guard wireType == .bytes else {
      try expect(.varint)
      return append(bits)
    }
    var reader = ProtobufReader(bytes)
    while let value = try reader.nextPackedVarint() { append(value) }
  }

  /// The raw little-endian elements of a repeated fixed32 (`width` 4) or fixed64 (`width` 8) field;
  /// a single unpacked element is returned as its own bytes.
  public func fixedElements(width: Int) throws(ProtobufError) -> ArraySlice<UInt8> {
    if wireType == .bytes {
      guard bytes.count % width == 0 else {
        throw ProtobufError(
          .malformed, "field \(number): \(bytes.count) bytes are not a multiple of \(width)")
      }
      return bytes
    }
    try expect(width == 4 ? .fixed32 : .fixed64)
    return ArraySlice((0..<width).map { UInt8(truncatingIfNeeded: bits &>> UInt64(8 * $0)) })
  }
}

extension ProtobufReader {
  /// The next element of a packed list of varints, when the reader is over one; nil at the end.
  public mutating func nextPackedVarint() throws(ProtobufError) -> UInt64? {
    guard position < message.endIndex else { return nil }
    return try readVarint()
  }
}
