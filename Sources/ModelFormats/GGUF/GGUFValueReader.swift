/// Reads and checks values of metadata.
struct GGUFValueReader {
  let file: FileMapping
  var reader: GGUFReader
  /// nil: what was checked before is read again.
  let limits: GGUFLimits?

  mutating func value() throws(GGUFError) -> GGUFValue {
    switch try type() {
    case .uint8: .unsigned(UInt64(try reader.integer(UInt8.self)))
    case .uint16: .unsigned(UInt64(try reader.integer(UInt16.self)))
    case .uint32: .unsigned(UInt64(try reader.integer(UInt32.self)))
    case .uint64: .unsigned(try reader.integer(UInt64.self))
    case .int8: .signed(Int64(try reader.integer(Int8.self)))
    case .int16: .signed(Int64(try reader.integer(Int16.self)))
    case .int32: .signed(Int64(try reader.integer(Int32.self)))
    case .int64: .signed(try reader.integer(Int64.self))
    case .float32: .real(Double(Float(bitPattern: try reader.integer(UInt32.self))))
    case .float64: .real(Double(bitPattern: try reader.integer(UInt64.self)))
    case .bool: .bool(try bool())
    case .string: .string(try reader.text(limit: textByteCountMax, "bytes of text"))
    case .array: .array(try array(depth: 1))
    }
  }

  private var textByteCountMax: Int { limits?.textByteCountMax ?? .max }

  private mutating func type() throws(GGUFError) -> GGUFType {
    let number = try reader.integer(UInt32.self)
    guard let type = GGUFType(rawValue: number) else {
      throw GGUFError(.malformed, "expected a type of values from 0 to 12, got \(number)")
    }
    return type
  }

  private mutating func bool() throws(GGUFError) -> Bool {
    let byte = try reader.integer(UInt8.self)
    guard byte <= 1 else {
      throw GGUFError(.malformed, "expected 0 or 1 for a boolean, got \(byte)")
    }
    return byte == 1
  }

  /// An array, of which everything is looked at.
  mutating func array(depth: Int) throws(GGUFError) -> GGUFArray {
    if let limits, depth > limits.arrayDepthMax {
      throw GGUFError(
        .limitExceeded, "expected at most \(limits.arrayDepthMax) arrays in each other, got more")
    }
    let type = try type()
    // An array takes its type and its count, a text its length.
    let unit = type.byteCount ?? (type == .array ? 12 : 8)
    let count = try reader.count(of: unit, limit: limits?.arrayCountMax ?? .max, "elements")
    let start = reader.offset
    switch type {
    case .string:
      for _ in 0..<count { try checkString() }
    case .array:
      for _ in 0..<count { _ = try array(depth: depth + 1) }
    case .bool:
      for _ in 0..<count { _ = try bool() }
    default: _ = try reader.take(count * unit)
    }
    return GGUFArray(
      type, count: count,
      bytes: UnsafeRawBufferPointer(rebasing: reader.bytes[start..<reader.offset]), in: file)
  }

  private mutating func checkString() throws(GGUFError) {
    let bytes = try reader.string(limit: textByteCountMax, "bytes of text")
    // Reading again what was checked needs no second look.
    guard limits != nil else { return }
    guard bytes.allSatisfy({ $0 < 0x80 }) || String(validating: bytes, as: UTF8.self) != nil
    else { throw GGUFError(.invalidUTF8, "expected texts in UTF-8, got other bytes") }
  }
}
