internal import Protocols
internal import RPC

/// Values of which a kind is expected; errors say where.
extension JSONValue {
  func members(at place: String) throws(RESTError) -> [(String, JSONValue)] {
    guard case .object(let members) = self else { throw unexpected("an object", place) }
    for member in members { try member.name.checkHasNoNUL(at: place) }
    return members.map { ($0.name, $0.value) }
  }

  func list(at place: String) throws(RESTError) -> [JSONValue] {
    guard case .array(let values) = self else { throw unexpected("a list", place) }
    return values
  }

  func text(at place: String) throws(RESTError) -> String {
    guard case .string(let text) = self else { throw unexpected("a text", place) }
    try text.checkHasNoNUL(at: place)
    return text
  }

  func flag(at place: String) throws(RESTError) -> Bool {
    guard case .bool(let flag) = self else { throw unexpected("true or false", place) }
    return flag
  }

  /// A size: of a dimension, or in bytes.
  func size(at place: String) throws(RESTError) -> Int64 {
    guard case .integer(let size) = self, size >= 0 else {
      throw unexpected("an integer from 0", place)
    }
    return size
  }

  func parameter(at place: String) throws(RESTError) -> Inference.InferParameter {
    switch self {
    case .bool(let flag): return .bool(flag)
    case .integer(let number): return .int64(number)
    case .unsigned(let number): return .uint64(number)
    case .real(let number): return .double(number)
    case .string: return .string(try text(at: place))
    case .null, .array, .object, .elements:
      throw unexpected("a boolean, a number or a text", place)
    }
  }

  private func unexpected(_ expected: String, _ place: String) -> RESTError {
    RESTError(.invalidArgument, "'\(place)': expected \(expected), got \(kind)")
  }
}

extension String {
  /// The text as errors repeat it.
  var clipped: String { utf8.count <= 64 ? self : String(prefix(32)) + "…" }

  /// A service cannot read a message whose texts have NUL in them: the client's mistake, which is
  /// said here, not a fault of ours.
  fileprivate func checkHasNoNUL(at place: String) throws(RESTError) {
    guard utf8.contains(0) else { return }
    throw RESTError(.invalidArgument, "'\(place)': expected text without NUL, got one")
  }
}
