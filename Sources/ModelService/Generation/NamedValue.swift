internal import JSON
internal import RPC

/// A parameter of a request as it came: what it is read as, or a refusal that names it.
struct NamedValue {
  let name: String
  let value: JSONValue

  func number() throws(RPCError) -> Double {
    switch value {
    case .integer(let integer): return Double(integer)
    case .unsigned(let integer): return Double(integer)
    case .real(let real): return real
    default: throw wrong("a number")
    }
  }

  func real() throws(RPCError) -> Float { Float(try number()) }

  func integer() throws(RPCError) -> Int {
    if case .integer(let integer) = value { return Int(integer) }
    let number = try number()
    guard let whole = Int(exactly: number) else {
      throw .invalid("parameter '\(name)': expected a whole number, got \(number)")
    }
    return whole
  }

  func unsigned() throws(RPCError) -> UInt64 {
    if case .unsigned(let integer) = value { return integer }
    let integer = try integer()
    guard integer >= 0 else {
      throw .invalid("parameter '\(name)': expected a number of 0 or more, got \(integer)")
    }
    return UInt64(integer)
  }

  func flag() throws(RPCError) -> Bool {
    guard case .bool(let flag) = value else { throw wrong("true or false") }
    return flag
  }

  func text() throws(RPCError) -> String {
    guard case .string(let text) = value else { throw wrong("a text") }
    return text
  }

  /// A text, or several.
  func texts() throws(RPCError) -> [String] {
    if case .string(let text) = value { return [text] }
    guard case .array(let values) = value else { throw wrong("a text or a list") }
    var texts: [String] = []
    for value in values {
      guard case .string(let text) = value else {
        throw .invalid("parameter '\(name)': expected a list of texts, got \(value.kind) in it")
      }
      texts.append(text)
    }
    return texts
  }

  /// The text of a JSON document, which may be written out in its place.
  func document() throws(RPCError) -> String {
    switch value {
    case .string(let text): return text
    case .object, .bool: return String(decoding: value.serialized(), as: UTF8.self)
    default: throw wrong("an object or its text")
    }
  }

  /// Numbers by tokens; parameters that hold no objects have the text of one.
  func numbersByToken() throws(RPCError) -> [Int32: Float] {
    var object = value
    if case .string(let text) = value {
      do throws(JSONError) { object = try JSONValue(parsing: Array(text.utf8)[...]) } catch {
        throw .invalid("parameter '\(name)': expected a JSON object: \(error)")
      }
    }
    guard case .object(let members) = object else { throw wrong("an object of numbers by token") }
    var numbers: [Int32: Float] = [:]
    for member in members {
      // Written in one way only, so that no token comes twice.
      guard let token = Int32(member.name), String(token) == member.name else {
        throw .invalid(
          "parameter '\(name)': expected tokens' numbers as names, got '\(member.name.clipped)'")
      }
      numbers[token] = try NamedValue(name: "\(name).\(token)", value: member.value).real()
    }
    return numbers
  }

  private func wrong(_ expected: String) -> RPCError {
    let got: String
    if case .string(let text) = value {
      got = "the text '\(text.clipped)'"
    } else {
      got = value.kind
    }
    return .invalid("parameter '\(name)': expected \(expected), got \(got)")
  }
}
