/// A request that the auth service's logic refuses, and why.
public struct AuthError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What a caller may branch on.
  public enum Code: String, Sendable {
    /// An argument breaks a rule that holds whatever the state is.
    case invalidArgument
    /// The caller's key is unknown, revoked, or expired.
    case unauthenticated
    /// The caller lacks the right.
    case permissionDenied
    /// It does not exist, or the caller may not know that it does.
    case notFound
    /// The name is taken.
    case alreadyExists
    /// The state forbids it, for example revoking the last administrator's key.
    case failedPrecondition
    /// A limit on what one tenant may store is reached.
    case resourceExhausted
    /// The store holds something it never wrote.
    case damagedStore
  }

  /// The kind of refusal.
  public var code: Code
  /// A sentence that says what was expected and what was found.
  public var message: String

  /// A refusal of the given kind.
  public init(code: Code, message: String) {
    self.code = code
    self.message = message
  }

  /// The code and the sentence.
  public var description: String { "\(code.rawValue): \(message)" }
}
