/// The part of protobuf descriptors that reading and writing text needs: fields by name, per message.
public struct MessageSchema: Sendable {
  /// Numbers of google.protobuf.FieldDescriptorProto.Type.
  public enum Kind: Int, Sendable {
    /// Number 1; the others follow in their order.
    case double = 1
    /// Scalars, messages and groups.
    case float, int64, uint64, int32, fixed64, fixed32, bool, string, group, message, bytes
    /// The rest of them.
    case uint32, enumeration, sfixed32, sfixed64, sint32, sint64
  }

  /// One field of a message.
  public struct Field: Sendable {
    /// As the .proto file spells it.
    public var name = ""
    /// On the wire.
    public var number = 0
    /// A list, or a map.
    public var isRepeated = false
    /// Of its value, or of each.
    public var kind = Kind.message
    /// The message or enumeration, with a leading dot.
    public var typeName = ""
    /// Which group of alternatives it belongs to.
    public var oneof: Int?
  }

  /// Fields by name, by the message's full name with a leading dot.
  public private(set) var messages: [String: [String: Field]] = [:]
  /// Numbers by name, by the enumeration's full name with a leading dot.
  public private(set) var enumerations: [String: [String: Int32]] = [:]
  /// Messages that are an entry of a map: their fields are `key` and `value`.
  public private(set) var mapEntries: Set<String> = []

  /// The schema of the inference protocol, with that of a model's configuration.
  public static let inference: MessageSchema = {
    var schema = MessageSchema()
    for file in FileDescriptors.all where file.name.hasPrefix("inference/") {
      // These bytes are ours, made by protoc: they can't be wrong.
      try! schema.addFile(file.bytes[...])
    }
    precondition(schema.messages[".inference.ModelConfig"] != nil, "descriptor is missing")
    return schema
  }()

  // Field numbers below are those of google/protobuf/descriptor.proto.
  private mutating func addFile(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) {
    var package = ""
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 2: package = "." + (try field.string())
      case 4: try addMessage(try field.slice(), scope: package)
      case 5: try addEnumeration(try field.slice(), scope: package)
      default: break
      }
    }
  }

  private mutating func addMessage(
    _ bytes: ArraySlice<UInt8>, scope: String
  ) throws(ProtobufError) {
    var fields: [String: Field] = [:]
    var nested: [(Bool, ArraySlice<UInt8>)] = []
    var name = ""
    var isMapEntry = false
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try field.string()
      case 2:
        let parsed = try Self.field(try field.slice())
        fields[parsed.name] = parsed
      case 3: nested.append((true, try field.slice()))
      case 4: nested.append((false, try field.slice()))
      case 7: isMapEntry = try Self.isMapEntry(options: try field.slice())
      default: break
      }
    }
    let fullName = scope + "." + name
    messages[fullName] = fields
    if isMapEntry { mapEntries.insert(fullName) }
    for (isMessage, bytes) in nested {
      if isMessage {
        try addMessage(bytes, scope: fullName)
      } else {
        try addEnumeration(bytes, scope: fullName)
      }
    }
  }

  private static func isMapEntry(
    options bytes: ArraySlice<UInt8>
  ) throws(ProtobufError) -> Bool {
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      if field.number == 7 { return try field.bool() }
    }
    return false
  }

  private static func field(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) -> Field {
    var result = Field()
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 1: result.name = try field.string()
      case 3: result.number = Int(try field.int32())
      case 4: result.isRepeated = try field.int32() == 3
      case 5: result.kind = Kind(rawValue: Int(try field.int32())) ?? .message
      case 6: result.typeName = try field.string()
      case 9: result.oneof = Int(try field.int32())
      default: break
      }
    }
    return result
  }

  private mutating func addEnumeration(
    _ bytes: ArraySlice<UInt8>, scope: String
  ) throws(ProtobufError) {
    var name = ""
    var values: [String: Int32] = [:]
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try field.string()
      case 2:
        var valueName = ""
        var number: Int32 = 0
        var value = ProtobufReader(try field.slice())
        while let part = try value.next() {
          if part.number == 1 { valueName = try part.string() }
          if part.number == 2 { number = try part.int32() }
        }
        values[valueName] = number
      default: break
      }
    }
    enumerations[scope + "." + name] = values
  }
}
