/// The element types of NumPy that are tensor elements too.
package struct NumpyType: Sendable {
  /// An Open Inference Protocol datatype.
  package private(set) var datatype: String
  /// Bytes of one element.
  package private(set) var byteCount: Int
  /// Whether the first byte of a number counts most.
  package private(set) var isBigEndian: Bool
  private var isUnicode = false

  private static let numbers: [(String, String)] = [
    ("b1", "BOOL"), ("i1", "INT8"), ("i2", "INT16"), ("i4", "INT32"), ("i8", "INT64"),
    ("u1", "UINT8"), ("u2", "UINT16"), ("u4", "UINT32"), ("u8", "UINT64"), ("f2", "FP16"),
    ("f4", "FP32"), ("f8", "FP64"),
  ]

  /// Whether elements are texts of one width.
  package var isText: Bool { datatype == "BYTES" }

  /// The type of that name.
  package init(descriptor: String) throws(NumpyError) {
    let order = descriptor.first ?? "?"
    let code = "<>|=".contains(order) ? String(descriptor.dropFirst()) : descriptor
    isBigEndian = order == ">"
    if let number = Self.numbers.first(where: { $0.0 == code }) {
      datatype = number.1
      byteCount = Int(code.dropFirst())!
      return
    }
    guard let kind = code.first, kind == "S" || kind == "U",
      let length = Int(code.dropFirst()), (0...(1 << 24)).contains(length)
    else {
      throw NumpyError(
        .unsupportedType, "expected numbers, booleans or text, got NumPy type '\(descriptor)'")
    }
    datatype = "BYTES"
    isUnicode = kind == "U"
    byteCount = isUnicode ? 4 * length : length
  }

  func makeLittleEndian(_ data: inout [UInt8]) {
    let width = isUnicode ? 4 : byteCount
    guard isBigEndian, width > 1, !isText || isUnicode else { return }
    for start in stride(from: 0, to: data.count, by: width) {
      data[start..<start + width].reverse()
    }
  }

  /// One fixed-width text without its padding.
  package func text(_ element: UnsafeRawBufferPointer) -> String {
    var bytes = Array(element)
    makeLittleEndian(&bytes)
    let text = isUnicode ? Self.utf8(bytes[...]) : bytes
    return String(
      decoding: text[..<(text.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0)], as: UTF8.self)
  }

  /// Fixed-width text without its padding, each element after its length.
  func bytesElements(_ data: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    guard byteCount > 0 else { return result }
    for start in stride(from: 0, to: data.count, by: byteCount) {
      let element = data[start..<start + byteCount]
      let text = isUnicode ? Self.utf8(element) : Array(element)
      let trimmed = text[..<(text.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0)]
      withUnsafeBytes(of: UInt32(trimmed.count).littleEndian) { result.append(contentsOf: $0) }
      result += trimmed
    }
    return result
  }

  private static func utf8(_ element: ArraySlice<UInt8>) -> [UInt8] {
    var text = String.UnicodeScalarView()
    for start in stride(from: element.startIndex, to: element.endIndex, by: 4) {
      let value = (0..<4).reduce(UInt32(0)) { $0 | UInt32(element[start + $1]) << (8 * $1) }
      text.append(Unicode.Scalar(value) ?? "\u{FFFD}")
    }
    return Array(String(text).utf8)
  }

  /// The descriptor and the data of an array.
  static func encode(_ array: NumpyArray) throws(NumpyError) -> (String, [UInt8]) {
    if array.datatype == "BYTES" { return try encodeText(array) }
    if array.datatype == "BF16" { return ("<f4", widenBF16(array.bytes)) }
    guard let number = numbers.first(where: { $0.1 == array.datatype }) else {
      throw NumpyError(.unsupportedType, "NumPy has no type for \(array.datatype)")
    }
    return ((number.0.hasSuffix("1") ? "|" : "<") + number.0, array.bytes)
  }

  // NumPy has no bfloat16; every one of them is a float32.
  private static func widenBF16(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count * 2)
    for start in stride(from: 0, to: bytes.count - 1, by: 2) {
      result += [0, 0, bytes[start], bytes[start + 1]]
    }
    return result
  }

  private static func encodeText(_ array: NumpyArray) throws(NumpyError) -> (String, [UInt8]) {
    var elements: [ArraySlice<UInt8>] = []
    var rest = array.bytes[...]
    while !rest.isEmpty {
      guard rest.count >= 4 else {
        throw NumpyError(.malformed, "expected a 4-byte length before a BYTES element")
      }
      let length = (0..<4).reduce(0) { $0 | Int(rest[rest.startIndex + $1]) << (8 * $1) }
      guard length <= rest.count - 4 else {
        throw NumpyError(.malformed, "a BYTES element is longer than its tensor")
      }
      rest = rest.dropFirst(4)
      elements.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    let width = max(elements.map(\.count).max() ?? 0, 1)
    let data = elements.flatMap { $0 + [UInt8](repeating: 0, count: width - $0.count) }
    return ("|S\(width)", data)
  }
}
