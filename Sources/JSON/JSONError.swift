internal import CSimdjson

/// Why a text is refused.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of mistake it is.
  public enum Code: Sendable, Hashable {
    /// Not JSON (RFC 8259).
    case malformed
    /// Not UTF-8.
    case notUTF8
    /// Nested too deeply, too many values, or too many bytes.
    case tooLarge
    /// A name occurs twice in an object: which one counts would depend on the reader.
    case duplicateName
    /// A value is of another type than expected.
    case wrongType
    /// A number does not fit its type.
    case outOfRange
  }

  /// The kind.
  public var code: Code
  /// What was expected and what came; names nothing but members.
  public var message: String

  /// An error with its sentence.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// JSON, but not what was expected of it.
  public init(_ message: String) {
    self.init(.wrongType, message)
  }

  /// The sentence.
  public var description: String { message }

  init(
    _ status: martlet_json_status, _ limits: JSONLimits,
    place: (line: Int, column: Int)? = nil
  ) {
    let at = place.map { "line \($0.line), column \($0.column): " } ?? ""
    switch status {
    case MARTLET_JSON_NOT_UTF8: self.init(.notUTF8, "expected UTF-8, got other bytes")
    case MARTLET_JSON_TOO_DEEP:
      self.init(.tooLarge, "\(at)expected at most \(limits.depthMax) nested values, got more")
    case MARTLET_JSON_TOO_MANY_NODES:
      self.init(.tooLarge, "\(at)expected at most \(limits.valuesMax) values, got more")
    case MARTLET_JSON_TOO_LARGE: self.init(.tooLarge, "the text is too large")
    default: self.init(.malformed, "\(at)expected JSON, got something else")
    }
  }
}

/// How much of a text is worth reading.
public struct JSONLimits: Sendable {
  /// Objects and arrays inside each other. Requests of the Open Inference Protocol have six and one
  /// for each dimension of a tensor; model configurations have ten.
  public var depthMax = 64
  /// Values outside tensors: each costs some forty times its shortest text in memory.
  public var valuesMax = 65_536

  /// The defaults.
  public init() {}
}
