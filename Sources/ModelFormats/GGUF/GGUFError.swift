/// Why a file is not a GGUF model we can read.
public struct GGUFError: Error, Sendable, Equatable {
  /// What to branch on.
  public enum Code: String, Sendable {
    /// The file cannot be opened or read.
    case unreadable
    /// Not a GGUF file.
    case wrongMagic
    /// A version, or an order of bytes, that we don't read.
    case unsupportedVersion
    /// Something lies behind the file's end.
    case truncated
    /// A value that the format does not have.
    case malformed
    /// A name, a key or a text is not UTF-8.
    case invalidUTF8
    /// A count, a size or a depth is over its limit.
    case limitExceeded
    /// A key or a tensor's name occurs twice.
    case duplicateName
    /// A tensor's shape or place does not fit its format or the file.
    case tensorMisplaced
    /// A type of tensors that we don't read.
    case unsupportedType
  }

  /// What to branch on.
  public var code: Code
  /// One sentence with what was expected and what was found.
  public var message: String
  /// The key or the tensor concerned, where there is one.
  public var location: String?

  init(_ code: Code, _ message: String, at location: String? = nil) {
    self.code = code
    self.message = message
    self.location = location
  }

  func at(_ location: @autoclosure () -> String) -> GGUFError {
    self.location != nil ? self : GGUFError(code, message, at: location())
  }
}

extension GGUFError: CustomStringConvertible {
  /// The code, the place and the sentence.
  public var description: String {
    guard let location else { return "\(code.rawValue): \(message)" }
    return "\(code.rawValue) at '\(location)': \(message)"
  }
}
