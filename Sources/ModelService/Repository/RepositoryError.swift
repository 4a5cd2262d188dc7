/// Why the repository could not do what it was asked.
public struct RepositoryError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What to branch on.
  public enum Code: String, Sendable {
    /// A name that cannot be part of a path, or a folder that is not one.
    case invalidName
    /// The version is there already.
    case alreadyExists
    /// The model or version is not there.
    case notFound
    /// A deployment is larger than allowed.
    case tooLarge
    /// A deployment without a model file, or that mixes things up.
    case incomplete
    /// The file system refused.
    case storage
    /// There is no room on the disk.
    case full
    /// A test stopped the process here.
    case interrupted
  }

  /// What to branch on.
  public var code: Code
  /// One sentence with expected and got; no path of this machine.
  public var message: String

  /// An error by its parts.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The sentence.
  public var description: String { message }
}
