extension Inference {
  /// Typed tensor elements, row-major; at most one of the lists is meant to have elements. Narrow
  /// integers travel widened to 32 bits.
  public struct InferTensorContents: Sendable, Hashable {
    /// BOOL.
    public var boolContents: [Bool] = []
    /// INT8, INT16 and INT32.
    public var intContents: [Int32] = []
    /// INT64.
    public var int64Contents: [Int64] = []
    /// UINT8, UINT16 and UINT32.
    public var uintContents: [UInt32] = []
    /// UINT64.
    public var uint64Contents: [UInt64] = []
    /// FP32.
    public var fp32Contents: [Float] = []
    /// FP64.
    public var fp64Contents: [Double] = []
    /// BYTES, one entry an element: views into the message.
    public var bytesContents: [ArraySlice<UInt8>] = []

    /// Contents without an element.
    public init() {}
  }
}

extension Inference.InferTensorContents {
  /// Reads the lists, appending to what is there: that is how protobuf merges a field sent twice.
  mutating func merge(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) {
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 1: try field.appendVarints { boolContents.append($0 != 0) }
      case 2: try field.appendVarints { intContents.append(Int32(truncatingIfNeeded: $0)) }
      case 3: try field.appendInt64s(to: &int64Contents)
      case 4: try field.appendVarints { uintContents.append(UInt32(truncatingIfNeeded: $0)) }
      case 5: try field.appendVarints { uint64Contents.append($0) }
      case 6: fp32Contents.append(contentsOf: try Self.load(field, Float.self))
      case 7: fp64Contents.append(contentsOf: try Self.load(field, Double.self))
      case 8: bytesContents.append(try field.slice())
      default: break
      }
    }
  }

  // Both sides of the wire are little-endian on every machine that we support.
  private static func load<T: BitwiseCopyable>(
    _ field: ProtobufReader.Field, _: T.Type
  ) throws(ProtobufError) -> [T] {
    let elements = try field.fixedElements(width: MemoryLayout<T>.size)
    return elements.withUnsafeBytes { raw in
      (0..<raw.count / MemoryLayout<T>.size).map {
        raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self)
      }
    }
  }

  func write(to writer: inout ProtobufWriter) {
    packed(1, boolContents, &writer) { $0 ? 1 : 0 }
    packed(2, intContents, &writer) { UInt64(bitPattern: Int64($0)) }
    writer.field(3, packed: int64Contents)
    packed(4, uintContents, &writer) { UInt64($0) }
    packed(5, uint64Contents, &writer) { $0 }
    if !fp32Contents.isEmpty {
      fp32Contents.withUnsafeBytes { writer.field(6, rawBytes: $0) }
    }
    if !fp64Contents.isEmpty {
      fp64Contents.withUnsafeBytes { writer.field(7, rawBytes: $0) }
    }
    for element in bytesContents { writer.field(8, bytes: element) }
  }

  private func packed<T>(
    _ number: Int, _ values: [T], _ writer: inout ProtobufWriter, _ bits: (T) -> UInt64
  ) {
    guard !values.isEmpty else { return }
    writer.message(number) { list in
      for value in values { list.varint(bits(value)) }
    }
  }
}
