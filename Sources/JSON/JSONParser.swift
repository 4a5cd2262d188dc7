internal import CSimdjson

/// A text in memory that a parser may read past, as it does to be fast.
public struct JSONText: Sendable {
  private(set) var bytes: [UInt8]
  /// Bytes of the text.
  public let count: Int

  /// Takes a text over.
  public init(_ text: consuming [UInt8]) {
    count = text.count
    text.append(contentsOf: repeatElement(0, count: MARTLET_JSON_PADDING))
    bytes = text
  }

  /// The line and column of an offset, counted from one; nil for an offset that is not in it.
  func place(at offset: Int) -> (line: Int, column: Int)? {
    guard offset >= 0, offset <= count else { return nil }
    let before = bytes[..<offset]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return (line, offset - start + 1)
  }

  func withPointer<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    bytes.withUnsafeBufferPointer { buffer in
      buffer.withMemoryRebound(to: CChar.self) { body($0.baseAddress!) }
    }
  }
}

/// Reads JSON with libsimdjson: the structure of a text into values, the elements of its tensors
/// into bytes. Keeps memory between texts; one for each thread.
public final class JSONParser {
  private let parser: OpaquePointer
  private let limits: JSONLimits

  /// Texts above this size leave no memory behind.
  private static let keptByteCountMax = 1 << 20

  /// A parser that has read nothing.
  public init(limits: JSONLimits = JSONLimits()) {
    parser = martlet_json_parser_new()
    self.limits = limits
  }

  deinit {
    martlet_json_parser_free(parser)
  }

  /// Reads a text. Arrays that are members named `elementsKey` are not looked into; see ``elements(_:in:as:byteCountMax:)``.
  public func parse(
    _ text: JSONText, leavingArraysNamed elementsKey: String = ""
  ) throws(JSONError) -> JSONValue {
    defer { shrink(after: text.count) }
    return try text.withPointer { base in
      var nodes: UnsafePointer<martlet_json_node>?
      var count = 0
      let status = martlet_json_parse(
        parser, base, text.count, limits.depthMax, limits.valuesMax, elementsKey, &nodes, &count)
      guard status == MARTLET_JSON_OK else {
        return Result<JSONValue, JSONError>.failure(
          JSONError(status, limits, place: text.place(at: martlet_json_error_offset(parser))))
      }
      var reader = NodeReader(
        nodes: UnsafeBufferPointer(start: nodes, count: count), base: UnsafeRawPointer(base))
      do throws(JSONError) { return .success(try reader.next()) } catch { return .failure(error) }
    }.get()
  }

  /// The elements of an array that ``parse(_:leavingArraysNamed:)`` left alone, and of arrays in
  /// it, as a tensor has them in memory. Errors name the index of the element.
  public func elements(
    _ range: Range<Int>, in text: JSONText, as type: JSONElementType, byteCountMax: Int
  ) throws(JSONError) -> JSONElements {
    precondition(range.upperBound <= text.count, "an array of another text")
    defer { shrink(after: range.count) }
    var elements = martlet_json_elements()
    elements.byte_count_max = max(0, byteCountMax)
    let status = text.withPointer { base in
      martlet_json_read_elements(
        parser, base + range.lowerBound, range.count, limits.depthMax, type.raw, &elements)
    }
    let result = JSONElements(elements)
    switch status {
    case MARTLET_JSON_OK: return result
    case MARTLET_JSON_WRONG_TYPE:
      throw JSONError(
        .wrongType, "element \(result.count): expected \(type.expectation), got another value")
    case MARTLET_JSON_OUT_OF_RANGE:
      throw JSONError(
        .outOfRange, "element \(result.count): expected \(type.expectation), got one beyond it")
    case MARTLET_JSON_TOO_LARGE:
      throw JSONError(.tooLarge, "expected at most \(byteCountMax) bytes of elements, got more")
    default: throw JSONError(status, limits)
    }
  }

  private func shrink(after byteCount: Int) {
    if byteCount > Self.keptByteCountMax { martlet_json_parser_shrink(parser) }
  }
}

/// Makes values of a list of nodes.
private struct NodeReader {
  let nodes: UnsafeBufferPointer<martlet_json_node>
  let base: UnsafeRawPointer
  private var index = 0

  init(nodes: UnsafeBufferPointer<martlet_json_node>, base: UnsafeRawPointer) {
    self.nodes = nodes
    self.base = base
  }

  mutating func next() throws(JSONError) -> JSONValue {
    let node = nodes[index]
    index += 1
    switch node.kind {
    case MARTLET_JSON_NULL: return .null
    case MARTLET_JSON_FALSE: return .bool(false)
    case MARTLET_JSON_TRUE: return .bool(true)
    case MARTLET_JSON_NUMBER: return try number(text(node))
    case MARTLET_JSON_STRING: return .string(text(node))
    case MARTLET_JSON_RAW_ARRAY:
      let start = UnsafeRawPointer(node.text!) - base
      return .elements(start..<start + node.count)
    case MARTLET_JSON_ARRAY:
      var values: [JSONValue] = []
      for _ in 0..<node.count { values.append(try next()) }
      return .array(values)
    default: return .object(try members(count: node.count))
    }
  }

  private mutating func members(count: Int) throws(JSONError) -> [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    var names: Set<CodeUnits> = []
    for _ in 0..<count {
      let name = text(nodes[index])
      index += 1
      guard names.insert(CodeUnits(text: name)).inserted else {
        throw JSONError(
          .duplicateName, "expected each name once in an object, got '\(name.prefix(64))' twice")
      }
      members.append(JSONValue.Member(name, try next()))
    }
    return members
  }

  /// Integers are exact, and a number that no type holds is refused rather than rounded to infinity.
  private func number(_ text: String) throws(JSONError) -> JSONValue {
    if text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || $0 >= 0x30 && $0 <= 0x39 }) {
      if let value = Int64(text) { return .integer(value) }
      if let value = UInt64(text) { return .unsigned(value) }
      throw JSONError(.outOfRange, "expected integers of at most 64 bits, got a larger one")
    }
    guard let value = Double(text), value.isFinite else {
      throw JSONError(.outOfRange, "expected numbers that fit a double, got a larger one")
    }
    return .real(value)
  }

  private func text(_ node: martlet_json_node) -> String {
    String(
      decoding: UnsafeRawBufferPointer(start: node.text, count: node.count), as: UTF8.self)
  }
}

/// A name as RFC 8259 compares it: by code units. `String` finds "é" in one scalar and in two equal,
/// which are two names, and in vocabularies two tokens.
private struct CodeUnits: Hashable {
  let text: String

  static func == (left: Self, right: Self) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
