/// What a .npy file says before its data: a Python dictionary with three keys.
package struct NumpyHeader {
  /// The element type as NumPy writes it, e.g. `<f4`.
  package var descriptor: String
  /// Whether the first index runs fastest.
  package var isFortranOrder: Bool
  /// Sizes of the dimensions, outermost first.
  package var shape: [Int]
  /// What follows.
  package var data: ArraySlice<UInt8>

  private static let dimensionsMax = 32

  /// Reads the beginning of a .npy file.
  package init(_ file: ArraySlice<UInt8>) throws(NumpyError) {
    guard file.starts(with: NumpyArray.magic), file.count >= 10 else {
      throw NumpyError(
        .malformed, "expected a .npy file, got \(file.count) bytes without its magic")
    }
    let version = file[file.startIndex + 6]
    let lengthByteCount = version == 1 ? 2 : 4
    var cursor = file.startIndex + 8
    guard (1...3).contains(version), file.endIndex - cursor >= lengthByteCount else {
      throw NumpyError(.malformed, "expected .npy version 1 to 3, got \(version)")
    }
    var length = 0
    for i in 0..<lengthByteCount { length |= Int(file[cursor + i]) << (8 * i) }
    cursor += lengthByteCount
    guard length <= file.endIndex - cursor else {
      throw NumpyError(
        .malformed, "the header has \(length) bytes but only \(file.endIndex - cursor) are left")
    }
    let text = Substring(decoding: file[cursor..<cursor + length], as: UTF8.self)
    data = file[(cursor + length)...]
    descriptor = try Self.quoted(after: "'descr':", in: text)
    isFortranOrder = try Self.rest(after: "'fortran_order':", in: text).hasPrefix("True")
    shape = try Self.tuple(after: "'shape':", in: text)
  }

  private static func rest(after key: String, in text: Substring) throws(NumpyError) -> Substring {
    guard let range = text.firstRange(of: key) else {
      throw NumpyError(.malformed, "expected \(key) in the .npy header")
    }
    return text[range.upperBound...].drop { $0 == " " }
  }

  private static func quoted(after key: String, in text: Substring) throws(NumpyError) -> String {
    let value = try rest(after: key, in: text)
    guard value.first == "'" else {
      throw NumpyError(
        .unsupportedType, "expected one element type, got a record of several fields")
    }
    return String(value.dropFirst().prefix { $0 != "'" })
  }

  private static func tuple(after key: String, in text: Substring) throws(NumpyError) -> [Int] {
    let value = try rest(after: key, in: text)
    guard value.first == "(", let end = value.firstIndex(of: ")") else {
      throw NumpyError(.malformed, "expected a tuple for \(key)")
    }
    var shape: [Int] = []
    for part in value[..<end].dropFirst().split(separator: ",") {
      let digits = part.filter { $0 != " " }
      if digits.isEmpty { continue }
      guard let size = Int(digits), size >= 0, shape.count < dimensionsMax else {
        throw NumpyError(
          .malformed, "expected at most \(dimensionsMax) sizes of 0 or more in the shape")
      }
      shape.append(size)
    }
    return shape
  }
}
