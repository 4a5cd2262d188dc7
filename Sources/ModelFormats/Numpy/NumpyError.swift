/// A .npy or .npz file that cannot be read: what was expected and what was found.
public struct NumpyError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What a caller may branch on.
  public enum Code: Sendable, Equatable {
    /// Not a .npy or .npz file, or damaged.
    case malformed
    /// A sound file with a type that no tensor has, e.g. Python objects.
    case unsupportedType
    /// The header and the data disagree about the size.
    case wrongByteCount
  }

  /// What a caller may branch on.
  public var code: Code
  /// One sentence; never a value of the array.
  public var message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The sentence.
  public var description: String { message }
}
