/// Why a training cannot begin or go on: one sentence that says what was expected, what was found and
/// what to do.
public struct TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What to branch on.
  public enum Code: Sendable {
    /// The description of the model or of the training is wrong.
    case specification
    /// The data do not fit the description.
    case data
    /// The computation left the finite numbers, or cannot be done.
    case diverged
    /// Disk, memory or another process failed; the last checkpoint is intact.
    case resources
    /// Whoever asked for it asked for its end.
    case cancelled
  }

  /// What to branch on.
  public var code: Code
  /// One sentence.
  public var message: String

  /// Makes an error.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The sentence.
  public var description: String { message }
}
