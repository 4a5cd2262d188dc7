internal import JSON

/// Turns a JSON schema (2020-12) into rules.
///
/// Supported are `type`, `properties`, `required`, `additionalProperties`, `items`, `prefixItems`,
/// `minItems`, `maxItems`, `minLength`, `maxLength`, `pattern`, some `format`s, `minimum`, `maximum`
/// and their exclusive forms, `enum`, `const`, `anyOf`, `oneOf`, an `allOf` of one, `$ref` into the
/// schema itself, `$defs` and `definitions`. Annotations are ignored; anything else is an error that
/// names it.
///
/// What is generated is always valid, but not everything valid is generated: members come in the
/// schema's order, and an object with `properties` has others only if `additionalProperties` says so.
/// Of `oneOf` one alternative is followed; that no other one matches too is the schema's concern.
struct JSONSchemaCompiler {
  static let annotations: Set<String> = [
    "$schema", "$id", "$comment", "$defs", "definitions", "$anchor", "title", "description",
    "default", "examples", "deprecated", "readOnly", "writeOnly", "contentMediaType",
  ]
  private static let ofType: [String: Set<String>] = [
    "object": ["properties", "required", "additionalProperties"],
    "array": ["items", "prefixItems", "minItems", "maxItems"],
    "string": ["minLength", "maxLength", "pattern", "format"],
    "number": ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
    "integer": ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
    "boolean": [], "null": [],
  ]

  var json = JSONGrammar()
  private let schema: JSONValue
  let limits: GrammarLimits
  /// Rules of what `$ref`s point at, by their pointers.
  private var references: [String: Int] = [:]
  /// References that have been seen and not compiled yet: compiling them at once would follow a long
  /// chain of them as deep as it is.
  private var pending: [(pointer: String, rule: Int)] = []
  private var nesting = 0

  init(_ schema: JSONValue, limits: GrammarLimits) {
    self.schema = schema
    self.limits = limits
  }

  mutating func compile() throws(GrammarError) -> [GrammarExpression] {
    json.setRule(json.root, try value(schema, at: "#"))
    while let (pointer, rule) = pending.popLast() {
      json.setRule(rule, try value(try resolve(pointer), at: pointer))
    }
    return json.rules
  }

