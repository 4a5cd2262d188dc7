/// A value of a GGUF file's metadata.
public enum GGUFValue: Sendable {
  /// A whole number without sign, of any width.
  case unsigned(UInt64)
  /// A whole number with sign, of any width.
  case signed(Int64)
  /// A number of 32 or 64 bits.
  case real(Double)
  /// True or false.
  case bool(Bool)
  /// A text.
  case string(String)
  /// Values of one type, read when they are asked for.
  case array(GGUFArray)
}

extension GGUFValue {
  /// A whole number that fits; nil for other values.
  public var int: Int? {
    switch self {
    case .unsigned(let value): Int(exactly: value)
    case .signed(let value): Int(exactly: value)
    default: nil
    }
  }
  /// Any number; nil for other values.
  public var double: Double? {
    switch self {
    case .unsigned(let value): Double(value)
    case .signed(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }
  /// nil for other values.
  public var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }
  /// nil for other values.
  public var string: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }
  /// nil for other values.
  public var array: GGUFArray? {
    guard case .array(let value) = self else { return nil }
    return value
  }
  /// An array of texts.
  public var strings: [String]? { array?.strings }
  /// An array of whole numbers.
  public var ints: [Int]? { array?.ints }
  /// An array of numbers.
  public var floats: [Float]? { array?.floats }
}

/// Types of values, as numbered in the file.
public enum GGUFType: UInt32, Sendable {
  case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64
  case float64

  /// Bytes of a value; nil for those that say it themselves.
  var byteCount: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }
}

/// An array of a GGUF file: checked when the file was opened, but left there. A vocabulary is read
/// once, into what its reader wants of it.
public struct GGUFArray: Sendable {
  /// What its elements are.
  public let elementType: GGUFType
  /// How many there are.
  public let count: Int
  // What lies in the mapping is read-only.
  private nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
  private let file: FileMapping

  init(_ type: GGUFType, count: Int, bytes: UnsafeRawBufferPointer, in file: FileMapping) {
    elementType = type
    self.count = count
    self.bytes = bytes
    self.file = file
  }

  /// Calls `body` with each text's bytes. Only for arrays of texts, which are UTF-8.
  public func forEachString(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
    guard elementType == .string else { return }
    var offset = 0
    for _ in 0..<count {
      let length = Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
      try body(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]))
      offset += length
    }
    withExtendedLifetime(file) {}
  }

  /// Texts; nil for other arrays.
  public var strings: [String]? {
    guard elementType == .string else { return nil }
    var texts: [String] = []
    texts.reserveCapacity(count)
    forEachString { texts.append(String(decoding: $0, as: UTF8.self)) }
    return texts
  }

  /// Whole numbers; nil for other arrays, and if one does not fit.
  public var ints: [Int]? {
    switch elementType {
    case .uint8: wholes(UInt8.self)
    case .int8: wholes(Int8.self)
    case .uint16: wholes(UInt16.self)
    case .int16: wholes(Int16.self)
    case .uint32: wholes(UInt32.self)
    case .int32: wholes(Int32.self)
    case .uint64: wholes(UInt64.self)
    case .int64: wholes(Int64.self)
    default: nil
    }
  }

  /// Numbers; nil for other arrays.
  public var floats: [Float]? {
    switch elementType {
    case .float32: elements(UInt32.self) { Float(bitPattern: $0) }
    case .float64: elements(UInt64.self) { Float(Double(bitPattern: $0)) }
    default: ints?.map(Float.init)
    }
  }

  /// True or false; nil for other arrays.
  public var bools: [Bool]? {
    elementType == .bool ? elements(UInt8.self) { $0 != 0 } : nil
  }

  /// Arrays; nil for other arrays.
  public var arrays: [GGUFArray]? {
    guard elementType == .array else { return nil }
    var values = GGUFValueReader(file: file, reader: GGUFReader(bytes: bytes), limits: nil)
    // Checked when the file was opened.
    return (0..<count).compactMap { _ in try? values.array(depth: 0) }
  }

  private func wholes<T: FixedWidthInteger>(_ type: T.Type) -> [Int]? {
    var fits = true
    let values = elements(type) { value -> Int in
      if let int = Int(exactly: value) { return int }
      fits = false
      return 0
    }
    return fits ? values : nil
  }

  private func elements<T: FixedWidthInteger, Element>(
    _ type: T.Type, _ body: (T) -> Element
  ) -> [Element] {
    let values = (0..<count).map {
      body(
        T(
          littleEndian: bytes.loadUnaligned(
            fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self)))
    }
    withExtendedLifetime(file) {}
    return values
  }
}
