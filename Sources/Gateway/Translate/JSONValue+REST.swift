internal import Protocols
internal import RPC

/// Values of which a kind is expected; errors say where.
extension JSONValue {
  func members(at place: String) throws(RESTError) -> [(String, JSONValue)] {
    guard case .object(let members) = self else { throw unexpected("an object", place) }
    return members.map { ($0.name, $0.value) }
  }

  func list(at place: String) throws(RESTError) -> [JSONValue] {
    guard case .array(let values) = self else { throw unexpected("a list", place) }
    return values
  }

  func text(at place: String) throws(RESTError) -> String {
    guard case .string(let text) = self else { throw unexpected("a text", place) }
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
    case .string(let text): return .string(text)
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
}