  /// What a schema allows.
  mutating func value(_ schema: JSONValue, at path: String) throws(GrammarError)
    -> GrammarExpression
  {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= limits.nestingMax else {
      throw .limit("grammar nestingMax", limits.nestingMax, "schemas inside each other")
    }
    if case .bool(let allowed) = schema { return allowed ? json.value : .nothing }
    guard case .object(let members) = schema else {
      throw malformed("a schema", schema, path)
    }
    let keywords = members.map(\.name).filter { !Self.annotations.contains($0) }
    for keyword in ["$ref", "enum", "const", "anyOf", "oneOf", "allOf"] {
      guard let operand = schema[keyword] else { continue }
      return try combination(keyword, operand, schema, keywords, path)
    }
    let types = try types(schema, keywords, path)
    let allowed = types.reduce(into: Set(["type"])) { $0.formUnion(Self.ofType[$1]!) }
    if let keyword = keywords.first(where: { !allowed.contains($0) }) {
      let known = Self.ofType.values.contains { $0.contains(keyword) }
      // A keyword of another type means nothing here.
      if !known { throw unsupported("the keyword '\(keyword)'", path) }
    }
    var parts: [GrammarExpression] = []
    for type in types { parts.append(try self.type(type, schema, path)) }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  /// The types named; without `type` those that the keywords are about, or all.
  private func types(_ schema: JSONValue, _ keywords: [String], _ path: String)
    throws(GrammarError) -> [String]
  {
    let all = ["object", "array", "string", "number", "boolean", "null"]
    switch schema["type"] {
    case .string(let type)?:
      guard Self.ofType[type] != nil else {
        throw malformed("a type's name", schema["type"]!, path)
      }
      return [type]
    case .array(let list)?:
      var types: [String] = []
      for item in list {
        guard case .string(let type) = item, Self.ofType[type] != nil else {
          throw malformed("names of types", item, path)
        }
        types.append(type)
      }
      // Numbers include integers: one alternative, or each text would have two.
      return types.contains("number") ? types.filter { $0 != "integer" } : types
    case nil:
      let meant = all.filter { type in keywords.contains { Self.ofType[type]!.contains($0) } }
      return meant.isEmpty ? all : meant
    case let other?: throw malformed("a type's name, or a list of them", other, path)
    }
  }

  private mutating func type(_ type: String, _ schema: JSONValue, _ path: String)
    throws(GrammarError) -> GrammarExpression
  {
    switch type {
    case "object": try object(schema, path)
    case "array": try array(schema, path)
    case "string": try string(schema, path)
    case "number", "integer": try number(schema, path, isInteger: type == "integer")
    case "boolean": .choice([.text("true"), .text("false")])
    default: .text("null")
    }
  }

  private mutating func combination(
    _ keyword: String, _ operand: JSONValue, _ schema: JSONValue, _ keywords: [String],
    _ path: String
  ) throws(GrammarError) -> GrammarExpression {
    // Beside `enum` and `const`, a type only says what their values say.
    let isLiteral = keyword == "enum" || keyword == "const"
    if let other = keywords.first(where: { $0 != keyword && !(isLiteral && $0 == "type") }) {
      throw unsupported("'\(other)' beside '\(keyword)'", path)
    }
    switch keyword {
    case "$ref":
      guard case .string(let pointer) = operand else {
        throw malformed("a reference", operand, path)
      }
      return try reference(pointer, path)
    case "const": return try literals([operand], schema, path)
    default: break
    }
    guard case .array(let list) = operand, !list.isEmpty else {
      throw malformed("a list with something in it for '\(keyword)'", operand, path)
    }
    if keyword == "enum" { return try literals(list, schema, path) }
    guard keyword != "allOf" || list.count == 1 else {
      throw unsupported("'allOf' of more than one schema", path)
    }
    var parts: [GrammarExpression] = []
    for (index, part) in list.enumerated() {
      parts.append(try value(part, at: "\(path)/\(keyword)/\(index)"))
    }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private func literals(_ values: [JSONValue], _ schema: JSONValue, _ path: String)
    throws(GrammarError) -> GrammarExpression
  {
    let types = schema["type"] == nil ? nil : try types(schema, [], path)
    let matching = values.filter { value in types.map { Self.isOf($0, value) } ?? true }
    return .choice(matching.map { .bytes($0.serialized()) })
  }

  private static func isOf(_ types: [String], _ value: JSONValue) -> Bool {
    switch value {
    case .null: types.contains("null")
    case .bool: types.contains("boolean")
    case .integer, .unsigned: types.contains("integer") || types.contains("number")
    case .real: types.contains("number")
    case .string: types.contains("string")
    case .array, .elements: types.contains("array")
    case .object: types.contains("object")
    }
  }

  // MARK: - References

  private mutating func reference(_ pointer: String, _ path: String) throws(GrammarError)
    -> GrammarExpression
  {
    if pointer == "#" { return .rule(json.root) }
    guard pointer.utf8.starts(with: "#/".utf8) else {
      throw unsupported("a reference out of the schema", path)
    }
    if let rule = references[pointer] { return .rule(rule) }
    guard case .rule(let rule) = json.addRule(.nothing) else { preconditionFailure() }
    references[pointer] = rule
    pending.append((pointer, rule))
    return .rule(rule)
  }

  /// Follows a JSON pointer (RFC 6901).
  private func resolve(_ pointer: String) throws(GrammarError) -> JSONValue {
    var value = schema
    for part in pointer.utf8.dropFirst(2).split(separator: 0x2F, omittingEmptySubsequences: false) {
      let name = Self.unescaped(part)
      var next = value[name]
      if case .array(let list) = value, let index = Int(name), list.indices.contains(index) {
        next = list[index]
      }
      guard let next else {
        throw GrammarError(
          .malformed, "schema: expected a reference to a part of the schema, got '\(pointer)'")
      }
      value = next
    }
    return value
  }

  /// `~1` is `/`, `~0` is `~`.
  private static func unescaped(_ part: Substring.UTF8View) -> String {
    var bytes: [UInt8] = []
    var isEscape = false
    for byte in part {
      if isEscape {
        bytes.append(byte == 0x31 ? 0x2F : 0x7E)
        isEscape = false
      } else if byte == 0x7E {
        isEscape = true
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: - Errors

  func malformed(_ expected: String, _ got: JSONValue, _ path: String) -> GrammarError {
    let value =
      switch got {
      case .integer(let number): "\(number)"
      case .real(let number): "\(number)"
      case .array(let items) where items.isEmpty: "an empty list"
      case .string(let text) where text.utf8.count <= 64: "'\(text)'"
      default: got.kind
      }
    return GrammarError(.malformed, "schema: expected \(expected) at \(path), got \(value)")
  }

  func unsupported(_ what: String, _ path: String) -> GrammarError {
    GrammarError(.unsupported, "schema: \(what) can't be enforced, at \(path)")
  }

  /// A count of a schema, which is not negative.
  func count(_ keyword: String, _ schema: JSONValue, _ path: String) throws(GrammarError) -> Int? {
    guard let value = schema[keyword] else { return nil }
    guard case .integer(let count) = value, count >= 0 else {
      throw malformed("a count for '\(keyword)'", value, path)
    }
    // Each is spelt out as a state.
    guard count <= limits.statesMax else {
      throw .limit("grammar statesMax", limits.statesMax, "states")
    }
    return Int(count)
  }
}

extension Grammar {
  /// Texts that are valid by a JSON schema.
  public static func jsonSchema(
    _ text: [UInt8], limits: GrammarLimits = GrammarLimits()
  ) throws(GrammarError) -> Grammar {
    guard text.count <= limits.sourceBytesMax else {
      throw .limit("grammar sourceBytesMax", limits.sourceBytesMax, "bytes of a schema")
    }
    let schema: JSONValue
    do {
      schema = try JSONValue(parsing: text[...])
    } catch {
      throw GrammarError(
        .malformed, "schema: expected JSON, got what is none: \(error.message)")
    }
    var compiler = JSONSchemaCompiler(schema, limits: limits)
    return try Grammar(rules: try compiler.compile(), limits: limits)
  }
}
