/// A configuration that does not fit the model or asks for what this service doesn't do.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence with expected and got.
  public var message: String

  /// An error with its sentence.
  public init(_ message: String) {
    self.message = message
  }

  /// The sentence.
  public var description: String { message }
}
