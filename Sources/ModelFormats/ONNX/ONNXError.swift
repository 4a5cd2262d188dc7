/// Why a file is not an ONNX model we can read.
public struct ONNXError: Error, Sendable, Equatable {
  /// What to branch on.
  public enum Code: String, Sendable {
    /// The file cannot be opened or read.
    case unreadable
    /// The bytes are not a protobuf message of the ONNX schema, or end early.
    case malformed
    /// A name is not UTF-8.
    case invalidUTF8
    /// A count, a size or a depth is over its limit.
    case limitExceeded
    /// A tensor's data doesn't fit its shape and type.
    case tensorSizeMismatch
    /// A shape's element count overflows.
    case shapeOverflow
    /// A name is used twice.
    case duplicateName
    /// External data outside the model's folder, missing, or too short.
    case externalData
    /// A feature of the format we don't read.
    case unsupported
  }

  /// What to branch on.
  public var code: Code
  /// One sentence with what was expected and what was found.
  public var message: String
  /// The tensor, node or value concerned, where there is one.
  public var location: String?

  /// Makes an error.
  public init(code: Code, message: String, location: String? = nil) {
    self.code = code
    self.message = message
    self.location = location
  }

  func at(_ location: @autoclosure () -> String) -> ONNXError {
    self.location != nil
      ? self : ONNXError(code: code, message: message, location: location())
  }
}

extension ONNXError: CustomStringConvertible {
  /// The code, the place and the sentence.
  public var description: String {
    guard let location else { return "\(code.rawValue): \(message)" }
    return "\(code.rawValue) at \(location): \(message)"
  }
}
