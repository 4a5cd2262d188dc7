/// Why one inference failed. The model and its other callers are unaffected.
public struct ExecutionError: Error, Sendable, Equatable {
  /// What to branch on.
  public enum Code: String, Sendable {
    /// The inputs don't fit the model: count, type, shape or size.
    case invalidInput
    /// The inputs fit the model's description, but an operator cannot combine their sizes.
    case shapeMismatch
    /// A value made no sense to an operator, such as text that is not a number.
    case invalidValue
    /// The activations would need more memory than the model may use.
    case resourceExhausted
  }

  /// What to branch on.
  public var code: Code
  /// One sentence with what was expected and what was found; never tensor contents.
  public var message: String
  /// The node's name, where one is to blame.
  public var node: String?

  func at(_ node: String) -> ExecutionError {
    ExecutionError(code: code, message: message, node: self.node ?? node)
  }

  /// Makes an error.
  public init(code: Code, message: String, node: String? = nil) {
    self.code = code
    self.message = message
    self.node = node
  }
}

extension ExecutionError: CustomStringConvertible {
  /// The code, the node and the sentence.
  public var description: String {
    guard let node else { return "\(code.rawValue): \(message)" }
    return "\(code.rawValue) at node '\(node)': \(message)"
  }
}
