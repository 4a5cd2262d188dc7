internal import JSON

/// An object of a tokenizer.json, with errors that name the member.
struct JSONReader {
  let value: JSONValue
  /// Where it is, for errors.
  let path: String

  init(_ value: JSONValue, _ path: String) {
    self.value = value
    self.path = path
  }

  /// A member that is there and not null.
  subscript(_ name: String) -> JSONReader? {
    guard let member = value[name], member != .null else { return nil }
    return JSONReader(member, path.isEmpty ? name : "\(path).\(name)")
  }

  func error(_ expectation: String) -> TokenizerError {
    TokenizerError(
      .invalidDescription, "tokenizer.json: expected \(expectation) as '\(path)', got \(value.kind)"
    )
  }

  func text() throws(TokenizerError) -> String {
    guard case .string(let text) = value else { throw error("a text") }
    return text
  }

  func text(_ name: String) throws(TokenizerError) -> String? { try self[name]?.text() }

  func required(_ name: String) throws(TokenizerError) -> JSONReader {
    guard let member = self[name] else {
      throw TokenizerError(
        .invalidDescription,
        "tokenizer.json: expected '\(path.isEmpty ? name : "\(path).\(name)")', got none")
    }
    return member
  }

  func flag(_ name: String) throws(TokenizerError) -> Bool? {
    guard let member = self[name] else { return nil }
    guard case .bool(let flag) = member.value else { throw member.error("true or false") }
    return flag
  }

  func integer() throws(TokenizerError) -> Int {
    guard case .integer(let number) = value else { throw error("an integer") }
    return Int(number)
  }

  func integer(_ name: String) throws(TokenizerError) -> Int? { try self[name]?.integer() }

  /// A token's number.
  func token() throws(TokenizerError) -> Int32 {
    let number = try integer()
    guard number >= 0, number < Tokenizer.vocabularySizeMax else {
      throw error("a token below \(Tokenizer.vocabularySizeMax)")
    }
    return Int32(number)
  }

  func real() throws(TokenizerError) -> Double {
    switch value {
    case .real(let number): return number
    case .integer(let number): return Double(number)
    default: throw error("a number")
    }
  }

  func list() throws(TokenizerError) -> [JSONReader] {
    guard case .array(let values) = value else { throw error("a list") }
    return values.enumerated().map { JSONReader($1, "\(path)[\($0)]") }
  }

  func members() throws(TokenizerError) -> [JSONValue.Member] {
    guard case .object(let members) = value else { throw error("an object") }
    return members
  }

  /// What the member `type` says.
  func kind() throws(TokenizerError) -> String { try required("type").text() }

  /// A component that is not known here.
  func unsupported(_ kind: String) -> TokenizerError {
    TokenizerError(
      .unsupported,
      "tokenizer.json: expected a type that is known here as '\(path)', got '\(kind.prefix(64))'")
  }
}
