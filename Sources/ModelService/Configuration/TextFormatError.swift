/// Where and why a text is not the message it was said to be.
public struct TextFormatError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Counted from 1.
  public var line: Int
  /// Counted from 1, in bytes.
  public var column: Int
  /// One sentence with expected and got.
  public var message: String

  /// The place and the sentence.
  public var description: String { "line \(line), column \(column): \(message)" }
}
