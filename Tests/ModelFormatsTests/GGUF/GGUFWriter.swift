/// Writes GGUF files, right ones and wrong ones, for tests.
struct GGUFWriter {
  var version: UInt32 = 3
  var keyCount: UInt64 = 0
  var tensorCount: UInt64 = 0
  var keys: [UInt8] = []
  var tensors: [UInt8] = []
  var data: [UInt8] = []
  var alignment = 32

  static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
  static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }
  static func string(_ text: [UInt8]) -> [UInt8] { bytes(UInt64(text.count)) + text }

  /// A value of a type, by its bytes.
  mutating func key(_ name: String, type: UInt32, _ value: [UInt8]) {
    keyCount += 1
    keys += Self.string(name) + Self.bytes(type) + value
  }

  /// An array's bytes.
  static func array(type: UInt32, count: UInt64, _ elements: [UInt8]) -> [UInt8] {
    bytes(type) + bytes(count) + elements
  }

  /// A tensor, innermost size first.
  mutating func tensor(_ name: String, sizes: [UInt64], type: UInt32 = 0, offset: UInt64 = 0) {
    tensor(name, dimensions: UInt32(sizes.count), sizes: sizes, type: type, offset: offset)
  }
  mutating func tensor(
    _ name: String, dimensions: UInt32, sizes: [UInt64], type: UInt32, offset: UInt64
  ) {
    tensorCount += 1
    tensors += Self.string(name) + Self.bytes(dimensions) + sizes.flatMap { Self.bytes($0) }
    tensors += Self.bytes(type) + Self.bytes(offset)
  }

  var file: [UInt8] {
    var file = Array("GGUF".utf8) + Self.bytes(version) + Self.bytes(tensorCount)
    file += Self.bytes(keyCount) + keys + tensors
    while file.count % alignment != 0 { file.append(0) }
    return file + data
  }
}
