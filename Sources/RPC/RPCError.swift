public import RPCWire

/// How a call failed: thrown by handlers, where it becomes the call's status, and by clients.
public struct RPCError: Error, Sendable, CustomStringConvertible {
  /// What to branch on.
  public var code: StatusCode
  /// A sentence for people: what was expected and what came.
  public var message: String
  /// Sent as trailing metadata, or received as such.
  public var metadata: Metadata
  /// For clients: what the server had sent before it failed.
  public var initialMetadata = Metadata()

  /// A status with its sentence.
  public init(code: StatusCode, message: String, metadata: Metadata = Metadata()) {
    self.code = code
    self.message = message
    self.metadata = metadata
  }

  /// The code's name and the sentence.
  public var description: String { "\(code.name): \(message)" }
}
