import JSON

@testable import Generation

/// Checks a value against a schema, by the specification's words. It knows what the tests' schemas
/// use; patterns are compared with Swift's own matcher.
struct SchemaValidator {
  let root: JSONValue

  func isValid(_ value: JSONValue, _ schema: JSONValue) -> Bool {
    if case .bool(let allowed) = schema { return allowed }
    guard case .object(let keywords) = schema else { return false }
    return keywords.allSatisfy { isValid(value, $0.name, $0.value, schema) }
  }

  private func isValid(
    _ value: JSONValue, _ keyword: String, _ operand: JSONValue, _ schema: JSONValue
  ) -> Bool {
    switch (keyword, operand) {
    case ("type", .string(let type)): return isOf(type, value)
    case ("type", .array(let types)):
      return types.contains { if case .string(let type) = $0 { isOf(type, value) } else { false } }
    case ("enum", .array(let values)): return values.contains { same($0, value) }
    case ("const", let constant): return same(constant, value)
    case ("anyOf", .array(let schemas)), ("oneOf", .array(let schemas)):
      return schemas.contains { isValid(value, $0) }
    case ("$ref", .string(let pointer)):
      let name = String(pointer.dropFirst("#/$defs/".count))
      return isValid(value, pointer == "#" ? root : root["$defs"]![name]!)
    case ("minimum", let bound): return number(value).map { $0 >= number(bound)! } ?? true
    case ("maximum", let bound): return number(value).map { $0 <= number(bound)! } ?? true
    case ("exclusiveMinimum", let bound): return number(value).map { $0 > number(bound)! } ?? true
    case ("exclusiveMaximum", let bound): return number(value).map { $0 < number(bound)! } ?? true
    default: break
    }
    switch value {
    case .string(let text): return isValid(text, keyword, operand)
    case .array(let items): return isValid(items, keyword, operand, schema)
    case .object(let members): return isValid(members, keyword, operand, schema)
    default: return true
    }
  }

  private func isValid(_ text: String, _ keyword: String, _ operand: JSONValue) -> Bool {
    switch (keyword, operand) {
    case ("minLength", .integer(let count)): return text.unicodeScalars.count >= count
    case ("maxLength", .integer(let count)): return text.unicodeScalars.count <= count
    case ("pattern", .string(let pattern)):
      let regex = try! Regex(pattern).matchingSemantics(.unicodeScalar)
      return try! regex.firstMatch(in: text) != nil
    default: return true
    }
  }

  private func isValid(
    _ items: [JSONValue], _ keyword: String, _ operand: JSONValue, _ schema: JSONValue
  ) -> Bool {
    switch (keyword, operand) {
    case ("minItems", .integer(let count)): return items.count >= count
    case ("maxItems", .integer(let count)): return items.count <= count
    case ("prefixItems", .array(let schemas)):
      return zip(items, schemas).allSatisfy { isValid($0, $1) }
    case ("items", let rest):
      var skipped = 0
      if case .array(let prefix)? = schema["prefixItems"] { skipped = prefix.count }
      return items.dropFirst(skipped).allSatisfy { isValid($0, rest) }
    default: return true
    }
  }

  private func isValid(
    _ members: [JSONValue.Member], _ keyword: String, _ operand: JSONValue, _ schema: JSONValue
  ) -> Bool {
    switch (keyword, operand) {
    case ("properties", .object(let properties)):
      return members.allSatisfy { member in
        properties.first { $0.name == member.name }.map { isValid(member.value, $0.value) } ?? true
      }
    case ("required", .array(let names)):
      return names.allSatisfy { name in members.contains { .string($0.name) == name } }
    case ("additionalProperties", let rest):
      return members.allSatisfy { schema["properties"]?[$0.name] != nil || isValid($0.value, rest) }
    default: return true
    }
  }

  private func isOf(_ type: String, _ value: JSONValue) -> Bool {
    switch value {
    case .null: type == "null"
    case .bool: type == "boolean"
    case .integer, .unsigned: type == "integer" || type == "number"
    case .real(let number): type == "number" || type == "integer" && number.rounded() == number
    case .string: type == "string"
    case .array, .elements: type == "array"
    case .object: type == "object"
    }
  }

  private func number(_ value: JSONValue) -> Double? {
    switch value {
    case .integer(let number): Double(number)
    case .unsigned(let number): Double(number)
    case .real(let number): number
    default: nil
    }
  }

  private func same(_ a: JSONValue, _ b: JSONValue) -> Bool { a.serialized() == b.serialized() }
}
