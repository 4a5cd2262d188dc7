/// An array as NumPy stores it in a .npy file, in the terms of the Open Inference Protocol.
///
/// Source: NumPy's own description of its format, versions 1.0 to 3.0.
public struct NumpyArray: Sendable, Equatable {
  /// An Open Inference Protocol datatype, e.g. `FP32`, or `BYTES` for text.
  public var datatype: String
  /// Sizes of the dimensions, outermost first; empty for a single number.
  public var shape: [Int]
  /// Little-endian, row-major elements; BYTES elements each follow their 4-byte length.
  public var bytes: [UInt8]

  /// An array of `bytes`, which are taken as they are.
  public init(datatype: String, shape: [Int], bytes: [UInt8]) {
    self.datatype = datatype
    self.shape = shape
    self.bytes = bytes
  }
}

extension NumpyArray {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Reads a .npy file.
  public init(npy file: ArraySlice<UInt8>) throws(NumpyError) {
    let header = try NumpyHeader(file)
    let type = try NumpyType(descriptor: header.descriptor)
    var data = Array(header.data)
    let count = try Self.elementCount(header.shape)
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: type.byteCount)
    guard !overflow, data.count == byteCount else {
      throw NumpyError(
        .wrongByteCount,
        "a \(header.descriptor) array of shape \(header.shape) has"
          + " \(overflow ? "too many" : String(byteCount)) bytes, got \(data.count)")
    }
    if header.isFortranOrder {
      data = Self.rowMajor(data, shape: header.shape, elementByteCount: type.byteCount)
    }
    type.makeLittleEndian(&data)
    self.init(
      datatype: type.datatype, shape: header.shape,
      bytes: type.isText ? type.bytesElements(data) : data)
  }

  static func elementCount(_ shape: [Int]) throws(NumpyError) -> Int {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else {
        throw NumpyError(.malformed, "expected a shape that memory can hold, got \(shape)")
      }
      count = product
    }
    return count
  }

  private static func rowMajor(
    _ data: [UInt8], shape: [Int], elementByteCount size: Int
  ) -> [UInt8] {
    var strides: [Int] = []
    var stride = size
    for length in shape {
      strides.append(stride)
      stride *= length
    }
    var result: [UInt8] = []
    result.reserveCapacity(data.count)
    var index = [Int](repeating: 0, count: shape.count)
    for _ in 0..<(size == 0 ? 0 : data.count / size) {
      let start = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
      result.append(contentsOf: data[start..<start + size])
      for axis in shape.indices.reversed() {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
      }
    }
    return result
  }

  /// The array as a .npy file, version 1.0. BYTES become fixed-width byte strings (`|S`), as NumPy
  /// has no others: trailing NULs are lost.
  public func npy() throws(NumpyError) -> [UInt8] {
    let (descriptor, data) = try NumpyType.encode(self)
    let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    let text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(sizes)), }"
    // The header is padded so that the data begin at a multiple of 64.
    let unpadded = Self.magic.count + 4 + text.utf8.count + 1
    let padding = (64 - unpadded % 64) % 64
    let length = text.utf8.count + padding + 1
    var file = Self.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
    file += Array(text.utf8) + [UInt8](repeating: 0x20, count: padding) + [0x0A]
    return file + data
  }
}
