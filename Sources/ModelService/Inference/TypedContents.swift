internal import Compute
internal import Protocols
internal import RPC

/// Turns typed elements into the raw form that everything behind the check works with.
enum TypedContents {
  /// The elements as little-endian bytes, or framed for BYTES; the list used must be the one of
  /// the datatype, and narrow integers must fit.
  static func raw(
    _ contents: Inference.InferTensorContents, _ type: DataType, elementCount: Int,
    input: String, model: String
  ) throws(RPCError) -> [UInt8] {
    let lists = counts(contents)
    guard let wanted = listName(type) else {
      throw .invalid(
        "\(type.oipName) datatype must use raw_input_contents for input '\(input)' for model "
          + "'\(model)'")
    }
    for (name, count) in lists where count > 0 && name != wanted {
      throw .invalid(
        "expected \(wanted) for input '\(input)' of datatype \(type.oipName) for model "
          + "'\(model)', got \(name)")
    }
    let count = lists.first { $0.0 == wanted }?.1 ?? 0
    guard count == elementCount else {
      throw .invalid(
        "unexpected number of elements in \(wanted) for input '\(input)' for model '\(model)'. "
          + "Expected \(elementCount), got \(count)")
    }
    let bytes: [UInt8]?
    switch type {
    case .bool: bytes = contents.boolContents.map { $0 ? 1 : 0 }
    case .int8: bytes = narrow(contents.intContents, Int8.self)
    case .int16: bytes = narrow(contents.intContents, Int16.self)
    case .int32: bytes = plain(contents.intContents)
    case .int64: bytes = plain(contents.int64Contents)
    case .uint8: bytes = narrow(contents.uintContents, UInt8.self)
    case .uint16: bytes = narrow(contents.uintContents, UInt16.self)
    case .uint32: bytes = plain(contents.uintContents)
    case .uint64: bytes = plain(contents.uint64Contents)
    case .fp32: bytes = plain(contents.fp32Contents)
    case .fp64: bytes = plain(contents.fp64Contents)
    case .string: bytes = framed(contents.bytesContents)
    default: bytes = nil
    }
    guard let bytes else {
      throw .invalid(
        "expected elements that fit \(type.oipName) for input '\(input)' for model '\(model)', got "
          + "others")
    }
    return bytes
  }

  private static func listName(_ type: DataType) -> String? {
    switch type {
    case .bool: "bool_contents"
    case .int8, .int16, .int32: "int_contents"
    case .int64: "int64_contents"
    case .uint8, .uint16, .uint32: "uint_contents"
    case .uint64: "uint64_contents"
    case .fp32: "fp32_contents"
    case .fp64: "fp64_contents"
    case .string: "bytes_contents"
    default: nil
    }
  }

  private static func counts(_ contents: Inference.InferTensorContents) -> [(String, Int)] {
    [
      ("bool_contents", contents.boolContents.count),
      ("int_contents", contents.intContents.count),
      ("int64_contents", contents.int64Contents.count),
      ("uint_contents", contents.uintContents.count),
      ("uint64_contents", contents.uint64Contents.count),
      ("fp32_contents", contents.fp32Contents.count),
      ("fp64_contents", contents.fp64Contents.count),
      ("bytes_contents", contents.bytesContents.count),
    ]
  }

  // Every machine that we support is little-endian.
  private static func plain<Element: BitwiseCopyable>(_ elements: [Element]) -> [UInt8] {
    elements.withUnsafeBytes { Array($0) }
  }

  private static func narrow<Wide: BinaryInteger, Narrow: FixedWidthInteger & BitwiseCopyable>(
    _ elements: [Wide], _: Narrow.Type
  ) -> [UInt8]? {
    var narrowed: [Narrow] = []
    narrowed.reserveCapacity(elements.count)
    for element in elements {
      guard let value = Narrow(exactly: element) else { return nil }
      narrowed.append(value)
    }
    return plain(narrowed)
  }

  private static func framed(_ elements: [ArraySlice<UInt8>]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(elements.reduce(0) { $0 + $1.count + 4 })
    for element in elements {
      withUnsafeBytes(of: UInt32(element.count).littleEndian) { bytes.append(contentsOf: $0) }
      bytes += element
    }
    return bytes
  }
}
