internal import Compute
internal import Protocols

extension ONNXReader {
  /// What a TensorProto says before its data is looked at.
  private struct Header {
    var name = ""
    var shape: [Int] = []
    var dataType: DataType?
    var raw: ArraySlice<UInt8>?
    /// float_data and double_data, as stored.
    var fixed: [ArraySlice<UInt8>] = []
    /// int32_data, int64_data and uint64_data.
    var integers: [Int64] = []
    var strings: [[UInt8]] = []
    var external: [String: String] = [:]
    var isExternal = false
  }

  /// TensorProto: its name and its value in aligned memory.
  func tensor(_ bytes: ArraySlice<UInt8>) throws(ONNXError) -> (String, Tensor) {
    let header = try header(bytes)
    do {
      return (header.name, try value(header))
    } catch {
      throw error.at("tensor '\(header.name)'")
    }
  }

  private func header(_ bytes: ArraySlice<UInt8>) throws(ONNXError) -> Header {
    var header = Header()
    var dimensions: [Int64] = []
    try fields(of: bytes, "tensor") { field throws(ONNXError) in
      switch field.number {
      case 1: try append(field, to: &dimensions)
      case 2: header.dataType = try ONNXReader.dataType(try integer(field))
      case 3:
        throw ONNXError(code: .unsupported, message: "tensors in segments are not supported")
      case 4: header.fixed.append(try elements(field, width: 4))
      case 5, 7, 11: try append(field, to: &header.integers)
      case 6: header.strings.append(Array(try slice(field)))
      case 8: header.name = try text(field)
      case 9: header.raw = try slice(field)
      case 10: header.fixed.append(try elements(field, width: 8))
      case 13:
        try limit(header.external.count, 16, "entries of external data")
        let (key, value) = try entry(try slice(field))
        header.external[key] = value
      case 14: header.isExternal = try integer(field) == 1
      default: break
      }
    }
    try limit(dimensions.count - 1, limits.rankMax, "dimensions")
    header.shape = dimensions.map { Int($0) }
    return header
  }

  private func value(_ header: Header) throws(ONNXError) -> Tensor {
    guard let dataType = header.dataType else {
      throw ONNXError(code: .malformed, message: "the tensor has no element type")
    }
    if let negative = header.shape.first(where: { $0 < 0 }) {
      throw ONNXError(
        code: .malformed, message: "expected dimensions of at least 0, got \(negative)")
    }
    guard let count = Shape.elementCount(header.shape) else {
      throw ONNXError(
        code: .shapeOverflow, message: "the shape \(Shape.describe(header.shape)) overflows")
    }
    if dataType == .string {
      guard header.raw == nil, !header.isExternal else {
        throw ONNXError(
          code: .malformed, message: "string tensors must be in string_data, got raw bytes")
      }
      try expect(header.strings.count, count, "strings", header)
      return Tensor(strings: header.strings, shape: header.shape)
    }
    guard let byteCount = Shape.byteCount(header.shape, dataType) else {
      throw ONNXError(
        code: .shapeOverflow, message: "the shape \(Shape.describe(header.shape)) overflows")
    }
    if dataType == .int4 || dataType == .uint4 {
      return try nibbles(header, dataType, count)
    }
    if header.isExternal {
      return Tensor(
        dataType: dataType, shape: header.shape,
        storage: try externalData(header.external, byteCount: byteCount))
    }
    if let raw = header.raw {
      try expect(raw.count, byteCount, "bytes", header)
      return Tensor(
        dataType: dataType, shape: header.shape,
        storage: TensorStorage(byteCount: byteCount) { $0.copyBytes(from: raw) })
    }
    if dataType == .fp32 || dataType == .fp64 {
      try expect(header.fixed.reduce(0) { $0 + $1.count }, byteCount, "bytes", header)
      return Tensor(
        dataType: dataType, shape: header.shape,
        storage: TensorStorage(byteCount: byteCount) { target in
          var offset = 0
          for part in header.fixed {
            UnsafeMutableRawBufferPointer(rebasing: target[offset...]).copyBytes(from: part)
            offset += part.count
          }
        })
    }
    try expect(header.integers.count, count, "integers", header)
    return integers(header.integers, dataType, header.shape)
  }

  /// Two elements lie in a byte, the first in its lower half; in memory each has its own.
  private func nibbles(
    _ header: Header, _ dataType: DataType, _ count: Int
  ) throws(ONNXError) -> Tensor {
    guard !header.isExternal else {
      throw ONNXError(code: .unsupported, message: "4-bit tensors must not be external data")
    }
    let packed =
      header.raw.map(Array.init)
      ?? header.integers.map { UInt8(truncatingIfNeeded: $0) }
    try expect(packed.count, (count + 1) / 2, "bytes", header)
    let elements = (0..<count).map { index in
      let bits = (packed[index / 2] >> (index % 2 == 0 ? 0 : 4)) & 0xF
      return dataType == .int4 && bits > 7 ? bits | 0xF0 : bits
    }
    return Tensor(elements, shape: header.shape, dataType: dataType)
  }

  /// Narrows the integers of the typed fields; FP16 and BF16 are stored there as bit patterns.
  private func integers(_ values: [Int64], _ dataType: DataType, _ shape: [Int]) -> Tensor {
    switch dataType.elementByteCount {
    case 1:
      return Tensor(
        values.map { UInt8(truncatingIfNeeded: $0) }, shape: shape, dataType: dataType)
    case 2:
      return Tensor(
        values.map { UInt16(truncatingIfNeeded: $0) }, shape: shape, dataType: dataType)
    case 4:
      return Tensor(
        values.map { UInt32(truncatingIfNeeded: $0) }, shape: shape, dataType: dataType)
    default: return Tensor(values, shape: shape, dataType: dataType)
    }
  }

  private func expect(
    _ found: Int, _ expected: Int, _ unit: String, _ header: Header
  ) throws(ONNXError) {
    guard found == expected else {
      throw ONNXError(
        code: .tensorSizeMismatch,
        message: "the shape \(Shape.describe(header.shape)) of \(header.dataType!) needs "
          + "\(expected) \(unit), got \(found)")
    }
  }
}
