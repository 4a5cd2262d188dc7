internal import Compute

/// Numbers of any element type, as doubles.
enum NumberReading {
  /// Calls `body` with the index and value of each of `count` elements.
  @inline(__always)
  private static func each<T: BitwiseCopyable>(
    _ type: T.Type, _ bytes: UnsafeRawPointer, _ count: Int,
    _ target: UnsafeMutablePointer<Double>, _ convert: (T) -> Double
  ) {
    for index in 0..<count {
      target[index] = convert(
        bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self))
    }
  }

  /// Converts elements; false for a type that has no numbers here.
  static func convert(
    _ type: DataType, _ bytes: UnsafeRawPointer, count: Int,
    into target: UnsafeMutablePointer<Double>
  ) -> Bool {
    switch type {
    case .bool, .uint8: each(UInt8.self, bytes, count, target) { Double($0) }
    case .uint16: each(UInt16.self, bytes, count, target) { Double($0) }
    case .uint32: each(UInt32.self, bytes, count, target) { Double($0) }
    case .uint64: each(UInt64.self, bytes, count, target) { Double($0) }
    case .int8: each(Int8.self, bytes, count, target) { Double($0) }
    case .int16: each(Int16.self, bytes, count, target) { Double($0) }
    case .int32: each(Int32.self, bytes, count, target) { Double($0) }
    case .int64: each(Int64.self, bytes, count, target) { Double($0) }
    case .fp16: each(UInt16.self, bytes, count, target) { Double(half($0)) }
    case .bf16:
      each(UInt16.self, bytes, count, target) { Double(Float(bitPattern: UInt32($0) << 16)) }
    case .fp32: each(Float.self, bytes, count, target) { Double($0) }
    case .fp64: each(Double.self, bytes, count, target) { $0 }
    default: return false
    }
    return true
  }

  /// IEEE 754 binary16, without the type that x86 builds of older standard libraries lack.
  private static func half(_ bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7FFF)
    let sign = UInt32(bits & 0x8000) << 16
    if magnitude >= 0x7C00 {
      return Float(bitPattern: sign | 0x7F80_0000 | (magnitude & 0x3FF) << 13)
    }
    // Scaling by a power of two makes normal numbers of subnormal ones too.
    let value = Float(bitPattern: magnitude << 13) * Float(bitPattern: 0x7780_0000)
    return Float(bitPattern: value.bitPattern | sign)
  }

  /// The columns' elements of some examples, one example behind the other, row by row.
  static func rows(
    _ columns: [Int], of source: any ExampleSource, _ rows: Range<Int>,
    into target: UnsafeMutablePointer<Double>
  ) throws(TrainingError) {
    try self.rows(columns, of: source, Array(rows), into: target)
  }

  /// The same of any examples, in the order given.
  static func rows(
    _ columns: [Int], of source: any ExampleSource, _ rows: [Int],
    into target: UnsafeMutablePointer<Double>
  ) throws(TrainingError) {
    if columns.count == 1, source.columns[columns[0]].dataType == .fp64 {
      let count = rows.count * source.columns[columns[0]].elementCount
      return try read(
        source, columns[0], rows,
        UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(start: target, count: count)))
    }
    let width = columns.reduce(0) { $0 + source.columns[$1].elementCount }
    var first = 0
    for column in columns {
      let description = source.columns[column]
      let count = description.elementCount
      guard let byteCount = description.dataType.elementByteCount else {
        throw TrainingError(
          .data, "expected numbers in column '\(description.name)', got texts")
      }
      let bytes = UnsafeMutableRawBufferPointer.allocate(
        byteCount: max(1, rows.count * count * byteCount), alignment: 64)
      defer { bytes.deallocate() }
      let used = UnsafeMutableRawBufferPointer(rebasing: bytes[0..<rows.count * count * byteCount])
      try read(source, column, rows, used)
      // A single column of numbers goes where it belongs at once.
      if columns.count == 1 {
        guard
          convert(
            description.dataType, UnsafeRawPointer(bytes.baseAddress!), count: rows.count * count,
            into: target)
        else { throw unsupported(description) }
      } else {
        for row in 0..<rows.count {
          guard
            convert(
              description.dataType,
              UnsafeRawPointer(bytes.baseAddress!) + row * count * byteCount, count: count,
              into: target + row * width + first)
          else { throw unsupported(description) }
        }
      }
      first += count
    }
  }

  private static func read(
    _ source: any ExampleSource, _ column: Int, _ rows: [Int],
    _ target: UnsafeMutableRawBufferPointer
  ) throws(TrainingError) {
    var failure: TrainingError?
    rows.withUnsafeBufferPointer { rows in
      do throws(TrainingError) {
        try source.read(column: column, rows: rows, into: target)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  private static func unsupported(_ column: DataColumn) -> TrainingError {
    TrainingError(
      .data,
      "expected numbers in column '\(column.name)', got elements of type \(column.dataType)")
  }
}
