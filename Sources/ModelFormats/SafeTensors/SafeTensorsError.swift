/// Why a file, or a folder of them, is no safetensors model we can read.
public struct SafeTensorsError: Error, Sendable, Equatable {
  /// What to branch on.
  public enum Code: String, Sendable {
    /// A file cannot be opened or read.
    case unreadable
    /// Something lies behind the file's end.
    case truncated
    /// A header or an index that the format does not have.
    case malformed
    /// A count or a size is over its limit.
    case limitExceeded
    /// A tensor's name occurs twice.
    case duplicateName
    /// A tensor's bytes do not fit its shape, the file, or another tensor's.
    case tensorMisplaced
    /// A type of tensors that the format does not have.
    case unsupportedType
    /// The index and the files that it names do not agree.
    case shardMismatch
  }

  /// What to branch on.
  public var code: Code
  /// One sentence with what was expected and what was found.
  public var message: String
  /// The tensor or the file concerned, where there is one.
  public var location: String?

  init(_ code: Code, _ message: String, at location: String? = nil) {
    (self.code, self.message, self.location) = (code, message, location)
  }

  func at(_ location: @autoclosure () -> String) -> SafeTensorsError {
    self.location != nil ? self : SafeTensorsError(code, message, at: location())
  }
}

extension SafeTensorsError: CustomStringConvertible {
  /// The code, the place and the sentence.
  public var description: String {
    guard let location else { return "\(code.rawValue): \(message)" }
    return "\(code.rawValue) at '\(location.prefix(200))': \(message)"
  }
}
