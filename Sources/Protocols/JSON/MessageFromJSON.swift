internal import JSON

/// Reads JSON into the wire format, guided by a schema: the mapping of protobuf's documentation, so
/// names may be spelt as in the .proto file or in camel case, 64-bit integers may be texts, and an
/// enumeration's value is its name or its number. Every other name is refused where it stands.
///
/// Not supported, because no schema that is read has them: bytes, groups, well-known types.
struct MessageFromJSON {
  private let schema: MessageSchema

  init(schema: MessageSchema) {
    self.schema = schema
  }

  /// The message's bytes. `path` says where the value stands, for errors.
  func message(_ value: JSONValue, _ type: String, path: String) throws(JSONError) -> [UInt8] {
    guard case .object(let members) = value else {
      throw failure("an object", value, path)
    }
    let fields = schema.messages[type] ?? [:]
    var writer = ProtobufWriter()
    var seen: Set<Int> = []
    var seenOneofs: Set<Int> = []
    for member in members {
      let place = path.isEmpty ? member.name.clipped : "\(path).\(member.name.clipped)"
      guard let field = fields[member.name] ?? fields[Self.snakeCase(member.name)] else {
        throw JSONError("expected a field of \(Self.shortName(type)), got '\(place)'")
      }
      if member.value == .null { continue }
      let isNew =
        seen.insert(field.number).inserted
        && (field.oneof.map { seenOneofs.insert($0).inserted } ?? true)
      guard isNew else {
        throw JSONError("expected '\(place)' (or an alternative to it) once, got it again")
      }
      try self.field(field, member.value, path: place, into: &writer)
    }
    return writer.bytes
  }

  private func field(
    _ field: MessageSchema.Field, _ value: JSONValue, path: String,
    into writer: inout ProtobufWriter
  ) throws(JSONError) {
    guard field.isRepeated else { return try single(field, value, path: path, into: &writer) }
    if schema.mapEntries.contains(field.typeName) {
      return try map(field, value, path: path, into: &writer)
    }
    guard case .array(let elements) = value else { throw failure("a list", value, path) }
    for (index, element) in elements.enumerated() {
      try single(field, element, path: "\(path)[\(index)]", into: &writer)
    }
  }

  private func map(
    _ field: MessageSchema.Field, _ value: JSONValue, path: String,
    into writer: inout ProtobufWriter
  ) throws(JSONError) {
    guard case .object(let members) = value else { throw failure("an object", value, path) }
    guard let entry = schema.messages[field.typeName], let keyField = entry["key"],
      let valueField = entry["value"]
    else { return }
    for member in members {
      let place = "\(path).\(member.name.clipped)"
      var bytes = ProtobufWriter()
      // Names of members are texts, whatever the keys are.
      try single(keyField, .string(member.name), path: place, into: &bytes)
      try single(valueField, member.value, path: place, into: &bytes)
      writer.field(field.number, bytes: bytes.bytes[...])
    }
  }

  private func single(
    _ field: MessageSchema.Field, _ value: JSONValue, path: String,
    into writer: inout ProtobufWriter
  ) throws(JSONError) {
    switch field.kind {
    case .message:
      let bytes = try message(value, field.typeName, path: path)
      writer.field(field.number, bytes: bytes[...])
    case .string:
      guard case .string(let text) = value, !text.utf8.contains(0) else {
        throw failure("a text without NUL", value, path)
      }
      writer.field(field.number, string: text)
    case .bool:
      guard case .bool(let flag) = value else { throw failure("true or false", value, path) }
      writer.field(field.number, bool: flag)
    case .enumeration:
      let values = schema.enumerations[field.typeName] ?? [:]
      let number: Int32? =
        switch value {
        case .string(let name): values[name]
        case .integer(let number): values.values.first { Int64($0) == number }
        default: nil
        }
      guard let number else {
        throw failure("a value of \(Self.shortName(field.typeName))", value, path)
      }
      writer.field(field.number, int64: Int64(number))
    case .int32, .int64: writer.field(field.number, int64: try signed(field.kind, value, path))
    case .uint32, .uint64:
      writer.field(field.number, uint64: try unsigned(field.kind, value, path))
    case .float: writer.field(field.number, float: Float(try number(value, path)))
    case .double: writer.field(field.number, double: try number(value, path))
    default: throw JSONError("'\(path)' can't be written in JSON here")
    }
  }

  private func signed(
    _ kind: MessageSchema.Kind, _ value: JSONValue, _ path: String
  ) throws(JSONError) -> Int64 {
    let number: Int64? =
      switch value {
      case .integer(let number): number
      case .real(let number): Int64(exactly: number)
      case .string(let text): Int64(text)
      default: nil
      }
    guard let number, kind == .int64 || Int32(exactly: number) != nil else {
      throw failure("an integer that fits \(kind)", value, path)
    }
    return number
  }

  private func unsigned(
    _ kind: MessageSchema.Kind, _ value: JSONValue, _ path: String
  ) throws(JSONError) -> UInt64 {
    let number: UInt64? =
      switch value {
      case .integer(let number): UInt64(exactly: number)
      case .unsigned(let number): number
      case .real(let number): UInt64(exactly: number)
      case .string(let text): UInt64(text)
      default: nil
      }
    guard let number, kind == .uint64 || UInt32(exactly: number) != nil else {
      throw failure("an integer that fits \(kind)", value, path)
    }
    return number
  }

  private func number(_ value: JSONValue, _ path: String) throws(JSONError) -> Double {
    switch value {
    case .integer(let number): return Double(number)
    case .unsigned(let number): return Double(number)
    case .real(let number): return number
    case .string("NaN"): return .nan
    case .string("Infinity"): return .infinity
    case .string("-Infinity"): return -.infinity
    default: throw failure("a number", value, path)
    }
  }

  private func failure(_ expected: String, _ value: JSONValue, _ path: String) -> JSONError {
    JSONError(
      "\(path.isEmpty ? "" : "'\(path)': ")expected \(expected), got \(Self.describe(value))")
  }

  private static func describe(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): flag ? "true" : "false"
    case .integer(let number): String(number)
    case .unsigned(let number): String(number)
    case .real(let number): String(number)
    case .string, .array, .object, .elements: value.kind
    }
  }

  static func shortName(_ type: String) -> String {
    String(type.split(separator: ".").last ?? "")
  }

  private static func snakeCase(_ name: String) -> String {
    var result = ""
    for scalar in name.unicodeScalars {
      if ("A"..."Z").contains(scalar) {
        result += "_" + String(scalar).lowercased()
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension String {
  /// The text as errors repeat it.
  fileprivate var clipped: String { utf8.count <= 64 ? self : String(prefix(32)) + "…" }
}
