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
  /// One beyond those that only fits without a sign.
  case unsigned(UInt64)
  /// Any other number.
  case real(Double)
  /// A text.
  case string(String)
  /// A list.
  case array([JSONValue])
  /// Members with different names.
  case object([Member])
  /// A list that the parser was told to leave alone: its place in the text.
  case elements(Range<Int>)
}

extension JSONValue {
  /// Reads one text; a name that occurs twice in an object is refused.
  public init(parsing text: ArraySlice<UInt8>) throws(JSONError) {
    self = try JSONParser().parse(JSONText(Array(text)))
  }

  /// The text, without spaces. A number that JSON can't say becomes the text that protobuf uses.
  public func serialized() -> [UInt8] {
    var writer = JSONWriter()
    writer.value(self)
    return writer.bytes
  }

  /// The value of an object's member, or nil.
  public subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// What kind of value it is, for errors.
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer, .unsigned, .real: "a number"
    case .string: "a text"
    case .array, .elements: "a list"
    case .object: "an object"
    }
  }
}
