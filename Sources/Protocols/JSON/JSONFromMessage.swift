internal import JSON

/// Writes a message of the wire format as JSON, guided by a schema, in the way Triton writes model
/// configurations: names as in the .proto file, fields without a value too (but for messages and
/// alternatives), 64-bit integers as numbers.
struct JSONFromMessage {
  private let schema: MessageSchema

  init(schema: MessageSchema) {
    self.schema = schema
  }

  func object(
    _ bytes: ArraySlice<UInt8>, _ type: String, depth: Int = 0
  ) throws(ProtobufError) -> JSONValue {
    guard depth <= ProtobufReader.depthMax else {
      throw ProtobufError(.tooDeep, "expected at most \(ProtobufReader.depthMax) nested messages")
    }
    var found: [Int: [ProtobufReader.Field]] = [:]
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() { found[field.number, default: []].append(field) }
    var members: [JSONValue.Member] = []
    let fields = (schema.messages[type] ?? [:]).values.sorted { $0.number < $1.number }
    for field in fields {
      if let value = try value(field, found[field.number] ?? [], depth: depth) {
        members.append(JSONValue.Member(field.name, value))
      }
    }
    return .object(members)
  }

  private func value(
    _ field: MessageSchema.Field, _ occurrences: [ProtobufReader.Field], depth: Int
  ) throws(ProtobufError) -> JSONValue? {
    if field.isRepeated { return try list(field, occurrences, depth: depth) }
    guard let last = occurrences.last else {
      return field.kind == .message || field.oneof != nil ? nil : empty(field)
    }
    guard field.kind == .message else { return try scalar(field, last) }
    // A message sent in parts is one.
    var whole: [UInt8] = []
    for part in occurrences { whole += try part.slice() }
    return try object(whole[...], field.typeName, depth: depth + 1)
  }

  private func list(
    _ field: MessageSchema.Field, _ occurrences: [ProtobufReader.Field], depth: Int
  ) throws(ProtobufError) -> JSONValue {
    if schema.mapEntries.contains(field.typeName) {
      return try map(field, occurrences, depth: depth)
    }
    var elements: [JSONValue] = []
    for occurrence in occurrences {
      if field.kind == .message {
        elements.append(try object(try occurrence.slice(), field.typeName, depth: depth + 1))
      } else if let width = Self.packedWidth(field.kind), occurrence.wireType == .bytes {
        elements += try packed(field, occurrence, width: width)
      } else {
        elements.append(try scalar(field, occurrence))
      }
    }
    return .array(elements)
  }

  private func map(
    _ field: MessageSchema.Field, _ occurrences: [ProtobufReader.Field], depth: Int
  ) throws(ProtobufError) -> JSONValue {
    var members: [String: JSONValue] = [:]
    for occurrence in occurrences {
      guard
        case .object(let entry) = try object(
          try occurrence.slice(), field.typeName, depth: depth + 1)
      else { continue }
      var name = ""
      var value = JSONValue.object([])
      for part in entry {
        switch (part.name, part.value) {
        case ("key", .string(let text)): name = text
        case ("key", .integer(let number)): name = String(number)
        case ("key", .bool(let flag)): name = String(flag)
        default: value = part.value
        }
      }
      members[name] = value
    }
    return .object(members.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, $0.value) })
  }

  /// Bytes of one packed element; 0 for varints, nil for what is never packed.
  private static func packedWidth(_ kind: MessageSchema.Kind) -> Int? {
    switch kind {
    case .double: 8
    case .float: 4
    case .int32, .int64, .uint32, .uint64, .bool, .enumeration: 0
    default: nil
    }
  }

  private func packed(
    _ field: MessageSchema.Field, _ occurrence: ProtobufReader.Field, width: Int
  ) throws(ProtobufError) -> [JSONValue] {
    var elements: [JSONValue] = []
    guard width > 0 else {
      try occurrence.appendVarints { elements.append(varint(field, $0)) }
      return elements
    }
    let bytes = try occurrence.fixedElements(width: width)
    bytes.withUnsafeBytes { raw in
      for offset in stride(from: 0, to: raw.count, by: width) {
        elements.append(
          width == 4
            ? Self.float(raw.loadUnaligned(fromByteOffset: offset, as: Float.self))
            : .real(raw.loadUnaligned(fromByteOffset: offset, as: Double.self)))
      }
    }
    return elements
  }

  private func scalar(
    _ field: MessageSchema.Field, _ occurrence: ProtobufReader.Field
  ) throws(ProtobufError) -> JSONValue {
    switch field.kind {
    case .string: .string(try occurrence.string())
    case .float: Self.float(try occurrence.float())
    case .double: .real(try occurrence.double())
    case .int32, .int64, .uint32, .uint64, .bool, .enumeration:
      varint(field, try occurrence.uint64())
    default: .null
    }
  }

  private func varint(_ field: MessageSchema.Field, _ bits: UInt64) -> JSONValue {
    switch field.kind {
    case .bool: return .bool(bits != 0)
    case .int32: return .integer(Int64(Int32(truncatingIfNeeded: bits)))
    case .uint32: return .integer(Int64(UInt32(truncatingIfNeeded: bits)))
    case .enumeration:
      let number = Int32(truncatingIfNeeded: bits)
      let name = schema.enumerations[field.typeName]?.first { $0.value == number }?.key
      return name.map(JSONValue.string) ?? .integer(Int64(number))
    case .uint64: return Int64(exactly: bits).map(JSONValue.integer) ?? .unsigned(bits)
    default: return .integer(Int64(bitPattern: bits))
    }
  }

  /// The shortest decimal that is this float, not that of the double it becomes.
  private static func float(_ value: Float) -> JSONValue {
    .real(Double(value.description) ?? Double(value))
  }

  private func empty(_ field: MessageSchema.Field) -> JSONValue {
    switch field.kind {
    case .string: .string("")
    case .float, .double: .real(0)
    case .bool: .bool(false)
    default: varint(field, 0)
    }
  }
}
