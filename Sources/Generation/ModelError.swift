/// Why a language model cannot be loaded.
public struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What to branch on.
  public enum Code: String, Sendable {
    /// No architecture of that name.
    case unknownArchitecture
    /// A value is missing or cannot be.
    case badMetadata
    /// A tensor is missing.
    case missingTensor
    /// A tensor has another shape than the metadata says, or a type that weights cannot have.
    case badTensor
    /// The vocabulary cannot be used.
    case badTokenizer
    /// What was asked for is beyond a limit.
    case tooLarge
    /// A file of the folder is missing or malformed.
    case badFile
  }

  /// The kind.
  public let code: Code
  /// One sentence: what was expected and what was found.
  public let message: String

  init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

  /// The sentence.
  public var description: String { message }
}
