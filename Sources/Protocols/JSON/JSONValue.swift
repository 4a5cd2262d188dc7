internal import CJansson
internal import Glibc

/// A JSON text as a value. Objects keep the order of their members.
public enum JSONValue: Sendable, Hashable {
  /// One member of an object.
  public struct Member: Sendable, Hashable {
    /// The name.
    public var name: String
    /// The value.
    public var value: JSONValue

    /// A member by its parts.
    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number without fraction and exponent.
  case integer(Int64)
  /// Any other number.
  case real(Double)
  /// A text.
  case string(String)
  /// A list.
  case array([JSONValue])
  /// Members with different names.
  case object([Member])
}

/// A text that is not JSON, or not what was expected of it.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence with the place.
  public var message: String

  /// An error with its sentence.
  public init(_ message: String) {
    self.message = message
  }

  /// The sentence.
  public var description: String { message }
}

extension JSONValue {
  /// Nested deeper than this, a text is refused.
  public static let depthMax = 64

  /// Reads one text; a name that occurs twice in an object is refused.
  public init(parsing text: ArraySlice<UInt8>) throws(JSONError) {
    var error = json_error_t()
    let root = text.withUnsafeBytes { bytes in
      json_loadb(
        bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count,
        Int(JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL), &error)
    }
    guard let root else {
      throw JSONError(
        "line \(error.line), column \(error.column): expected JSON, got something else")
    }
    defer { json_decref(root) }
    self = try Self.value(root, depth: 0)
  }

  private static func value(
    _ json: UnsafeMutablePointer<json_t>, depth: Int
  ) throws(JSONError) -> JSONValue {
    guard depth <= depthMax else {
      throw JSONError("expected at most \(depthMax) nested values, got more")
    }
    switch json.pointee.type {
    case JSON_TRUE: return .bool(true)
    case JSON_FALSE: return .bool(false)
    case JSON_INTEGER: return .integer(json_integer_value(json))
    case JSON_REAL: return .real(json_real_value(json))
    case JSON_STRING: return .string(text(json_string_value(json), json_string_length(json)))
    case JSON_ARRAY:
      var elements: [JSONValue] = []
      for index in 0..<json_array_size(json) {
        if let element = json_array_get(json, index) {
          elements.append(try value(element, depth: depth + 1))
        }
      }
      return .array(elements)
    case JSON_OBJECT:
      var members: [Member] = []
      var iterator = json_object_iter(json)
      while let member = iterator {
        if let element = json_object_iter_value(member) {
          members.append(
            Member(
              text(json_object_iter_key(member), json_object_iter_key_len(member)),
              try value(element, depth: depth + 1)))
        }
        iterator = json_object_iter_next(json, member)
      }
      return .object(members)
    default: return .null
    }
  }

  /// The library has checked that it is UTF-8.
  private static func text(_ pointer: UnsafePointer<CChar>?, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: pointer, count: count), as: UTF8.self)
  }

  /// The text, without spaces. A number that JSON can't say becomes the text that protobuf uses.
  public func serialized() -> [UInt8] {
    guard let json = makeJSON() else { return [] }
    defer { json_decref(json) }
    // 17 digits tell every double from its neighbours.
    let flags = Int(JSON_COMPACT | JSON_ENCODE_ANY) | 17 << 11
    guard let text = json_dumps(json, flags) else { return [] }
    defer { free(text) }
    return Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
  }

  private func makeJSON() -> UnsafeMutablePointer<json_t>? {
    switch self {
    case .null: return json_null()
    case .bool(let value): return value ? json_true() : json_false()
    case .integer(let value): return json_integer(value)
    case .real(let value):
      guard value.isFinite else {
        return JSONValue.string(
          value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity"
        ).makeJSON()
      }
      return json_real(value)
    case .string(let value):
      return value.withCString { json_stringn($0, value.utf8.count) }
    case .array(let elements):
      let array = json_array()
      for element in elements { json_array_append_new(array, element.makeJSON()) }
      return array
    case .object(let members):
      let object = json_object()
      for member in members {
        _ = member.name.withCString {
          json_object_setn_new(object, $0, member.name.utf8.count, member.value.makeJSON())
        }
      }
      return object
    }
  }
}
