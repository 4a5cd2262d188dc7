internal import JSON

extension JSONSchemaCompiler {
  mutating func object(_ schema: JSONValue, _ path: String) throws(GrammarError)
    -> GrammarExpression
  {
    var properties: [JSONValue.Member] = []
    switch schema["properties"] {
    case nil: break
    case .object(let members)?: properties = members
    case let other?: throw malformed("an object for 'properties'", other, path)
    }
    var required: [String] = []
    switch schema["required"] {
    case nil: break
    case .array(let names)?:
      for name in names {
        guard case .string(let name) = name else {
          throw malformed("names for 'required'", name, path)
        }
        // One that is required but not described may have any value.
        if !required.contains(name) { required.append(name) }
        if !properties.contains(where: { $0.name == name }) {
          properties.append(JSONValue.Member(name, schema["additionalProperties"] ?? .bool(true)))
        }
      }
    case let other?: throw malformed("a list for 'required'", other, path)
    }
    var members: [(GrammarExpression, isRequired: Bool)] = []
    for property in properties {
      let value = try value(property.value, at: "\(path)/properties/\(property.name)")
      let name = GrammarExpression.bytes(JSONValue.string(property.name).serialized())
      members.append((json.member(name, value), required.contains(property.name)))
    }
    var additional: GrammarExpression?
    let others = schema["additionalProperties"] ?? .bool(schema["properties"] == nil)
    if others != .bool(false) {
      let value = try value(others, at: "\(path)/additionalProperties")
      let names = properties.map { Array($0.name.unicodeScalars) }
      guard names.allSatisfy({ $0.count <= Self.nameLengthMax }) else {
        throw .limit("grammar nameLengthMax", Self.nameLengthMax, "characters of a name")
      }
      additional = json.member(otherName(than: names), value)
    }
    return json.members(members, additional: additional)
  }

  /// Characters of a name beside which others are allowed: each is a level of an expression.
  private static let nameLengthMax = 256

  /// Any name but these; without escapes, so that none can be written in another way.
  private func otherName(than names: [[Unicode.Scalar]]) -> GrammarExpression {
    guard !names.isEmpty else { return json.string }
    let any = GrammarExpression.repetition(.scalar(JSONGrammar.plain), min: 0, max: nil)
    /// What may follow when `names` are what is left of those that begin like the text so far.
    func rest(_ names: [ArraySlice<Unicode.Scalar>]) -> GrammarExpression {
      let next = Dictionary(grouping: names.filter { !$0.isEmpty }, by: { $0.first! })
      let known = CodepointSet(ranges: next.keys.map { $0.value...$0.value })
      var parts: [GrammarExpression] = [
        .sequence([.scalar(JSONGrammar.plain.subtracting(known)), any])
      ]
      if !names.contains(where: \.isEmpty) { parts.append(.empty) }
      for (scalar, names) in next.sorted(by: { $0.key < $1.key })
      where JSONGrammar.plain.contains(scalar.value) {
        let one = CodepointSet(ranges: [scalar.value...scalar.value])
        parts.append(.sequence([.scalar(one), rest(names.map { $0.dropFirst() })]))
      }
      return .choice(parts)
    }
    return JSONGrammar.quoted(rest(names.map { $0[...] }))
  }

  mutating func array(_ schema: JSONValue, _ path: String) throws(GrammarError)
    -> GrammarExpression
  {
    var prefix: [GrammarExpression] = []
    switch schema["prefixItems"] {
    case nil: break
    case .array(let list)?:
      for (index, item) in list.enumerated() {
        prefix.append(json.addRule(try value(item, at: "\(path)/prefixItems/\(index)")))
      }
    case let other?: throw malformed("a list for 'prefixItems'", other, path)
    }
    var items: GrammarExpression?
    if schema["items"] != .bool(false) {
      items = json.addRule(try value(schema["items"] ?? .bool(true), at: "\(path)/items"))
    }
    return json.brackets(
      prefix, items: items, min: try count("minItems", schema, path) ?? 0,
      max: try count("maxItems", schema, path))
  }

  func string(_ schema: JSONValue, _ path: String) throws(GrammarError) -> GrammarExpression {
    let min = try count("minLength", schema, path)
    let max = try count("maxLength", schema, path)
    let keywords = ["pattern", "format"].filter { schema[$0] != nil }
    if let first = keywords.first {
      let others = keywords.dropFirst() + ["minLength", "maxLength"].filter { schema[$0] != nil }
      if let other = others.first { throw unsupported("'\(other)' beside '\(first)'", path) }
    }
    var pattern: String?
    if let value = schema["pattern"] {
      guard case .string(let text) = value else { throw malformed("a pattern", value, path) }
      pattern = text
    } else if let value = schema["format"] {
      guard case .string(let name) = value else { throw malformed("a format's name", value, path) }
      guard let known = Self.formats[name] else {
        throw unsupported("the format '\(name)'", path)
      }
      pattern = known
    }
    if let pattern {
      var parser = try RegexParser(pattern, limits: limits)
      let content = try parser.parse().somewhere.mapScalars(JSONGrammar.escaped)
      return JSONGrammar.quoted(content)
    }
    guard min != nil || max != nil else { return json.string }
    guard max ?? .max >= min ?? 0 else { return .nothing }
    return JSONGrammar.quoted(.repetition(json.character, min: min ?? 0, max: max))
  }

  private static let formats: [String: String] = {
    let date = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
    let time =
      "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
    let hex = "[0-9a-f]"
    return [
      // Days that every month has.
      "date": "^\(date)$", "time": "^\(time)$", "date-time": "^\(date)T\(time)$",
      "uuid": "^\(hex){8}-\(hex){4}-\(hex){4}-\(hex){4}-\(hex){12}$",
    ]
  }()
}
